"""What our own log says about how steps go: each part of each step, how it ended and how long it took.

A part counts once for every try. `stop` is over when the runtime has taken the request, `start` when the service runs the right
release and stays up, `verify` when its checks are judged. What people were asked, and how long they took, counts too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from planner.events import (
    Asked,
    Choice,
    Decided,
    Entry,
    Gate,
    GateJudged,
    Halted,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepVerified,
)
from planner.names import ServiceName, Version
from planner.rates import Part
from planner.verdict import Verdict

_SETTLING = (Gate.IDENTITY, Gate.CONVERGED, Gate.STABLE)


@dataclass(frozen=True, slots=True)
class Seen:
    """One part of one try: whether it worked, and its seconds where it did and both ends of it were seen."""

    service: ServiceName
    part: Part
    worked: bool
    seconds: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """What people chose for a halted run, and after how many seconds."""

    choice: Choice
    seconds: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Proven:
    """A release that a step went back to, and that passed all its gates, at least one check among them."""

    service: ServiceName
    version: Version


@dataclass(frozen=True, slots=True)
class Experience:
    """Everything one run has taught."""

    seen: tuple[Seen, ...] = ()
    turns: tuple[Turn, ...] = ()
    proven: tuple[Proven, ...] = ()


@dataclass(slots=True)
class _Try:
    """A step between its intent and its judgement."""

    since: datetime | None
    to: Version
    part: Part = Part.STOP
    checked: bool = False
    passed: set[Gate] = field(default_factory=set)


def experience(entries: Iterable[Entry]) -> Experience:
    """What one run's log teaches. A log that is still being written teaches what it has."""
    seen: list[Seen] = []
    turns: list[Turn] = []
    proven: list[Proven] = []
    back = False
    tries: dict[str, _Try] = {}
    halted: datetime | None = None
    for entry in entries:
        match entry.event:
            case Asked(forward_of=older):
                back = older is not None
            case StepIntended(step=step, to=to):
                tries[step] = _Try(since=entry.at, to=to)
            case StepAccepted(step=step, recovered=recovered) if step in tries:
                # Found by looking after a crash: that it worked is known, how long it took is not.
                since = None if recovered else entry.at
                seen.append(_over(step, tries[step], entry.at, worked=True, timed=not recovered))
                tries[step] = _Try(since=since, to=tries[step].to, part=Part.START)
            case GateJudged(step=step, gate=gate, verdict=Verdict.PASS) if gate in _SETTLING and step in tries:
                going = tries[step]
                going.passed.add(gate)
                if going.part is Part.START and going.passed.issuperset(_SETTLING):
                    seen.append(_over(step, going, entry.at, worked=True))
                    tries[step] = _Try(since=entry.at, to=going.to, part=Part.VERIFY, checked=going.checked)
            case GateJudged(step=step, gate=Gate.INDICATORS, verdict=Verdict.PASS) if step in tries:
                tries[step].checked = True
            case StepVerified(step=step, unclear=unclear) if step in tries:
                # To undo, or to go forward again, brings back what was rolled back from: that proves nothing.
                if tries[step].checked and not unclear and not back and not step.startswith("undo:"):
                    proven.append(Proven(ServiceName(step), tries[step].to))
                seen.append(_over(step, tries.pop(step), entry.at, worked=True))
            case StepFailed(step=step) if step in tries:
                seen.append(_over(step, tries.pop(step), entry.at, worked=False))
            case Halted():
                halted = entry.at
            case Decided(choice=choice):
                seconds = (entry.at - halted).total_seconds() if halted is not None else None
                turns.append(Turn(choice, seconds, entry.at))
                halted = None
            case _:
                pass
    return Experience(tuple(seen), tuple(turns), tuple(proven))


def together(parts: Sequence[Experience]) -> Experience:
    """Everything that several runs have taught."""
    return Experience(
        tuple(seen for one in parts for seen in one.seen),
        tuple(turn for one in parts for turn in one.turns),
        tuple(proven for one in parts for proven in one.proven),
    )


def _over(step: str, going: _Try, at: datetime, *, worked: bool, timed: bool = True) -> Seen:
    seconds = (at - going.since).total_seconds() if worked and timed and going.since is not None else None
    return Seen(ServiceName(step.removeprefix("undo:")), going.part, worked, seconds, at)
