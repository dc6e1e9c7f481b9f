"""A run as spans of time: for each step when it waited, executed, was verified and failed, and what people did when.

The same numbers are drawn (`planner.drawing.run`) and counted (`minutes`). Pure: entries in, values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from planner.events import (
    Approved,
    Asked,
    Decided,
    Ended,
    Entry,
    Gate,
    GateJudged,
    Granted,
    Halted,
    Planned,
    StepFailed,
    StepIntended,
    StepVerified,
    StopAsked,
)
from planner.names import RunId
from planner.run import replay
from planner.verdict import Verdict


class Phase(StrEnum):
    """What a step is doing."""

    WAITING = "waiting"
    EXECUTING = "executing"
    VERIFYING = "verifying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Span:
    """A step in one phase, in seconds from the run's beginning."""

    phase: Phase
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Row:
    """One step: its spans in order, and how it stood in the end. Steps that undo are rows of their own."""

    step: str
    wave: int
    change: str
    spans: tuple[Span, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to the whole run: seconds from its beginning, and what in a few words."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run over time. `seconds` is how long it has taken so far; `over` says whether it has ended."""

    run: RunId
    target: str
    title: str
    began: datetime
    seconds: float
    over: bool
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]


def timeline(run: RunId, entries: Sequence[Entry]) -> Timeline | None:
    """The run over time; `None` for one that never had a plan."""
    state = replay(run, entries)
    if state.planned is None or not entries:
        return None
    began = entries[0].at
    reader = _Reader(began)
    for entry in entries:
        reader.read(entry)
    seconds = (entries[-1].at - began).total_seconds()
    rows = []
    for undo in (False, True):
        for move in state.plan.moves:
            name = f"undo:{move.service}" if undo else move.service
            if undo and name not in reader.turns:
                continue
            ways = (move.to_version, move.from_version) if undo else (move.from_version, move.to_version)
            spans = _spans(reader.turns.get(name, []), None if undo else reader.granted, seconds)
            said = reader.states.get(name, "not begun")
            rows.append(Row(step=name, wave=move.wave, change=" → ".join(ways), spans=spans, state=said))
    target = state.plan.target
    title = f"{target.service} {target.from_version} → {target.to_version}"
    return Timeline(run, target.service, title, began, seconds, state.ending is not None, tuple(rows), tuple(reader.marks))


def minutes(line: Timeline) -> dict[str, float]:
    """Minutes from asking to the grant, from there to the end, and step-minutes in each phase."""
    granted = next((mark.at for mark in line.marks if mark.words == "granted"), line.seconds)
    found = {"deciding": granted / 60, "running": (line.seconds - granted) / 60}
    for phase in Phase:
        spent = sum(span.end - span.begin for row in line.rows for span in row.spans if span.phase is phase)
        found[str(phase)] = spent / 60
    return {name: round(value, 2) for name, value in found.items()}


class _Reader:
    """Collects what each step turned to and when, and marks, while the log is read."""

    def __init__(self, began: datetime) -> None:
        self.began = began
        self.turns: dict[str, list[tuple[Phase | None, float]]] = {}
        self.states: dict[str, str] = {}
        self.marks: list[Mark] = []
        self.granted: float | None = None
        self.passed: dict[str, set[Gate]] = {}

    def read(self, entry: Entry) -> None:
        at = (entry.at - self.began).total_seconds()
        match entry.event:
            case StepIntended(step=step):
                self.passed[step] = set()
                self._turn(step, Phase.EXECUTING, at, "executing")
            case GateJudged(step=step, gate=gate, verdict=Verdict.PASS) if step in self.passed:
                self.passed[step].add(gate)
                if gate is Gate.STABLE and self.passed[step] >= {Gate.IDENTITY, Gate.CONVERGED}:
                    self._turn(step, Phase.VERIFYING, at, "settled")
            case StepVerified(step=step):
                self._turn(step, None, at, "verified")
            case StepFailed(step=step):
                self._turn(step, Phase.FAILED, at, "failed")
            case _:
                self._mark(entry, at)

    def _mark(self, entry: Entry, at: float) -> None:
        event = entry.event
        match event:
            case Asked():
                self.marks.append(Mark(at, f"{event.by.name} asked"))
            case Planned():
                self.marks.append(Mark(at, "planned"))
            case Approved():
                older = f" (on run {event.carried_from})" if event.carried_from else ""
                self.marks.append(Mark(at, f"{event.by.name} approved{older}"))
            case Granted():
                self.granted = at
                self.marks.append(Mark(at, "granted"))
            case Halted():
                self.marks.append(Mark(at, "stopped for people"))
            case Decided():
                self.marks.append(Mark(at, f"{event.by.name}: {event.choice}"))
            case StopAsked():
                self.marks.append(Mark(at, f"{event.by.name} asked to stop"))
            case Ended():
                self.marks.append(Mark(at, f"ended: {event.ending}"))
            case _:
                pass

    def _turn(self, step: str, phase: Phase | None, at: float, state: str) -> None:
        self.turns.setdefault(step, []).append((phase, at))
        self.states[step] = state


def _spans(turns: Sequence[tuple[Phase | None, float]], granted: float | None, seconds: float) -> tuple[Span, ...]:
    """Each phase until the next; the last until the run's end."""
    if not turns:
        return (Span(Phase.WAITING, granted, seconds),) if granted is not None else ()
    spans = [Span(Phase.WAITING, granted, turns[0][1])] if granted is not None and granted < turns[0][1] else []
    ends = [at for _, at in turns[1:]] + [seconds]
    spans += [Span(phase, at, end) for (phase, at), end in zip(turns, ends, strict=True) if phase is not None]
    return tuple(spans)
