"""One worker's stretch of work on one run: whatever the log says is next, side by side where it may be, until none is left."""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

import structlog

from bot.engine import discovery, steps, verifying
from bot.engine.finishing import end_of
from bot.engine.hand import Hand
from bot.fencing import Held, LeaseLost, Overtaken
from integrations.errors import IntegrationError
from integrations.protocols import Registry
from planner.events import Ended, Ending, EnvironmentEvent, Halted, LocksTaken, StepFailed, Surveyed
from planner.facts import Service
from planner.healthy_window import with_windows
from planner.names import ServiceName
from planner.next_actions import (
    Action,
    AskSymptom,
    Expire,
    Finish,
    Halt,
    Indicate,
    Issue,
    Look,
    PutBack,
    Settle,
    Survey,
    TakeBaseline,
    TakeLocks,
    next_actions,
)
from planner.registry_events import RestoreFailed
from planner.run import Run, Step
from planner.snapshot import Snapshot
from planner.verdict import Verdict
from planner.watch_events import BaselineTaken, WatchEnded

if TYPE_CHECKING:
    from bot.engine.worker import Worker

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Turn:
    """One worker's stretch of work on one run."""

    worker: "Worker"
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
            case TakeBaseline():
                await self._baseline()
            case Issue(step=step) | Look(step=step) | Settle(step=step) | Indicate(step=step):
                await self._step(action, step)
            case PutBack(step=step):
                await self._put_back(step)
            case AskSymptom(step=step):
                await self._symptom(step)
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

    async def _baseline(self) -> None:
        """Where the world cannot be looked at, nothing is known of before; the run goes on, and the gates say so."""
        try:
            scene = await self._scene()
        except IntegrationError as error:
            log.warning("no baseline could be taken", run=self.hand.run.id, why=str(error))
            await self.hand.record(BaselineTaken(readings=()))
            return
        await verifying.take_baseline(scene)

    async def _symptom(self, step_id: str) -> None:
        step = self.hand.run.steps[step_id]
        try:
            scene = await self._scene()
        except IntegrationError as error:
            await verifying.cannot_ask(self.hand, step, str(error))
            return
        await verifying.ask_symptom(scene, step)

    async def _scene(self) -> verifying.Scene:
        world = self.world or await self._look_at_world()
        running = {step.service: step.to for step in self.hand.run.steps.values()}
        world = replace(world, services=with_windows(world.services, running))
        worker = self.worker
        return verifying.Scene(hand=self.hand, world=world, probes=worker.probes, pace=worker.pace, now=worker.now)

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
                scene = await self._scene()
                await verifying.indicate(scene, step, scene.services[step.service])

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
            await self.hand.record(RestoreFailed(step=step_id, key=key, instances=step.held or step.left, because=because))
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
        return steps.Stand(service=service, release=release, runtime=runtime, registry=self._registry(service))

    async def _finish(self, ending: Ending, because: str) -> None:
        run = self.hand.run
        at, settle = self.worker.now(), self.worker.pace.settle
        end = end_of(run, ending, because, at=at, owners=await self._owners(run), settle=settle)
        await self.hand.record(end.ended, also=(*end.also, *await self._unwatch(run, ending)))

    async def _owners(self, run: Run) -> dict[ServiceName, str]:
        """Whose the services of the plan are, as far as the catalog can be had."""
        try:
            world = self.world or await self._look_at_world()
        except IntegrationError:
            return {}
        known = {move.service: world.services.get(move.service) for move in run.plan.moves}
        return {name: service.owner for name, service in known.items() if service is not None and service.owner}

    async def _unwatch(self, run: Run, ending: Ending) -> tuple[EnvironmentEvent, ...]:
        """A rollback that was taken forward again, by approval, is watched no more."""
        before = run.asked.forward_of if run.asked else None
        watch = await self.worker.runs.watch(before) if before is not None and ending is Ending.FINISHED else None
        if watch is None or watch.ended is not None:
            return ()
        because = f"run {run.id} took it forward again"
        services = tuple(watch.running)
        return (WatchEnded(run=watch.run, services=services, verdict=Verdict.INCONCLUSIVE, because=because, looks=watch.looks),)
