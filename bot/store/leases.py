"""A worker's lease on a run: short, renewed, and numbered so that the store can refuse a worker that lost it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from redis.exceptions import RedisError

from bot.fencing import Fence, LeaseLost
from bot.store.connect import Store
from bot.store.durable import ALONE, Copies, TooFewReplicas, call
from bot.store.keys import Keys
from planner.names import RunId

_SCRIPT = (Path(__file__).parent / "scripts" / "lease.lua").read_text("utf-8")
log = structlog.get_logger(__name__)


def steady() -> float:
    """Seconds on a clock that nobody can set, and that goes on while the machine sleeps where the system has such a one."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


@dataclass(slots=True)
class Lease:
    """The proof that a worker has a run; only `Leases` makes one. `sure_until` is in seconds on this machine's `steady` clock."""

    run: RunId
    owner: str
    epoch: int
    take_over: bool
    sure_until: float
    lost: bool = field(default=False)
    steady: Callable[[], float] = steady

    @property
    def fence(self) -> Fence:
        """What the store checks on every write."""
        return Fence(run=self.run, epoch=self.epoch)

    def check(self) -> None:
        """Call right before every effect outside. Raises `LeaseLost` where the lease may be over by now."""
        if self.lost or self.steady() >= self.sure_until:
            raise LeaseLost(f"the lease on run {self.run} (epoch {self.epoch}) is over or could not be renewed")


class Leases:
    """Gives out leases on runs. `ttl` is in seconds; a worker stops trusting its lease after 80 % of it without renewal."""

    def __init__(
        self, redis: Store, keys: Keys, ttl: float = 10.0, replicas: Copies = ALONE, clock: Callable[[], float] = steady
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._ttl = ttl
        self._replicas = replicas
        self._clock = clock

    @asynccontextmanager
    async def hold(self, run: RunId, owner: str) -> AsyncIterator[Lease | None]:
        """The lease while the block runs, renewed in the background; `None` where another worker has the run.

        `owner` must be unique for each execution. When the lease is lost the block is cancelled and `LeaseLost` raised. Raises
        `TooFewReplicas` where a failover could lose the lease, or what `STORE_DOWN` names.
        """
        lease = await self._take(run, owner)
        if lease is None:
            yield None
            return
        body = asyncio.current_task()
        renewing = asyncio.create_task(self._renew(lease, body), name=f"lease {run}")
        try:
            yield lease
        except asyncio.CancelledError:
            if lease.lost and body is not None and body.uncancel() == 0:
                raise LeaseLost(f"the lease on run {run} was lost while working") from None
            raise
        finally:
            renewing.cancel()
            if not lease.lost:
                await self._release(run, lease.epoch)

    async def _take(self, run: RunId, owner: str) -> Lease | None:
        asked = self._clock()
        try:
            answer = await self._call(run, "take", owner, self._milliseconds, replicas=self._replicas)
        except TooFewReplicas:
            # The same owner may take it again, and is then told its number: only so can it be given back.
            answer = await self._call(run, "take", owner, self._milliseconds)
            if answer[0] == "taken":
                await self._release(run, int(answer[1]))
            raise
        if answer[0] != "taken":
            return None
        sure_until = asked + 0.8 * self._ttl
        return Lease(
            run=run, owner=owner, epoch=int(answer[1]), take_over=answer[2] == "1", sure_until=sure_until, steady=self._clock
        )

    async def _renew(self, lease: Lease, body: "asyncio.Task[None] | None") -> None:
        """Renew until the lease is lost, and then stop the block at once: also where the store does not answer in time."""
        while await self._renewed(lease):
            pass
        lease.lost = True
        log.error("lease lost", run=lease.run, epoch=lease.epoch)
        if body is not None:
            body.cancel()

    async def _renewed(self, lease: Lease) -> bool:
        await asyncio.sleep(self._ttl / 4)
        while (asked := self._clock()) < lease.sure_until:
            try:
                async with asyncio.timeout(lease.sure_until - asked):
                    answer = await self._call(lease.run, "renew", str(lease.epoch), self._milliseconds)
            except (RedisError, TimeoutError) as error:
                log.warning("lease not renewed yet", run=lease.run, why=type(error).__name__)
                await asyncio.sleep(min(self._ttl / 20, max(lease.sure_until - self._clock(), 0)))
                continue
            if answer[0] == "renewed":
                lease.sure_until = asked + 0.8 * self._ttl
            return answer[0] == "renewed"
        return False

    async def _release(self, run: RunId, epoch: int) -> None:
        try:
            async with asyncio.timeout(self._ttl):
                await self._call(run, "release", str(epoch))
        except (RedisError, TimeoutError):
            log.warning("lease not given back; it ends by itself", run=run, seconds=self._ttl)

    @property
    def _milliseconds(self) -> str:
        return str(int(self._ttl * 1000))

    async def _call(self, run: RunId, *arguments: str, replicas: Copies = ALONE) -> list[str]:
        return await call(self._redis, _SCRIPT, [self._keys.lease(run), self._keys.epoch], arguments, replicas)
