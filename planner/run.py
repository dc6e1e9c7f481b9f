"""A run as its log tells it: replay the entries, get where it stands.

Nothing about a run is remembered anywhere else, so a restart, another replica and the audit all see the same run. What should
happen next is worked out in `planner.next_actions`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from planner.consent import BrokeGlass, FreezeOverridden, Reminded
from planner.events import (
    Approved,
    Asked,
    Choice,
    Decided,
    Ended,
    Ending,
    Entry,
    Gate,
    GateJudged,
    Granted,
    Halted,
    LeaseTaken,
    LocksTaken,
    Measured,
    Person,
    Planned,
    PressRefused,
    RunEvent,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepNotTaken,
    StepUnknown,
    StepVerified,
    StopAsked,
    Surveyed,
)
from planner.facts import NOTHING
from planner.names import RunId, ServiceName, Version
from planner.plan import Move, Plan
from planner.registry_events import Drained, DrainIntended, RegistryEvent, Restored, RestoreFailed, RestoreIntended
from planner.verdict import Measurement, Verdict
from planner.watch_events import BaselineTaken


class Stage(StrEnum):
    """Where a run stands as a whole."""

    PLANNING = "planning"
    WAITING = "waiting"
    GRANTED = "granted"
    RUNNING = "running"
    HALTED = "halted"
    ENDED = "ended"


class StepState(StrEnum):
    """Where a step stands. `settled` means that its service runs the release and the plan may move on."""

    PENDING = "pending"
    INTENDED = "intended"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    VERIFIED = "verified"
    FAILED = "failed"
    SKIPPED = "skipped"


DONE = frozenset({StepState.SETTLED, StepState.VERIFIED, StepState.SKIPPED})
"""States that let the next wave begin."""
AFOOT = frozenset({StepState.INTENDED, StepState.UNKNOWN, StepState.ACCEPTED})
"""States in which an effect may be on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What a gate said, and how long it took in seconds."""

    verdict: Verdict
    because: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One move being carried out, forwards or, after `undo`, back.

    `running` is what an observation last found where the request had no effect; `expect` is what the next request must find.
    `gates` is keyed by gate, or `indicators:NAME` for each check. `touched` says that a request may have gone out. `tries` counts
    the requests since the last one that was taken, or since people decided. `held` are instances that it may have taken out of
    discovery and that were not seen back, `stranded` is why they could not be put back, `left` are registrations of another
    release that stay out. `converged_at` is when the release was seen to be in place: what was measured before tells of the one
    before it.
    """

    id: str
    service: ServiceName
    expect: Version | None
    to: Version
    wave: int
    group: str | None = None
    state: StepState = StepState.PENDING
    attempt: int = 0
    tries: int = 0
    key: str = ""
    touched: bool = False
    settled: bool = False
    gates: Mapping[str, GateResult] = field(default_factory=lambda: NOTHING)
    measured: Mapping[str, tuple[Measurement, ...]] = field(default_factory=lambda: NOTHING)
    because: str = ""
    unclear: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    stranded: str = ""
    left: tuple[str, ...] = ()
    began_at: datetime | None = None
    converged_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run at one entry of its log. `steps` are those of the present direction, by id, in plan order.

    `fruitless` counts the workers in a row that took the run up and left nothing in the log that brings it further.
    """

    id: RunId
    seq: int = 0
    hash: str = ""
    stage: Stage = Stage.PLANNING
    asked: Asked | None = None
    planned: Planned | None = None
    approvals: tuple[Approved, ...] = ()
    reminded: tuple[Reminded, ...] = ()
    overridden: tuple[FreezeOverridden, ...] = ()
    glass: BrokeGlass | None = None
    steps: Mapping[str, Step] = field(default_factory=lambda: NOTHING)
    undoing: bool = False
    locked: bool = False
    surveyed: bool = False
    baseline: BaselineTaken | None = None
    fruitless: int = 0
    stop_asked: Person | None = None
    because: str = ""
    ended: Ended | None = None
    decisions: tuple[Decided, ...] = ()
    asked_at: datetime | None = None
    granted_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def plan(self) -> Plan:
        """The plan; only a run past `planning` has one."""
        if self.planned is None:
            raise ValueError(f"run {self.id} has no plan yet")
        return self.planned.plan

    @property
    def ending(self) -> Ending | None:
        """How it ended, or `None` while it has not."""
        return self.ended.ending if self.ended else None

    @property
    def waves(self) -> tuple[tuple[Step, ...], ...]:
        """The steps of each wave, in the order in which the waves are done in the present direction."""
        numbers = sorted({step.wave for step in self.steps.values()}, reverse=self.undoing)
        return tuple(tuple(step for step in self.steps.values() if step.wave == number) for number in numbers)


def replay(run: RunId, entries: Iterable[Entry]) -> Run:
    """The run that these entries, in order and from the first, tell."""
    state = Run(id=run)
    for entry in entries:
        state = follow(state, entry)
    return state


def follow(run: Run, entry: Entry) -> Run:
    """The run after one more entry."""
    event = entry.event
    if not isinstance(event, RunEvent):
        raise TypeError(f"{event.kind} does not belong in the log of run {run.id}")
    return replace(_apply(run, event, entry.at), seq=entry.seq, hash=entry.hash, fruitless=_fruitless(run, event))


def _fruitless(run: Run, event: RunEvent) -> int:
    """What is written anew by every worker that comes along is not counted as getting further."""
    match event:
        case LeaseTaken():
            return run.fruitless + 1
        case DrainIntended() | Drained() | RestoreIntended() | Restored() | RestoreFailed():
            return run.fruitless
        case PressRefused() | StopAsked() | StepIntended() | StepNotTaken() | StepUnknown():
            return run.fruitless
        case GateJudged(gate=Gate.IDENTITY | Gate.CONVERGED):
            return run.fruitless
        case _:
            return 0


def _apply(run: Run, event: RunEvent, at: datetime) -> Run:
    match event:
        case Asked():
            return replace(run, asked=event, asked_at=at)
        case Planned():
            return replace(run, planned=event, stage=Stage.WAITING, steps=_forward(event.plan))
        case Approved():
            # Everybody counts once: a yes to this very plan takes the place of one that was carried over.
            return replace(run, approvals=(*(a for a in run.approvals if a.by.id != event.by.id), event))
        case Reminded():
            return replace(run, reminded=(*run.reminded, event))
        case FreezeOverridden():
            return replace(run, overridden=(*run.overridden, event))
        case BrokeGlass():
            return replace(run, glass=event)
        case Granted():
            return replace(run, stage=Stage.GRANTED, granted_at=at)
        case LocksTaken():
            return replace(run, locked=True, stage=Stage.RUNNING)
        case Surveyed():
            return replace(run, surveyed=True)
        case BaselineTaken():
            return replace(run, baseline=event)
        case Halted():
            return replace(run, stage=Stage.HALTED, because=event.because, stop_asked=None)
        case Decided():
            return _decided(replace(run, decisions=(*run.decisions, event)), event)
        case StopAsked():
            return replace(run, stop_asked=event.by)
        case Ended():
            return replace(run, stage=Stage.ENDED, ended=event, ended_at=at, because=event.because, locked=False)
        case PressRefused() | LeaseTaken():
            return run
        case (
            StepIntended()
            | StepAccepted()
            | StepUnknown()
            | StepNotTaken()
            | Measured()
            | GateJudged()
            | StepVerified()
            | StepFailed()
            | DrainIntended()
            | Drained()
            | RestoreIntended()
            | Restored()
            | RestoreFailed()
        ):
            step = _step(run.steps[event.step], event, at)
            return replace(run, steps={**run.steps, step.id: step})
    assert_never(event)


StepEvent = (
    StepIntended | StepAccepted | StepUnknown | StepNotTaken | Measured | GateJudged | StepVerified | StepFailed | RegistryEvent
)
_SETTLING = (Gate.IDENTITY, Gate.CONVERGED, Gate.STABLE)


def _step(step: Step, event: StepEvent, at: datetime) -> Step:
    match event:
        case StepIntended():
            return replace(
                step,
                state=StepState.INTENDED,
                attempt=event.attempt,
                tries=step.tries + 1,
                expect=event.expect,
                key=event.key,
                touched=True,
                gates=NOTHING,
                measured=NOTHING,
                because="",
                began_at=step.began_at or at,
            )
        case StepAccepted():
            return replace(step, state=StepState.ACCEPTED, tries=0)
        case StepUnknown():
            return replace(step, state=StepState.UNKNOWN, because=event.detail)
        case StepNotTaken():
            return replace(step, state=StepState.PENDING, expect=event.running, because="")
        case Measured():
            taken = (*step.measured.get(event.check, ()), Measurement(outcome=event.outcome, seen=event.seen))
            return replace(step, measured={**step.measured, event.check: taken})
        case GateJudged():
            name = event.gate.value if event.check is None else f"{event.gate.value}:{event.check}"
            result = GateResult(verdict=event.verdict, because=event.because, seconds=event.seconds)
            gates = {**step.gates, name: result}
            if event.gate is Gate.CONVERGED:
                step = replace(step, converged_at=at)
            settled = all(gates[gate].verdict is Verdict.PASS if gate in gates else False for gate in _SETTLING)
            if settled and step.state is StepState.ACCEPTED:
                return replace(step, gates=gates, state=StepState.SETTLED, settled=True)
            return replace(step, gates=gates)
        case StepVerified():
            return replace(step, state=StepState.VERIFIED, unclear=event.unclear, ended_at=at)
        case StepFailed():
            return replace(step, state=StepState.FAILED, because=event.because, settled=event.settled, ended_at=at)
        case DrainIntended():
            return replace(step, held=tuple(dict.fromkeys((*step.held, *event.instances))))
        case Drained() | RestoreIntended():
            return step
        case Restored():
            return replace(step, held=(), stranded="", left=event.left)
        case RestoreFailed():
            return replace(step, held=event.instances, stranded=event.because)
    assert_never(event)


def _decided(run: Run, event: Decided) -> Run:
    # A run that was halted before it had its locks must take them first.
    on = Stage.RUNNING if run.locked else Stage.GRANTED
    match event.choice:
        case Choice.RETRY:
            again = {s.id: _again(s) if _failed(s) else replace(s, tries=0, stranded="") for s in run.steps.values()}
            return replace(run, stage=on, because="", steps=again)
        case Choice.SKIP:
            passed = {s.id: replace(s, state=StepState.SKIPPED, stranded="") for s in run.steps.values() if _failed(s)}
            return replace(run, stage=on, because="", steps={**run.steps, **passed})
        case Choice.UNDO:
            return replace(run, stage=on, because="", undoing=True, steps=_backward(run))
        case Choice.LEAVE:
            return run
    assert_never(event.choice)


def _failed(step: Step) -> bool:
    return step.state is StepState.FAILED


def _again(step: Step) -> Step:
    """The step to be tried anew. What runs after a failure is not known: look before asking, and then ask under a new key."""
    state = StepState.UNKNOWN if step.touched else StepState.PENDING
    again = replace(step, state=state, key="", tries=0, settled=False, gates=NOTHING, measured=NOTHING, ended_at=None)
    return replace(again, stranded="")


def _forward(plan: Plan) -> dict[str, Step]:
    return {move.service: _begin(move) for move in plan.moves}


def _begin(move: Move) -> Step:
    return Step(
        id=move.service,
        service=move.service,
        expect=move.from_version,
        to=move.to_version,
        wave=move.wave,
        group=move.group,
    )


def _backward(run: Run) -> dict[str, Step]:
    """The steps that take back what was touched: the same states are met in reverse, so it is as safe as the way there."""
    back = {}
    for move in run.plan.moves:
        step = run.steps[move.service]
        if not step.touched:
            continue
        back[f"undo:{move.service}"] = Step(
            id=f"undo:{move.service}",
            service=move.service,
            expect=move.to_version,
            to=move.from_version,
            wave=move.wave,
            group=move.group,
            # A step that failed half-way may run either release or none; only an observation can tell.
            state=StepState.PENDING if step.settled else StepState.UNKNOWN,
            held=step.held,
        )
    return back
