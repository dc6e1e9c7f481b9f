"""Everything that can be written into a log: what was asked, decided, done and seen.

A run's log is its memory, its stream to Slack and its audit at once; nothing is written twice. An event says what happened,
never what should happen next: that is `planner.run`'s to work out by replaying the log. Events that belong to no run go to the
environment's own log, which also holds where each run begins and the hash with which it ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from planner.bad_events import BadCleared as BadCleared
from planner.bad_events import BadMarked as BadMarked
from planner.consent import Approved as Approved
from planner.consent import BrokeGlass, FreezeOverridden, Reminded, Reminder
from planner.duty_events import DeploysHeld, DeploysReleased, DutyClosed, DutyReminded, Leftover, Owed
from planner.lock_events import (
    LockBroken,
    Locked,
    LockExpired,
    ReleaseAsked,
    Reviewed,
    SecondLookAsked,
    Unlocked,
    WaitAsked,
    WaiterCalled,
)
from planner.names import RunId, ServiceName, Version
from planner.people import Person as Person
from planner.people import Place as Place
from planner.plan import Plan, Request
from planner.refusal import Code
from planner.registry_events import RegistryEvent
from planner.verdict import Outcome, Verdict
from planner.watch_events import BaselineTaken, WatchBegan, WatchEnded, WatchLooked


class Gate(StrEnum):
    """The questions a step must pass, in order. The first three let the plan move on, the next two mark the step verified.

    `symptom` is asked once, of the service that people rolled back, and is told apart: it fails nothing.
    """

    IDENTITY = "identity"
    CONVERGED = "converged"
    STABLE = "stable"
    INDICATORS = "indicators"
    NEIGHBOURS = "neighbours"
    SYMPTOM = "symptom"


class Choice(StrEnum):
    """What people can do with a halted run."""

    RETRY = "retry"
    SKIP = "skip"
    UNDO = "undo"
    LEAVE = "leave"


class Ending(StrEnum):
    """How a run ended. The first six mean that nothing was touched."""

    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    STALE = "stale"
    BLOCKED = "blocked"
    FINISHED = "finished"
    UNDONE = "undone"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody asked for a rollback in these words; with `forward_of`, to take that finished run's rollback back again."""

    kind: Literal["asked"] = "asked"
    by: Person
    words: str
    request: Request
    place: Place | None = None
    reason: str | None = None
    dry_run: bool = False
    forward_of: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """This plan answers the request; it waits for `approvals` approvals until `expires_at`, with reminders on the way."""

    kind: Literal["planned"] = "planned"
    plan: Plan
    approvals: int
    expires_at: datetime
    findings: tuple[str, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    leftovers: tuple[Leftover, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PressRefused:
    """Somebody pressed a button or typed its twin, and was told no."""

    kind: Literal["press_refused"] = "press_refused"
    by: Person
    verb: str
    code: Code
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Enough approvals: the run may start."""

    kind: Literal["granted"] = "granted"
    approvals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTaken:
    """A worker took the run into its hands. `epoch` is its fencing number; `take_over` says that another held it before."""

    kind: Literal["lease_taken"] = "lease_taken"
    worker: str
    epoch: int
    take_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LocksTaken:
    """The run holds all these services."""

    kind: Literal["locks_taken"] = "locks_taken"
    services: tuple[ServiceName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """Under the lock, the world still is what the plan stands on."""

    kind: Literal["surveyed"] = "surveyed"
    facts: Mapping[ServiceName, Version]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepIntended:
    """Written before the effect: this service is about to be asked to go from one release to another."""

    kind: Literal["step_intended"] = "step_intended"
    step: str
    attempt: int
    expect: Version | None
    to: Version
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAccepted:
    """The system that runs the service took the request, or is seen to have taken it (`recovered`)."""

    kind: Literal["step_accepted"] = "step_accepted"
    step: str
    key: str
    recovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUnknown:
    """No answer came: it may have happened. Only an observation leads out of this state."""

    kind: Literal["step_unknown"] = "step_unknown"
    step: str
    key: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNotTaken:
    """Observed: the request had no effect; `running` runs, and it is safe to ask again."""

    kind: Literal["step_not_taken"] = "step_not_taken"
    step: str
    key: str
    running: Version | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement of a check."""

    kind: Literal["measured"] = "measured"
    step: str
    check: str
    outcome: Outcome
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateJudged:
    """What a gate of a step said in the end. `check` names the check for the gate `indicators`."""

    kind: Literal["gate_judged"] = "gate_judged"
    step: str
    gate: Gate
    check: str | None = None
    verdict: Verdict
    because: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepVerified:
    """The step passed all its gates. `unclear` holds the gates that could not tell, which people should look at."""

    kind: Literal["step_verified"] = "step_verified"
    step: str
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    """The step did not do what it should. `settled` says that its service does run the release it should run."""

    kind: Literal["step_failed"] = "step_failed"
    step: str
    because: str
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """Nothing new will be started until somebody decides."""

    kind: Literal["halted"] = "halted"
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Somebody decided what to do with a halted run."""

    kind: Literal["decided"] = "decided"
    by: Person
    choice: Choice
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Somebody asked a running run to stop at the next safe point."""

    kind: Literal["stop_asked"] = "stop_asked"
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The last event of a run. `by` is who ended it, where it was a person; `superseded_by` the run that took its place.

    `owed` says of each obligation whose it is and until when; logs written before there was such a thing have none.
    """

    kind: Literal["ended"] = "ended"
    ending: Ending
    because: str
    by: Person | None = None
    superseded_by: RunId | None = None
    obligations: tuple[str, ...] = ()
    owed: tuple[Owed, ...] = ()
    watch_until: datetime | None = None


RunEvent = (
    Asked
    | Planned
    | Approved
    | Reminded
    | FreezeOverridden
    | BrokeGlass
    | PressRefused
    | Granted
    | LeaseTaken
    | LocksTaken
    | Surveyed
    | BaselineTaken
    | StepIntended
    | StepAccepted
    | StepUnknown
    | StepNotTaken
    | Measured
    | GateJudged
    | StepVerified
    | StepFailed
    | RegistryEvent
    | Halted
    | Decided
    | StopAsked
    | Ended
)
"""What can stand in a run's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened:
    """A run's log begins."""

    kind: Literal["run_opened"] = "run_opened"
    run: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSealed:
    """A run's log ended with this entry: what it held until then can no longer be changed unseen."""

    kind: Literal["run_sealed"] = "run_sealed"
    run: RunId
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused:
    """Somebody asked for something and was told no, and no run came of it."""

    kind: Literal["command_refused"] = "command_refused"
    by: Person
    words: str
    code: Code
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """A checkpoint: this log up to entry `seq`, and the logs of the `runs` runs that had ended by then, went to an archive.

    `hash` is the hash of entry `seq`, `manifest` the SHA-256 of the segment's manifest, and `open` are the runs that had begun by
    then and went on.
    """

    kind: Literal["trimmed"] = "trimmed"
    by: Person
    segment: int
    seq: int
    hash: str
    manifest: str
    runs: int
    open: tuple[RunId, ...] = ()


EnvironmentEvent = (
    RunOpened
    | RunSealed
    | Trimmed
    | CommandRefused
    | BadMarked
    | BadCleared
    | Locked
    | Unlocked
    | LockExpired
    | LockBroken
    | WaitAsked
    | ReleaseAsked
    | WaiterCalled
    | SecondLookAsked
    | Reviewed
    | WatchBegan
    | WatchLooked
    | WatchEnded
    | DeploysHeld
    | DeploysReleased
    | DutyReminded
    | DutyClosed
)
"""What can stand in the environment's own log."""

Event = RunEvent | EnvironmentEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a log. `seq` counts from 1 without gaps; `hash` covers the line and the hash before it."""

    seq: int
    at: datetime
    event: Event
    hash: str = field(default="", compare=False)
