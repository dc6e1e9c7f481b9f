"""An approval, and what happens around it: who is called when nobody decides, and what somebody takes upon themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from planner.names import ActorId, RunId
from planner.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Somebody with the right to do so approved exactly this plan. `own` says that it was their own request.

    With `carried_from` they approved the plan of that run at `given_at`, and this plan does nothing that that one did not;
    `digest` is then the one that they saw (`planner.standing`).
    """

    kind: Literal["approved"] = "approved"
    by: Person
    digest: str
    own: bool = False
    carried_from: RunId | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Whom to call at which moment if nobody has decided by then. `escalated`: from then on they may approve too."""

    at: datetime
    users: tuple[ActorId, ...] = ()
    groups: tuple[str, ...] = ()
    escalated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """Nobody has decided yet, and people were called; `reminder` is its place in the plan's list of reminders, from 0."""

    kind: Literal["reminded"] = "reminded"
    reminder: int
    users: tuple[ActorId, ...] = ()
    groups: tuple[str, ...] = ()
    escalated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeOverridden:
    """Somebody asked for this rollback in spite of a freeze that it names."""

    kind: Literal["freeze_overridden"] = "freeze_overridden"
    freeze: str
    by: Person
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokeGlass:
    """Somebody starts the run without the approvals it needs; `users` and `groups` are told, one of them must look at it."""

    kind: Literal["broke_glass"] = "broke_glass"
    by: Person
    reason: str
    users: tuple[ActorId, ...] = ()
    groups: tuple[str, ...] = ()
