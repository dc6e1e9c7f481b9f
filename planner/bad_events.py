"""Versions that must not be gone back to, nor shipped again: events of the environment's log."""

from dataclasses import dataclass
from typing import Literal

from planner.names import RunId, ServiceName, Version
from planner.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class BadMarked:
    """A version must not be gone back to, nor shipped again. `run` is the rollback that went away from it."""

    kind: Literal["bad_marked"] = "bad_marked"
    service: ServiceName
    version: Version
    reason: str
    by: Person | None = None
    run: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCleared:
    """A version is no longer remembered as bad."""

    kind: Literal["bad_cleared"] = "bad_cleared"
    service: ServiceName
    version: Version
    by: Person
    reason: str
