"""The run log: the memory of runs, the stream that views follow, and the audit, in one place."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from bot.fencing import Fence, Fenced, Held, Overtaken, Rewound
from bot.store.audit_signing import Signer
from bot.store.codec import Line, read
from bot.store.commit import Commit, Gone, Head, Lapsed
from bot.store.connect import Store
from bot.store.durable import ALONE, Copies
from bot.store.holds import milliseconds
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from bot.store.locks import Locks, held_by_hand, waiter_name
from commands.ports import BadVersion, Holder, Moved
from planner.consent import BrokeGlass
from planner.events import (
    BadCleared,
    BadMarked,
    Ended,
    Entry,
    EnvironmentEvent,
    Planned,
    RunEvent,
    RunOpened,
    RunSealed,
    Trimmed,
)
from planner.involved import doer
from planner.lock_events import LockBroken, Locked, LockExpired, ReleaseAsked, SecondLookAsked, Unlocked, WaitAsked
from planner.names import RunId, ServiceName, Version
from planner.run import Run, Stage, follow, replay

_ASKED_AGAIN = 600_000
"""Milliseconds after which somebody may ask the same holder for the same service again."""


class RunLog:
    """Reads and writes the logs of one environment. Implements `commands.ports.Runs`, and more for the engine.

    A worker's writes count only once `replicas` have them: an effect follows from each.
    """

    def __init__(
        self,
        redis: Store,
        keys: Keys,
        now: Callable[[], datetime],
        replicas: Copies = ALONE,
        signer: Signer | None = None,
    ) -> None:
        self._redis = redis
        self._replicas = replicas
        self._keys = keys
        self._now = now
        self._signer = signer
        self._locks = Locks(redis, keys)

    async def open(self, events: Sequence[RunEvent]) -> Run:
        """A new run whose log begins with these events."""
        run = Run(id=RunId(f"r{await self._redis.incr(self._keys.number)}"))
        return await self._append(run, events, also=(RunOpened(run=run.id),))

    async def read(self, run: RunId) -> Run | None:
        """The run as its log tells it now; `None` where there is none of that name."""
        entries = await self.entries(run)
        return replay(run, entries) if entries else None

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        """The entries after number `after`, oldest first. Raises `BrokenEntry` where the log was tampered with beyond reading."""
        rows = await self._redis.xrange(self._keys.log(run), min=f"({after}-0" if after else "-")
        return tuple(read(fields["b"].encode("utf-8"), fields["h"]) for _, fields in rows)

    async def catch_up(self, run: Run) -> Run:
        """The run with everything that was written since it was read. Raises `Rewound` where what was read is gone.

        A failover may lose the end of a log; going on from what it no longer holds would mix two stories.
        """
        entries = await self.entries(run.id, after=max(run.seq - 1, 0))
        if run.seq:
            if not entries or entries[0].hash != run.hash:
                raise Rewound(f"entry {run.seq} of run {run.id} is no longer what this worker read: the store lost writes")
            entries = entries[1:]
        for entry in entries:
            run = follow(run, entry)
        return run

    async def append(self, run: Run, events: Sequence[RunEvent]) -> Run:
        """The run after these events. Raises `Moved` where the log has grown since `run` was read."""
        return await self._append(run, events)

    async def record(
        self,
        run: Run,
        events: Sequence[RunEvent],
        *,
        fence: Fence,
        lock: bool = False,
        also: Sequence[EnvironmentEvent] = (),
        still: Callable[[Run], bool] | None = None,
    ) -> Run:
        """A worker's append: written after whatever people wrote in between, and only while the worker has the run.

        `lock` takes the locks of all services of the plan with it. Raises `Fenced` (also where the run has ended: nothing comes
        after its end), `Rewound`, `Held`, or `Overtaken` where `still` says no of the run that it would be written to.
        """
        while True:
            run = await self.catch_up(run)
            if run.stage is Stage.ENDED:
                raise Fenced(f"run {run.id} has ended: {run.ending}")
            if still is not None and not still(run):
                raise Overtaken(f"the log of run {run.id} has grown, and this no longer follows from it")
            try:
                return await self._append(run, events, fence=fence, lock=lock, also=also)
            except Moved:
                continue

    async def recent(self, limit: int, service: ServiceName | None = None) -> tuple[RunId, ...]:
        """The newest runs, newest first."""
        key = self._keys.runs if service is None else self._keys.runs_of(service)
        return tuple(RunId(run) for run in await self._redis.zrevrange(key, 0, limit - 1))

    async def open_runs(self) -> tuple[RunId, ...]:
        """The runs that have not ended, oldest first."""
        members = await self._redis.smembers(self._keys.open)
        return tuple(RunId(run) for run in sorted(members, key=lambda run: (len(run), run)))

    async def note(self, event: EnvironmentEvent) -> None:
        """Write an event that belongs to no run."""

        async def always(commit: Commit) -> Sequence[EnvironmentEvent]:
            del commit
            return (event,)

        await self._note(always)

    async def holders(self, services: Sequence[ServiceName]) -> tuple[Holder, ...]:
        """Who holds which of these services; empty where all are free."""
        return await self._locks.holders(services)

    async def all_holders(self) -> tuple[Holder, ...]:
        """Every hold there is, by service."""
        return await self._locks.all_holders()

    async def hold(self, event: Locked) -> tuple[Holder, ...]:
        """Hold a service by hand; who has it, where another does. One's own hold is replaced."""

        async def take(commit: Commit) -> Sequence[EnvironmentEvent]:
            own = [h for h in await self._locks.holders([event.service]) if h.person and h.person.id == event.by.id]
            commit.lock(held_by_hand(event), instead=own[0].owner if own else "")
            return (event,)

        try:
            await self._note(take)
        except Held as held:
            return held.holders
        return ()

    async def release(self, event: Unlocked | LockBroken, hold: Holder) -> bool:
        """End that hold by hand and call its waiters. `False` where it was not there any more."""

        async def free(commit: Commit) -> Sequence[EnvironmentEvent]:
            commit.unlock(hold.service, hold.owner, must=True)
            return (event, *await self._locks.calls([hold.service]))

        try:
            return await self._note(free)
        except Gone:
            return False

    async def wait(self, event: WaitAsked) -> tuple[Holder, ...]:
        """Let somebody wait for these services; who holds them. Empty where all are free: nothing was written then."""
        held: tuple[Holder, ...] = ()

        async def look(commit: Commit) -> Sequence[EnvironmentEvent]:
            nonlocal held
            del commit
            held = await self._locks.holders(event.services)
            known = {waiter.name for waiter in await self._locks.waiters()}
            return (event,) if held and waiter_name(event.by, event.services) not in known else ()

        await self._note(look)
        return held

    async def ask(self, event: ReleaseAsked, hold: Holder) -> bool:
        """Write down that somebody asks for that hold. `False` where they did so lately: nothing was written then."""
        written = False

        async def look(commit: Commit) -> Sequence[EnvironmentEvent]:
            nonlocal written
            key = self._keys.asked(event.service, event.by.id)
            written = await self._redis.get(key) != hold.owner
            if written:
                commit.effect("SET", key, hold.owner, "PX", str(_ASKED_AGAIN))
            return (event,) if written else ()

        await self._note(look)
        return written

    async def expire_holds(self) -> tuple[ServiceName, ...]:
        """End every hold by hand whose time is over by the server's clock; the services that are free now."""
        found = await self._locks.lapsed()
        return tuple([service for service in found if await self._expire(service)])

    async def second_looks(self) -> tuple[RunId, ...]:
        """The runs that were started past their approvals and that nobody has looked at since, oldest first."""
        members = await self._redis.smembers(self._keys.looks)
        return tuple(RunId(run) for run in sorted(members, key=lambda run: (len(run), run)))

    async def news(self, after: int) -> AsyncIterator[Entry]:
        """The environment's entries after number `after`, for ever. Raises what `STORE_DOWN` names when the store goes."""
        last = f"{after}-0"
        while True:
            for _, rows in await self._redis.xread({self._keys.log(ENVIRONMENT_CHAIN): last}, count=100, block=4000):
                for last, fields in rows:  # noqa: B007 (where to go on)
                    yield read(fields["b"].encode("utf-8"), fields["h"])

    async def newest(self) -> int:
        """The number of the environment's last entry; 0 where there is none."""
        return (await self._head(ENVIRONMENT_CHAIN)).seq

    async def bad_versions(self) -> tuple[BadVersion, ...]:
        """Every version remembered as bad, by service."""
        bad: list[BadVersion] = []
        for service in sorted(await self._redis.smembers(self._keys.bad_services)):
            reasons = await self._redis.hgetall(self._keys.bad(ServiceName(service)))
            bad += [BadVersion(service=ServiceName(service), version=Version(v), reason=r) for v, r in sorted(reasons.items())]
        return tuple(bad)

    async def follow(self) -> AsyncIterator[RunId]:
        """Every open run first, then each run whose log grew, for ever. Raises what `STORE_DOWN` names when the store goes."""
        newest = await self._redis.xrevrange(self._keys.feed, count=1)
        last = newest[0][0] if newest else "0-0"
        for run in await self.open_runs():
            yield run
        while True:
            streams = await self._redis.xread({self._keys.feed: last}, count=200, block=4000)
            for _, rows in streams:
                last = rows[-1][0]
                for chain in dict.fromkeys(fields["log"] for _, fields in rows):
                    if chain != ENVIRONMENT_CHAIN:
                        yield RunId(chain)

    async def _append(
        self,
        run: Run,
        events: Sequence[RunEvent],
        *,
        fence: Fence | None = None,
        lock: bool = False,
        also: Sequence[EnvironmentEvent] = (),
    ) -> Run:
        """Append to the run's log and, with it, to the environment's: only the latter is tried again where it has grown."""
        while True:
            at = self._now()
            commit = Commit(self._keys, at, self._signer)
            commit.fence(fence)
            lines = commit.append(run.id, Head(seq=run.seq, hash=run.hash), events)
            after = run
            for offset, (line, event) in enumerate(zip(lines, events, strict=True), start=1):
                after = follow(after, Entry(seq=run.seq + offset, at=at, event=event, hash=line.hash))
            if lock:
                for move in run.plan.moves:
                    commit.lock(Holder(service=move.service, run=run.id, since=at))
            others = [*also, *self._hang(commit, after, events)]
            if others:
                head = await self._head(ENVIRONMENT_CHAIN)
                if after.stage is Stage.ENDED and run.locked:
                    others += await self._locks.calls(move.service for move in run.plan.moves)
                self._environment(commit, head, others)
            try:
                await commit.carry_out(self._redis, self._replicas if fence else ALONE)
            except Moved as moved:
                # Our own write, whose answer was lost on the way, looks like somebody else's.
                if await self._is_there(run.id, after.seq, after.hash):
                    return after
                if str(moved) != ENVIRONMENT_CHAIN:
                    raise
            except Lapsed as lapsed:
                for service in lapsed.services:
                    await self._expire(service)
            else:
                return after

    def _hang(self, commit: Commit, run: Run, events: Sequence[RunEvent]) -> list[EnvironmentEvent]:
        """Indexes and locks that follow from the events, and what the environment's log must say of them."""
        others: list[EnvironmentEvent] = []
        for event in events:
            if person := doer(event):
                commit.effect("ZADD", self._keys.runs_by(person.id), milliseconds(run.asked_at or commit.at), run.id)
            match event:
                case Planned(plan=plan):
                    for move in plan.moves:
                        commit.effect("ZADD", self._keys.runs_of(move.service), milliseconds(commit.at), run.id)
                case Ended():
                    for move in run.plan.moves if run.planned else ():
                        commit.unlock(move.service, run.id)
                    others.append(RunSealed(run=run.id, seq=run.seq, hash=run.hash))
                case BrokeGlass(by=by, reason=reason):
                    others.append(SecondLookAsked(run=run.id, by=by, reason=reason))
                case _:
                    pass
        return others

    def _environment(self, commit: Commit, head: Head, events: Sequence[EnvironmentEvent]) -> tuple[Line, ...]:
        lines = commit.append(ENVIRONMENT_CHAIN, head, events)
        for seq, event in enumerate(events, start=head.seq + 1):
            self._locks.effects(commit, seq, event)
            match event:
                case RunOpened(run=run):
                    commit.effect("SADD", self._keys.open, run)
                    commit.effect("ZADD", self._keys.runs, milliseconds(commit.at), run)
                case Trimmed():
                    stored = {"segment": event.segment, "seq": event.seq, "hash": event.hash, "manifest": event.manifest}
                    fields = [str(part) for pair in stored.items() for part in pair]
                    commit.effect("HSET", self._keys.trimmed, *fields, "open", json.dumps(event.open))
                case RunSealed(run=run):
                    commit.effect("SREM", self._keys.open, run)
                case BadMarked(service=service, version=version, reason=reason):
                    commit.effect("HSET", self._keys.bad(service), version, reason)
                    commit.effect("SADD", self._keys.bad_services, service)
                case BadCleared(service=service, version=version):
                    commit.effect("HDEL", self._keys.bad(service), version)
                case _:
                    pass
        return lines

    async def _note(self, events: Callable[[Commit], Awaitable[Sequence[EnvironmentEvent]]]) -> bool:
        """Write what `events` says, asked again wherever the log has grown meanwhile; whether it said anything."""
        while True:
            commit = Commit(self._keys, self._now(), self._signer)
            head = await self._head(ENVIRONMENT_CHAIN)
            found = await events(commit)
            if not found:
                return False
            lines = self._environment(commit, head, found)
            try:
                await commit.carry_out(self._redis)
            except Moved:
                if await self._is_there(ENVIRONMENT_CHAIN, head.seq + len(found), lines[-1].hash):
                    return True
            except Lapsed as lapsed:
                for service in lapsed.services:
                    await self._expire(service)
            else:
                return True

    async def _expire(self, service: ServiceName) -> bool:
        """End a hold by hand whose time is over, and call its waiters. `False` where there is none."""

        async def end(commit: Commit) -> Sequence[EnvironmentEvent]:
            for holder in await self._locks.holders([service], lapsed=True):
                if holder.until is not None and holder.person is not None:
                    commit.unlock(service, holder.owner, must=True, lapsed=True)
                    expired = LockExpired(service=service, holder=holder.person, until=holder.until, place=holder.place)
                    return (expired, *await self._locks.calls([service]))
            return ()

        try:
            return await self._note(end)
        except Gone:
            return False

    async def _is_there(self, chain: str, seq: int, hash_: str) -> bool:
        rows = await self._redis.xrange(self._keys.log(chain), min=f"{seq}-0", max=f"{seq}-0")
        return bool(rows) and rows[0][1].get("h") == hash_

    async def _head(self, chain: str) -> Head:
        seq, hash_ = await self._redis.hmget(self._keys.head(chain), ["seq", "hash"])
        return Head(seq=int(seq or 0), hash=hash_ or "")
