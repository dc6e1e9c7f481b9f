"""A worker's turn with a run: take the lease, do whatever the log says is next until only people can go on, give it back.

The engine knows nothing of Slack. What it does is in the log, and what it should do it reads from there, so any worker can take
over at any entry.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

import structlog

from bot.engine import discovery, steps
from bot.engine.hand import Hand
from bot.fencing import Held, LeaseLost, LeaseOffice, Overtaken, WorkerLog
from commands.ports import Moved, Surveyor
from integrations.errors import IntegrationError
from integrations.protocols import Probe, Registry, Runtime
from planner.aftermath import forward_obligations, obligations, out_of_discovery, second_look
from planner.approval import due
from planner.events import (
    BadMarked,
    Choice,
    Ended,
    Ending,
    EnvironmentEvent,
    Halted,
    LeaseTaken,
    LocksTaken,
    StepFailed,
    Surveyed,
)
from planner.facts import NOTHING, Service
from planner.names import RunId
from planner.next_actions import (
    Action,
    Expire,
    Finish,
    Halt,
    Indicate,
    Issue,
    Look,
    PutBack,
    Settle,
    Survey,
    TakeLocks,
    next_actions,
)
from planner.registry_events import RestoreFailed
from planner.run import Run, Step
from planner.snapshot import Snapshot

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Hands for runs; one for a process, any number of runs side by side."""

    runs: WorkerLog
    leases: LeaseOffice
    survey: Surveyor
    runtimes: Mapping[str, Runtime]
    probes: Mapping[str, Probe]
    registries: Mapping[str, Registry] = field(default_factory=lambda: NOTHING)
    now: Callable[[], datetime]
    max_parallel: int
    pace: steps.Pace
    name: str

    async def work(self, run_id: RunId) -> None:
        """Do everything that can be done with this run now. Called too often or twice at once it does no harm.

        A worker that finds the lease taken leaves: the holder looks at the log once more after it has given the lease back, so
        what was written meanwhile is not overlooked.
        """
        while True:
            run = await self.runs.read(run_id)
            actions = next_actions(run, self.max_parallel) if run is not None else ()
            if run is None or not actions:
                return
            if actions == (Expire(),):
                await self._watch(run)
                return
            async with self.leases.hold(run_id, f"{self.name}/{uuid.uuid4().hex[:8]}") as lease:
                if lease is None:
                    return
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
            if actions and (actions != (Expire(),) or late):
                found.append(run_id)
        return tuple(found)

    async def tidy(self) -> None:
        """What is due by the clock and belongs to no run: holds by hand whose time is over."""
        for service in await self.runs.expire_holds():
            log.info("a hold by hand is over", service=service)

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


