"""What is written with the end of a run: what is remembered, what is locked, what is left to be done, and what is watched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from planner.aftermath import Due, forward_obligations, obligations, out_of_discovery, second_look
from planner.duty_events import DeploysHeld, DeploysReleased
from planner.events import BadMarked, Choice, Ended, Ending, EnvironmentEvent
from planner.names import ServiceName
from planner.run import Run, StepState
from planner.watch import every
from planner.watch_events import WatchBegan


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The last event of a run, and what the environment's log says with it."""

    ended: Ended
    also: tuple[EnvironmentEvent, ...] = ()


def end_of(run: Run, ending: Ending, because: str, *, at: datetime, owners: Mapping[ServiceName, str], settle: float) -> End:
    """How the run ends. `settle` is for how many seconds what it did is watched; 0: not at all."""
    by = next((d.by for d in reversed(run.decisions) if d.choice is Choice.LEAVE), None) if ending is Ending.LEFT else None
    due: tuple[Due, ...] = ()
    also: list[EnvironmentEvent] = []
    until = None
    if ending is Ending.FINISHED:
        forward = run.asked is not None and run.asked.forward_of is not None
        leftovers = run.planned.leftovers if run.planned else ()
        due = forward_obligations(run.plan, at, owners) if forward else obligations(run.plan, at, owners, leftovers)
        also += _went_forward(run) if forward else _went_back(run)
        watched = {step.service: step.to for step in run.steps.values() if step.state is not StepState.SKIPPED}
        if settle > 0 and watched:
            until = at + timedelta(seconds=settle)
            asker = run.asked.by if run.asked else None
            also.append(WatchBegan(run=run.id, running=watched, until=until, every=every(settle), asked_by=asker))
    if run.glass is not None:
        due = (*due, second_look(run.id, run.glass, at))
    due = (*due, *out_of_discovery(run, at, owners))
    ended = Ended(
        ending=ending,
        because=because,
        by=by,
        obligations=tuple(one.words for one in due),
        owed=tuple(one.owed for one in due),
        watch_until=until,
    )
    return End(ended=ended, also=tuple(also))


def _went_back(run: Run) -> list[EnvironmentEvent]:
    target = run.plan.target
    asker = run.asked.by if run.asked else None
    reason = (run.asked.reason if run.asked else None) or f"rolled back by run {run.id}"
    mark = BadMarked(service=target.service, version=target.from_version, reason=reason, run=run.id)
    services = tuple(move.service for move in run.plan.moves)
    return [mark, DeploysHeld(run=run.id, services=services, reason=reason, asked_by=asker)]


def _went_forward(run: Run) -> list[EnvironmentEvent]:
    """The lock that the rollback left is over for what went forward again, by approval."""
    return [DeploysReleased(run=run.id, service=move.service) for move in run.plan.moves]
