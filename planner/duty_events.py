"""What a rollback leaves to be done, and what became of it: events of the environment's log, and the values they are about."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from planner.names import RunId, ServiceName, Version
from planner.people import Person


class Duty(StrEnum):
    """The sorts of things that a rollback leaves behind."""

    FIX = "fix"
    DEPLOY_LOCK = "deploy_lock"
    DATA = "data"
    GIT = "git"
    AUTO_SYNC = "auto_sync"
    AUTOSCALER = "autoscaler"
    SILENCE = "silence"
    BAD_VERSION = "bad_version"
    SECOND_LOOK = "second_look"
    DISCOVERY = "discovery"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Whose it is and until when. Its words stand at the same place among the obligations of the run's end."""

    duty: Duty
    service: ServiceName | None = None
    version: Version | None = None
    owner: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What a system said beforehand that it would leave to be done (Git not reverted, an autoscaler suspended), in words."""

    duty: Duty
    service: ServiceName
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyReminded:
    """Somebody was reminded, for the `times`th time, of what is due."""

    kind: Literal["duty_reminded"] = "duty_reminded"
    run: RunId
    number: int
    words: str
    owner: str
    due_at: datetime
    times: int
    whom: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyClosed:
    """Something that was left is done: somebody says so (`by`), or it was seen."""

    kind: Literal["duty_closed"] = "duty_closed"
    run: RunId
    number: int
    words: str
    because: str
    by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploysHeld:
    """Forward deploys of these services are locked since this rollback, until somebody lets them go."""

    kind: Literal["deploys_held"] = "deploys_held"
    run: RunId
    services: tuple[ServiceName, ...]
    reason: str
    asked_by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploysReleased:
    """Forward deploys of a service may go again. Without `by` it was the way forward of that rollback."""

    kind: Literal["deploys_released"] = "deploys_released"
    run: RunId
    service: ServiceName
    by: Person | None = None
    note: str | None = None
