"""What people ask about a run afterwards.

Where the minutes went, who saw and decided what, what went otherwise than planned, and what still stands as the run left it.
Entries in, values out; nothing is judged that the log does not say.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from planner.consent import BrokeGlass, FreezeOverridden
from planner.events import (
    Approved,
    Asked,
    Decided,
    Ended,
    Ending,
    Entry,
    Granted,
    Halted,
    LeaseTaken,
    Measured,
    Person,
    Planned,
    PressRefused,
    StepFailed,
    StepIntended,
    StepNotTaken,
    StepUnknown,
    StepVerified,
    StopAsked,
)
from planner.names import RunId
from planner.run import Run, Step, StepState, replay


class Period(StrEnum):
    """What the whole run was waiting for. At every moment it is one of these, so that the minutes add up."""

    PLANNING = "planning"
    DECIDING = "waiting for approval"
    STARTING = "getting ready"
    RUNNING = "carrying out and verifying"
    PEOPLE = "stopped, waiting for people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Somebody saw something, and said something."""

    at: datetime
    by: Person
    saw: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The answers. `minutes` add up to the run's length; `measured` counts a step's measurements by check and outcome."""

    run: Run
    minutes: Mapping[Period, float]
    decisions: tuple[Decision, ...]
    deviations: tuple[str, ...]
    standing: tuple[str, ...]
    measured: Mapping[tuple[str, str], Mapping[str, int]]


def review(run_id: RunId, entries: Sequence[Entry]) -> Review:
    """The run looked back on; of one that has not ended as far as it has come."""
    run = replay(run_id, entries)
    counts: dict[tuple[str, str], Counter[str]] = {}
    for entry in entries:
        if isinstance(entry.event, Measured):
            key = (entry.event.step, entry.event.check)
            counts.setdefault(key, Counter())[entry.event.outcome.value] += 1
    return Review(
        run=run,
        minutes=_minutes(entries),
        decisions=tuple(_decisions(entries)),
        deviations=tuple(_deviations(run, entries)),
        standing=tuple(_standing(run)),
        measured={key: dict(count) for key, count in counts.items()},
    )


def _minutes(entries: Sequence[Entry]) -> dict[Period, float]:
    spent = dict.fromkeys(Period, timedelta(0))
    now, since = Period.PLANNING, entries[0].at if entries else None
    for entry in entries:
        if since is not None:
            spent[now] += entry.at - since
        since = entry.at
        match entry.event:
            case Planned():
                now = Period.DECIDING
            case Granted() | BrokeGlass():
                now = Period.STARTING
            case StepIntended() | Decided():
                now = Period.RUNNING
            case Halted():
                now = Period.PEOPLE
            case _:
                pass
    return {period: round(took.total_seconds() / 60, 2) for period, took in spent.items()}


def _decisions(entries: Sequence[Entry]) -> list[Decision]:
    found: list[Decision] = []
    plan, halted = "no plan yet", ""
    for entry in entries:
        event = entry.event
        saw: str | None = None
        match event:
            case Planned():
                notes = f", {len(event.findings)} findings" if event.findings else ""
                hazards = f"{len(event.plan.hazards)} hazards"
                plan = f"plan {event.plan.digest[:15]}…, {len(event.plan.moves)} services, {hazards}{notes}"
            case Halted():
                halted = event.because
            case Asked():
                saw, said = event.reason or "gave no reason", f"asked: {event.words}"
            case Approved():
                saw = plan if event.carried_from is None else f"the plan of run {event.carried_from}"
                said = "approved" + (" (own request)" if event.own else "")
            case PressRefused():
                saw, said = plan, f"tried to {event.verb}, and was told no: {event.message}"
            case FreezeOverridden():
                saw, said = f"freeze {event.freeze}", f"overrode it: {event.reason}"
            case BrokeGlass():
                saw, said = plan, f"started it without approval: {event.reason}"
            case Decided():
                saw, said = halted, str(event.choice) + (f": {event.reason}" if event.reason else "")
            case StopAsked():
                saw, said = "the run at work", "asked to stop at the next safe point"
            case Ended(by=Person()):
                saw, said = halted or plan, f"ended it: {event.ending}" + (f", {event.because}" if event.because else "")
            case _:
                pass
        by = getattr(event, "by", None)
        if saw is not None and isinstance(by, Person):
            found.append(Decision(at=entry.at, by=by, saw=saw, said=said))
    return found


def _deviations(run: Run, entries: Sequence[Entry]) -> list[str]:
    if run.planned is None:
        return []
    found: list[str] = []
    tries: Counter[str] = Counter()
    for entry in entries:
        match entry.event:
            case StepIntended(step=step):
                tries[step] += 1
            case StepFailed(step=step, because=because):
                found.append(f"{step} failed: {because}")
            case StepUnknown(step=step, detail=detail):
                found.append(f"{step}: no answer came, and what had happened had to be looked up ({detail})")
            case StepNotTaken(step=step):
                found.append(f"{step}: a request had no effect")
            case StepVerified(step=step, unclear=unclear) if unclear:
                found.append(f"{step} went on although it could not be told: {'; '.join(unclear)}")
            case LeaseTaken(take_over=True, worker=worker):
                found.append(f"worker {worker} took the run over from another")
            case FreezeOverridden(freeze=freeze):
                found.append(f"it ran in the freeze {freeze}")
            case BrokeGlass(by=by):
                found.append(f"{by.name} started it without the approvals it needed")
            case Decided(by=by, choice=choice):
                found.append(f"it stopped, and {by.name} chose {choice}")
            case _:
                pass
    found += [f"{step} was asked for {many} times" for step, many in tries.items() if many > 1]
    # Where a run was undone, the steps are those of the way back; what was planned and never begun is not among them then.
    found += [f"{step.id} was skipped" for step in run.steps.values() if step.state is StepState.SKIPPED]
    if run.ended is not None and tries and run.ending is not Ending.UNDONE:
        found += [f"{step.id} was never begun" for step in run.steps.values() if step.state is StepState.PENDING]
    return [*found, *_late(run, entries)]


def _late(run: Run, entries: Sequence[Entry]) -> list[str]:
    begun = [entry.at for entry in entries if isinstance(entry.event, StepIntended)]
    done = [entry.at for entry in entries if isinstance(entry.event, StepVerified)]
    risk = run.plan.risk
    if not begun or not done or not risk.planned_high or any(isinstance(entry.event, Halted) for entry in entries):
        return []
    took = (done[-1] - begun[0]).total_seconds()
    if took <= risk.planned_high:
        return []
    return [f"it took {took:.0f} s, longer than the {risk.planned_low:.0f} to {risk.planned_high:.0f} s that were predicted"]


def _standing(run: Run) -> list[str]:
    """What the run left as it is and nobody took back."""
    if run.planned is None or run.ended is None:
        return []
    found = [line for step in run.steps.values() if (line := _left(run, step)) is not None]
    if any(step.touched for step in run.steps.values()) and run.ending is not Ending.UNDONE:
        found += [
            f"{hazard.kind} migration {hazard.migration} of {hazard.service} {hazard.release} is still applied"
            for hazard in run.plan.hazards
        ]
    return found


def _left(run: Run, step: Step) -> str | None:
    service, now = step.service, f"{step.to}"
    if step.state is StepState.FAILED:
        where = (
            f"runs {now}, but did not pass its gates" if step.settled else f"was on its way to {now} when it failed: look at it"
        )
        return f"{service} {where}"
    if run.ending is Ending.FINISHED or not step.touched:
        return None
    if run.undoing:
        return None if step.state in (StepState.VERIFIED, StepState.SETTLED) else f"{service} was not brought back to {now}"
    if step.state in (StepState.VERIFIED, StepState.SETTLED):
        return f"{service} stays at {now}, where this run brought it"
    return f"{service} was asked to go to {now}, and nobody looked whether it did"
