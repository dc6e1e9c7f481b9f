"""A worker's turn with a run: take the lease, do whatever the log says is next until only people can go on, give it back.

The engine knows nothing of Slack. What it does is in the log, and what it should do it reads from there, so any worker can take
over at any entry.
"""

import contextlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.engine.hand import Hand
from bot.engine.settling import Lookout, Surveyed
from bot.engine.steps import Pace
from bot.engine.turn import Turn
from bot.fencing import LeaseOffice, WorkerLog
from commands.ports import Moved, Surveyor
from integrations.protocols import Catalog, Probe, Registry, Runtime
from planner.approval import due
from planner.events import Ended, Ending, LeaseTaken
from planner.facts import NOTHING
from planner.names import RunId
from planner.next_actions import Expire, next_actions
from planner.run import Run, Stage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Hands for runs; one for a process, any number of runs side by side. With `read_only` they let runs expire, nothing more."""

    runs: WorkerLog
    leases: LeaseOffice
    survey: Surveyor
    runtimes: Mapping[str, Runtime]
    probes: Mapping[str, Probe]
    registries: Mapping[str, Registry] = field(default_factory=lambda: NOTHING)
    now: Callable[[], datetime]
    max_parallel: int
    pace: Pace
    name: str
    read_only: bool = False
    catalog: Catalog | None = None

    async def work(self, run_id: RunId) -> datetime | None:
        """Do everything that can be done with this run now; when to come back, where that is known.

        Called too often or twice at once it does no harm.

        A worker that finds the lease taken leaves: the holder looks at the log once more after it has given the lease back, so
        what was written meanwhile is not overlooked.
        """
        while True:
            run = await self.runs.read(run_id)
            actions = next_actions(run, self.max_parallel) if run is not None else ()
            if run is None:
                return None
            if not actions:
                return await self._look_after(run)
            if actions == (Expire(),):
                await self._watch(run)
                return None
            if self.read_only:
                return None
            async with self.leases.hold(run_id, self._hand) as lease:
                if lease is None:
                    return None
                hand = Hand(self.runs, lease, run)
                if not next_actions(await hand.catch_up(), self.max_parallel):
                    # Another worker did it all while this one came for the lease.
                    continue
                taken = LeaseTaken(worker=self.name, epoch=lease.fence.epoch, take_over=lease.take_over)
                await hand.record(taken)
                await Turn(worker=self, hand=hand).go()

    async def unfinished(self) -> tuple[RunId, ...]:
        """The open runs for which a worker could do something now; one whose log cannot be read is left out."""
        found = []
        for run_id in await self.runs.open_runs():
            try:
                run = await self.runs.read(run_id)
            except Exception as error:  # whatever somebody did to that log
                log.error("an open run cannot be read: rollbot audit verify", run=run_id, why=str(error))  # noqa: TRY400
                continue
            if run is None:
                continue
            actions = next_actions(run, self.max_parallel)
            late = run.planned is not None and (self.now() >= run.planned.expires_at or due(run, self.now()) is not None)
            if actions and (late if actions == (Expire(),) else not self.read_only):
                found.append(run_id)
        if not self.read_only:
            found += [watch.run for watch in await self.runs.watches() if self.now() >= watch.next_look]
        return tuple(found)

    async def tidy(self) -> None:
        """What is due by the clock and belongs to no run: holds by hand whose time is over."""
        for service in await self.runs.expire_holds():
            log.info("a hold by hand is over", service=service)

    async def _look_after(self, run: Run) -> datetime | None:
        """Look whether a finished run stays so, where it is watched; one worker at a time."""
        if run.stage is not Stage.ENDED or run.ended is None or run.ended.watch_until is None or self.read_only:
            return None
        async with self.leases.hold(run.id, self._hand) as lease:
            return None if lease is None else await self._lookout.look(run)

    @property
    def _lookout(self) -> Lookout:
        return Lookout(
            log=self.runs,
            catalog=self.catalog or Surveyed(self.survey),
            runtimes=self.runtimes,
            probes=self.probes,
            now=self.now,
            poll=4 * self.pace.poll,
        )

    @property
    def _hand(self) -> str:
        """A name for one turn, unlike any other's."""
        return f"{self.name}/{uuid.uuid4().hex[:8]}"

    async def _watch(self, run: Run) -> None:
        """End a run that nobody decided in time; call people who should, when that is due."""
        if run.planned is None:
            return
        if self.now() < run.planned.expires_at:
            reminded = due(run, self.now())
            if reminded is not None:
                with contextlib.suppress(Moved):
                    await self.runs.append(run, (reminded,))
            return
        because = f"nobody decided until {run.planned.expires_at:%H:%M:%S} UTC"
        try:
            await self.runs.append(run, (Ended(ending=Ending.EXPIRED, because=because),))
        except Moved:
            log.info("a decision came in just before the run expired", run=run.id)
