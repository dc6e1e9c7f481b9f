"""The run log: the memory of runs, the stream that views follow, and the audit, in one place."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from bot.fencing import Fence, Fenced, Overtaken, Rewound
from bot.store.archives import archived, newest_archive
from bot.store.audit_signing import Signer
from bot.store.codec import read
from bot.store.commit import Commit, Head, Lapsed, Outrun
from bot.store.connect import Store
from bot.store.durable import ALONE, Copies
from bot.store.environment_log import EnvironmentLog
from bot.store.holds import milliseconds
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from commands.ports import Archived, Holder, Moved
from planner.consent import BrokeGlass
from planner.events import Ended, Entry, EnvironmentEvent, Planned, RunEvent, RunOpened, RunSealed
from planner.involved import doer
from planner.lock_events import SecondLookAsked
from planner.names import RunId, ServiceName
from planner.run import Run, Stage, follow, replay

_KNOWN = 500
"""Runs that are kept as they were read last: some kilobytes each."""


class RunLog(EnvironmentLog):
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
        super().__init__(redis, keys, now, replicas, signer)
        self._known: OrderedDict[RunId, Run] = OrderedDict()

    async def open(self, events: Sequence[RunEvent]) -> Run:
        """A new run whose log begins with these events."""
        run = Run(id=RunId(f"r{await self._redis.incr(self._keys.number)}"))
        return await self._append(run, events, also=(RunOpened(run=run.id),))

    async def read(self, run: RunId) -> Run | None:
        """The run as its log tells it now; `None` where there is none of that name."""
        known = self._known.get(run)
        if known is not None:
            try:
                return self._remember(await self.catch_up(known))
            except Rewound:
                self._known.pop(run, None)
        entries = await self.entries(run)
        return self._remember(replay(run, entries)) if entries else None

    def _remember(self, run: Run) -> Run:
        """What was read once need not be read and replayed from its beginning again: the sweep, status and views do so often."""
        self._known[run.id] = run
        self._known.move_to_end(run.id)
        while len(self._known) > _KNOWN:
            self._known.popitem(last=False)
        return run

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        """The entries after number `after`, oldest first. Raises `BrokenEntry` where the log was tampered with beyond reading."""
        rows = await self._redis.xrange(self._keys.log(run), min=f"({after}-0" if after else "-")
        return tuple(read(fields["b"].encode("utf-8"), fields["h"]) for _, fields in rows)

    async def archived(self, run: RunId | None = None) -> Archived | None:
        """Where this run went, or the newest that went at all; `None` where none did."""
        return await (archived(self._redis, self._keys, run) if run else newest_archive(self._redis, self._keys))

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
        head: Head | None = None
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
                head = head or await self._head(ENVIRONMENT_CHAIN)
                if after.stage is Stage.ENDED and run.locked:
                    others += await self._locks.calls(move.service for move in run.plan.moves)
                self._environment(commit, head, others)
            try:
                await commit.carry_out(self._redis, self._replicas if fence else ALONE)
            except Outrun as outrun:
                if outrun.chain != ENVIRONMENT_CHAIN:
                    # Our own write, whose answer was lost on the way, looks like somebody else's.
                    if await self._is_there(after.seq, after.hash, outrun):
                        return after
                    raise
                head = outrun.head
            except Lapsed as lapsed:
                head = None
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
                    self._after.owes(commit, run)
                case BrokeGlass(by=by, reason=reason):
                    others.append(SecondLookAsked(run=run.id, by=by, reason=reason))
                case _:
                    pass
        return others
