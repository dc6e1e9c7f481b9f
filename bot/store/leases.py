"""A worker's lease on a run: short, renewed, and numbered so that the store can refuse a worker that lost it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.fencing import Fence, LeaseLost
from bot.store.connect import STORE_DOWN, Store
from bot.store.keys import Keys
from planner.names import RunId

_SCRIPT = (Path(__file__).parent / "scripts" / "lease.lua").read_text("utf-8")
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Lease:
    """The proof that a worker has a run; only `Leases` makes one. `sure_until` is on this machine's monotonic clock, seconds."""

    run: RunId
    owner: str
    epoch: int
    take_over: bool
    sure_until: float
    lost: bool = field(default=False)

    @property
    def fence(self) -> Fence:
        """What the store checks on every write."""
        return Fence(run=self.run, epoch=self.epoch)

    def check(self) -> None:
        """Call right before every effect outside. Raises `LeaseLost` where the lease may be over by now."""
        if self.lost or time.monotonic() >= self.sure_until:
            raise LeaseLost(f"the lease on run {self.run} (epoch {self.epoch}) is over or could not be renewed")


class Leases:
    """Gives out leases on runs. `ttl` is in seconds; a worker stops trusting its lease after 80 % of it without renewal."""

    def __init__(self, redis: Store, keys: Keys, ttl: float = 10.0) -> None:
        self._redis = redis
        self._keys = keys
        self._ttl = ttl
        self._script = redis.register_script(_SCRIPT)

    @asynccontextmanager
    async def hold(self, run: RunId, owner: str) -> AsyncIterator[Lease | None]:
        """The lease while the block runs, renewed in the background; `None` where another worker has the run.

        `owner` must be unique for each execution. When the lease is lost the block is cancelled and `LeaseLost` raised.
        """
        asked = time.monotonic()
        answer = await self._call(run, "take", owner, self._milliseconds)
        if answer[0] != "taken":
            yield None
            return
        lease = Lease(run=run, owner=owner, epoch=int(answer[1]), take_over=answer[2] == "1", sure_until=asked + 0.8 * self._ttl)
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
                await self._release(lease)

    async def _renew(self, lease: Lease, body: "asyncio.Task[None] | None") -> None:
        while True:
            await asyncio.sleep(self._ttl / 4)
            asked = time.monotonic()
            try:
                answer = await self._call(lease.run, "renew", str(lease.epoch), self._milliseconds)
            except STORE_DOWN as error:
                log.warning("lease not renewed", run=lease.run, why=type(error).__name__)
                answer = ["renewed"] if asked < lease.sure_until else ["lost"]
                asked = lease.sure_until - 0.8 * self._ttl
            if answer[0] != "renewed":
                lease.lost = True
                log.error("lease lost", run=lease.run, epoch=lease.epoch)
                if body is not None:
                    body.cancel()
                return
            lease.sure_until = asked + 0.8 * self._ttl

    async def _release(self, lease: Lease) -> None:
        try:
            await self._call(lease.run, "release", str(lease.epoch))
        except STORE_DOWN:
            log.warning("lease not given back; it ends by itself", run=lease.run, seconds=self._ttl)

    @property
    def _milliseconds(self) -> str:
        return str(int(self._ttl * 1000))

    async def _call(self, run: RunId, *arguments: str) -> list[str]:
        answer: list[str] = await self._script(keys=[self._keys.lease(run), self._keys.epoch], args=list(arguments))
        return answer
