"""What people do with locks and with second looks: events of the environment's log that belong to no run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from planner.names import RunId, ServiceName
from planner.people import Person, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Somebody holds a service by hand; without `until` they hold it until they give it back."""

    kind: Literal["locked"] = "locked"
    service: ServiceName
    by: Person
    reason: str
    since: datetime
    until: datetime | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """Somebody gave back what they held by hand."""

    kind: Literal["unlocked"] = "unlocked"
    service: ServiceName
    by: Person
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockExpired:
    """The time for which somebody held a service was over. `place` is where they took it."""

    kind: Literal["lock_expired"] = "lock_expired"
    service: ServiceName
    holder: Person
    until: datetime
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockBroken:
    """Somebody ended another person's hold. `place` is where that was taken: the holder is told there."""

    kind: Literal["lock_broken"] = "lock_broken"
    service: ServiceName
    by: Person
    reason: str
    holder: Person
    held_for: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitAsked:
    """Somebody wants to be told when all these services are free."""

    kind: Literal["wait_asked"] = "wait_asked"
    services: tuple[ServiceName, ...]
    by: Person
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAsked:
    """Somebody asks whoever holds a service to give it back. `place` is where the holder is told, or the thread of `run`."""

    kind: Literal["release_asked"] = "release_asked"
    service: ServiceName
    by: Person
    holder: Person
    wanted: str
    run: RunId | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiterCalled:
    """What somebody waited for is free: they are told, once. `position` is their place among those called now, from 1."""

    kind: Literal["waiter_called"] = "waiter_called"
    services: tuple[ServiceName, ...]
    waiter: Person
    asked_at: datetime
    position: int
    of: int
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLookAsked:
    """A run was started past its approvals: somebody else has to look at it, until they say so."""

    kind: Literal["second_look_asked"] = "second_look_asked"
    run: RunId
    by: Person
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Somebody looked at a run that was started past its approvals."""

    kind: Literal["reviewed"] = "reviewed"
    run: RunId
    by: Person
    note: str | None = None
