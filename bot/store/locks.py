"""Who holds which service, who waits for it, and what follows for the store from each event of theirs.

A service is freed and its waiters are called in one change of the environment's log: whoever begins to wait, or frees another
service, at the same moment finds that the log has grown and looks again. So nobody is forgotten, and nobody is called twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from bot.store.commit import Commit
from bot.store.connect import Store
from bot.store.holds import milliseconds, read_holder
from bot.store.keys import Keys
from commands.ports import Holder
from planner.events import EnvironmentEvent, Person, Place
from planner.lock_events import LockBroken, Locked, LockExpired, Reviewed, SecondLookAsked, Unlocked, WaitAsked, WaiterCalled
from planner.names import ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """Somebody who is told when all these services are free. `seq` is the entry with which they asked: it makes the order."""

    seq: int
    services: tuple[ServiceName, ...]
    by: Person
    at: datetime
    place: Place | None = None

    @property
    def name(self) -> str:
        """One for each person and set of services: who asks twice waits once."""
        return waiter_name(self.by, self.services)


_WAITER = TypeAdapter(Waiter)


def waiter_name(by: Person, services: Iterable[ServiceName]) -> str:
    """What tells this waiter from every other."""
    return " ".join([by.id, *sorted(services)])


class Locks:
    """Reads the locks of one environment. What changes goes into a `Commit` of the run log."""

    def __init__(self, redis: Store, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def holders(self, services: Sequence[ServiceName], *, lapsed: bool = False) -> tuple[Holder, ...]:
        """Who holds which of these services. One by hand whose time is over (the server's clock) is none, but for `lapsed`."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            for service in services:
                pipeline.hgetall(self._keys.lock(service))
            (seconds, micro), *rows = await pipeline.execute()
        now = seconds + micro / 1_000_000
        found = (read_holder(service, row) for service, row in zip(services, rows, strict=True))
        return tuple(h for h in found if h is not None and (lapsed or h.until is None or h.until.timestamp() > now))

    async def all_holders(self) -> tuple[Holder, ...]:
        """Every hold there is, by service."""
        return await self.holders(sorted(ServiceName(service) for service in await self._redis.smembers(self._keys.held)))

    async def lapsed(self) -> tuple[ServiceName, ...]:
        """The services whose hold by hand is over by the server's clock and was not ended yet."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.zrange(self._keys.holds, 0, -1, withscores=True)
            (seconds, micro), rows = await pipeline.execute()
        now = seconds * 1000 + micro / 1000
        return tuple(ServiceName(service) for service, until in rows if until <= now)

    async def waiters(self) -> tuple[Waiter, ...]:
        """Everybody who waits, in the order in which they asked."""
        rows = await self._redis.hgetall(self._keys.waiters)
        return tuple(sorted((_WAITER.validate_json(row) for row in rows.values()), key=lambda waiter: waiter.seq))

    async def calls(self, freed: Iterable[ServiceName]) -> list[EnvironmentEvent]:
        """The waiters to call now that these services are freed: those for whom nothing else is held. In order."""
        free = set(freed)
        concerned = [waiter for waiter in await self.waiters() if free & set(waiter.services)]
        others = sorted({service for waiter in concerned for service in waiter.services} - free)
        held = {holder.service for holder in await self.holders(others)} if others else set()
        called = [waiter for waiter in concerned if not held & set(waiter.services)]
        return [
            WaiterCalled(
                services=waiter.services,
                waiter=waiter.by,
                asked_at=waiter.at,
                position=position,
                of=len(called),
                place=waiter.place,
            )
            for position, waiter in enumerate(called, start=1)
        ]

    def effects(self, commit: Commit, seq: int, event: EnvironmentEvent) -> None:
        """What hangs on this event, which becomes entry `seq` of the environment's log."""
        match event:
            case Locked(service=service, until=None) | Unlocked(service=service):
                commit.effect("ZREM", self._keys.holds, service)
            case LockExpired(service=service) | LockBroken(service=service):
                commit.effect("ZREM", self._keys.holds, service)
            case Locked(service=service, until=until) if until is not None:
                commit.effect("ZADD", self._keys.holds, milliseconds(until), service)
            case WaitAsked():
                waiter = Waiter(seq=seq, services=event.services, by=event.by, at=commit.at, place=event.place)
                commit.effect("HSET", self._keys.waiters, waiter.name, _WAITER.dump_json(waiter).decode())
            case WaiterCalled():
                commit.effect("HDEL", self._keys.waiters, waiter_name(event.waiter, event.services))
            case SecondLookAsked(run=run):
                commit.effect("SADD", self._keys.looks, run)
            case Reviewed(run=run):
                commit.effect("SREM", self._keys.looks, run)
            case _:
                pass


def held_by_hand(event: Locked) -> Holder:
    """The hold that this event is."""
    return Holder(
        service=event.service, since=event.since, person=event.by, reason=event.reason, until=event.until, place=event.place
    )
