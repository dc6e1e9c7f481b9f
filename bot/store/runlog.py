"""The run log: the memory of runs, the stream that views follow, and the audit, in one place."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from bot.fencing import Fence, Fenced, Rewound
from bot.store.codec import Line, read
from bot.store.commit import Commit, Head
from bot.store.connect import Store
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from commands.ports import BadVersion, Holder, Moved
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
)
from planner.names import RunId, ServiceName, Version
from planner.run import Run, Stage, follow, replay


class RunLog:
    """Reads and writes the logs of one environment. Implements `commands.ports.Runs`, and more for the engine."""

    def __init__(self, redis: Store, keys: Keys, now: Callable[[], datetime]) -> None:
        self._redis = redis
        self._keys = keys
        self._now = now

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
        self, run: Run, events: Sequence[RunEvent], *, fence: Fence, lock: bool = False, also: Sequence[EnvironmentEvent] = ()
    ) -> Run:
        """A worker's append: written after whatever people wrote in between, and only while the worker has the run.

        `lock` takes the locks of all services of the plan with it. Raises `Fenced` (also where the run has ended: nothing comes
        after its end), `Rewound` or `Held`.
        """
        while True:
            run = await self.catch_up(run)
            if run.stage is Stage.ENDED:
                raise Fenced(f"run {run.id} has ended: {run.ending}")
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
        while True:
            commit = Commit(self._keys, self._now())
            head = await self._head(ENVIRONMENT_CHAIN)
            lines = self._environment(commit, head, (event,))
            try:
                return await commit.carry_out(self._redis)
            except Moved:
                if await self._is_there(ENVIRONMENT_CHAIN, head.seq + 1, lines[-1].hash):
                    return None

    async def holders(self, services: Sequence[ServiceName]) -> tuple[Holder, ...]:
        """Who holds which of these services; empty where all are free."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for service in services:
                pipeline.hmget(self._keys.lock(service), ["run", "since"])
            rows: list[list[str | None]] = await pipeline.execute()
        return tuple(
            Holder(service=service, run=RunId(run), since=datetime.fromisoformat(since))
            for service, (run, since) in zip(services, rows, strict=True)
            if run and since
        )

    async def all_holders(self) -> tuple[Holder, ...]:
        """Every hold there is, by service."""
        prefix = self._keys.lock("")
        found = [ServiceName(key[len(prefix) :]) async for key in self._redis.scan_iter(match=_literal(prefix) + "*", count=1000)]
        return await self.holders(sorted(found))

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
            commit = Commit(self._keys, at)
            commit.fence(fence)
            lines = commit.append(run.id, Head(seq=run.seq, hash=run.hash), events)
            after = run
            for offset, (line, event) in enumerate(zip(lines, events, strict=True), start=1):
                after = follow(after, Entry(seq=run.seq + offset, at=at, event=event, hash=line.hash))
            if lock:
                for move in run.plan.moves:
                    commit.lock(move.service, run.id)
            others = [*also, *self._hang(commit, after, events)]
            if others:
                self._environment(commit, await self._head(ENVIRONMENT_CHAIN), others)
            try:
                await commit.carry_out(self._redis)
            except Moved as moved:
                # Our own write, whose answer was lost on the way, looks like somebody else's.
                if await self._is_there(run.id, after.seq, after.hash):
                    return after
                if str(moved) != ENVIRONMENT_CHAIN:
                    raise
            else:
                return after

    def _hang(self, commit: Commit, run: Run, events: Sequence[RunEvent]) -> list[EnvironmentEvent]:
        """Indexes and locks that follow from the events, and what the environment's log must say of them."""
        others: list[EnvironmentEvent] = []
        for event in events:
            match event:
                case Planned(plan=plan):
                    for move in plan.moves:
                        commit.effect("ZADD", self._keys.runs_of(move.service), _milliseconds(commit.at), run.id)
                case Ended():
                    for move in run.plan.moves if run.planned else ():
                        commit.unlock(move.service, run.id)
                    others.append(RunSealed(run=run.id, seq=run.seq, hash=run.hash))
                case _:
                    pass
        return others

    def _environment(self, commit: Commit, head: Head, events: Sequence[EnvironmentEvent]) -> tuple[Line, ...]:
        lines = commit.append(ENVIRONMENT_CHAIN, head, events)
        for event in events:
            match event:
                case RunOpened(run=run):
                    commit.effect("SADD", self._keys.open, run)
                    commit.effect("ZADD", self._keys.runs, _milliseconds(commit.at), run)
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

    async def _is_there(self, chain: str, seq: int, hash_: str) -> bool:
        rows = await self._redis.xrange(self._keys.log(chain), min=f"{seq}-0", max=f"{seq}-0")
        return bool(rows) and rows[0][1].get("h") == hash_

    async def _head(self, chain: str) -> Head:
        seq, hash_ = await self._redis.hmget(self._keys.head(chain), ["seq", "hash"])
        return Head(seq=int(seq or 0), hash=hash_ or "")


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def _literal(prefix: str) -> str:
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in prefix)