@dataclass(slots=True, kw_only=True)
class Turn:
    """One worker's stretch of work on one run."""

    worker: Worker
    hand: Hand
    world: Snapshot | None = None

    async def go(self) -> None:
        """Do the next actions, side by side where they may be, until none is left. Raises `LeaseLost`."""
        under_way: dict[Action, asyncio.Task[None]] = {}
        try:
            while True:
                run = await self.hand.catch_up()
                for action in self._next(run):
                    if action not in under_way:
                        under_way[action] = asyncio.create_task(self._do(action), name=f"{run.id} {action}")
                if not under_way:
                    return
                done, _ = await asyncio.wait(under_way.values(), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                under_way = {action: task for action, task in under_way.items() if task not in done}
        finally:
            for task in under_way.values():
                task.cancel()
            await asyncio.gather(*under_way.values(), return_exceptions=True)

    def _next(self, run: Run) -> tuple[Action, ...]:
        return next_actions(run, self.worker.max_parallel)

    async def _do(self, action: Action) -> None:
        match action:
            case TakeLocks():
                await self._take_locks()
            case Survey():
                await self._survey()
            case Issue(step=step) | Look(step=step) | Settle(step=step) | Indicate(step=step):
                await self._step(action, step)
            case PutBack(step=step):
                await self._put_back(step)
            case Halt(because=because):
                await self.hand.record(Halted(because=because))
            case Finish(ending=ending, because=because):
                await self._finish(ending, because)
            case Expire():
                raise LeaseLost("a waiting run needs no worker")
            case _:
                assert_never(action)

    async def _take_locks(self) -> None:
        services = tuple(move.service for move in self.hand.run.plan.moves)
        try:
            await self.hand.record(LocksTaken(services=services), lock=True)
        except Held as held:
            who = ", ".join(f"{h.service} is held by {h.who} since {h.since:%H:%M:%S} UTC" for h in held.holders)
            await self.hand.record(Ended(ending=Ending.BLOCKED, because=f"nothing was touched: {who}"))

    async def _survey(self) -> None:
        """Go on only if the world still is what the plan stands on."""
        plan = self.hand.run.plan
        try:
            world = await self._look_at_world()
        except IntegrationError as error:
            await self.hand.record(Ended(ending=Ending.STALE, because=f"the world could not be looked at again: {error}"))
            return
        unseen = [f"nobody could say what {move.service} runs" for move in plan.moves if move.service in world.unseen]
        moved = [
            f"{service} runs {world.current.get(service, 'nothing')} now, not {version}"
            for service, version in plan.facts.items()
            if world.current.get(service) != version
        ]
        unknown = [
            f"release {move.to_version} of {move.service} is no longer in the catalog"
            for move in plan.moves
            if move.service in world.services and world.services[move.service].release(move.to_version) is None
        ]
        if unseen or moved or unknown:
            because = "the world is not, or cannot be seen to be, what the plan stands on: " + "; ".join(
                [*unseen, *moved, *unknown]
            )
            await self.hand.record(Ended(ending=Ending.STALE, because=because))
            return
        await self.hand.record(Surveyed(facts=plan.facts))

    async def _step(self, action: Issue | Look | Settle | Indicate, step_id: str) -> None:
        step = self.hand.run.steps[step_id]
        try:
            world = self.world or await self._look_at_world()
            stand = self._stand(world, step)
        except IntegrationError as error:
            await self.hand.record(StepFailed(step=step_id, because=str(error), settled=step.settled))
            return
        pace = self.worker.pace
        match action:
            case Issue():
                try:
                    await steps.issue(self.hand, step, stand, pace, lambda run: action in self._next(run))
                except Overtaken as overtaken:
                    log.info("a step does not begin after all", run=self.hand.run.id, step=step_id, why=str(overtaken))
            case Look():
                await steps.look(self.hand, step, stand, pace)
            case Settle():
                await steps.settle(self.hand, step, stand, pace)
            case Indicate():
                await steps.indicate(self.hand, step, stand)

    async def _put_back(self, step_id: str) -> None:
        step, pace = self.hand.run.steps[step_id], self.worker.pace
        because = f"the catalog no longer says in which registry {step.service} is"
        try:
            world = self.world or await self._look_at_world()
            service = world.services.get(step.service)
            registry = self._registry(service) if service is not None else None
        except IntegrationError as error:
            service, registry, because = None, None, str(error)
        if service is None or registry is None:
            key = discovery.hold_key(self.hand.run, step)
            await self.hand.record(RestoreFailed(step=step_id, key=key, instances=step.held, because=because))
            return
        await discovery.put_back(self.hand, step, service, registry, patience=pace.discover, poll=pace.poll)

    def _registry(self, service: Service) -> Registry | None:
        """The registry through which others find the service; `None` where it has none. Raises where nobody knows its kind."""
        if service.registry is None:
            return None
        kind = str(service.registry.get("kind", ""))
        registry = self.worker.registries.get(kind)
        if registry is None:
            known = ", ".join(sorted(self.worker.registries)) or "none"
            raise IntegrationError(f"{service.name} has a registry that Rollbot does not know (kind {kind!r}; known: {known})")
        return registry

    async def _look_at_world(self) -> Snapshot:
        self.world = await self.worker.survey()
        return self.world

    def _stand(self, world: Snapshot, step: Step) -> steps.Stand:
        service = world.services.get(step.service)
        release = service.release(step.to) if service else None
        if service is None or release is None:
            raise IntegrationError(f"{step.service} {step.to} is no longer in the catalog")
        kind = str((service.runtime or {}).get("kind", ""))
        runtime = self.worker.runtimes.get(kind)
        if runtime is None:
            known = ", ".join(sorted(self.worker.runtimes)) or "none"
            raise IntegrationError(
                f"{step.service} has no runtime that Rollbot knows (kind {kind or 'missing'!r}; known: {known})"
            )
        registry = self._registry(service)
        return steps.Stand(service=service, release=release, runtime=runtime, probes=self.worker.probes, registry=registry)

    async def _finish(self, ending: Ending, because: str) -> None:
        run = self.hand.run
        by = next((d.by for d in reversed(run.decisions) if d.choice is Choice.LEAVE), None) if ending is Ending.LEFT else None
        owed: tuple[str, ...] = ()
        remembered: tuple[EnvironmentEvent, ...] = ()
        if ending is Ending.FINISHED and run.asked is not None and run.asked.forward_of is not None:
            owed = forward_obligations(run.plan)
        elif ending is Ending.FINISHED:
            target = run.plan.target
            owed = obligations(run.plan)
            reason = (run.asked.reason if run.asked else None) or f"rolled back by run {run.id}"
            mark = BadMarked(service=target.service, version=target.from_version, reason=reason, run=run.id)
            remembered = (mark,)
        if run.glass is not None:
            owed = (*owed, second_look(run.id, run.glass))
        owed = (*owed, *out_of_discovery(run))
        await self.hand.record(Ended(ending=ending, because=because, by=by, obligations=owed), also=remembered)
