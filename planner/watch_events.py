"""What was measured around a rollback: before its first step, and in the settle watch after its end.

The first belongs to the run's log. A run's log ends with the run, so what the watch sees stands in the environment's log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from planner.names import RunId, ServiceName, Version
from planner.people import Person
from planner.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one check of one service said, with its arithmetic. `check` is empty for the question which release runs."""

    service: ServiceName
    check: str
    verdict: Verdict
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineTaken:
    """Before the first step: how the services around the plan, and the one that people roll back, were doing."""

    kind: Literal["baseline_taken"] = "baseline_taken"
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBegan:
    """A finished run is watched until `until`: `running` is what should run. `asked_by` is told if it should not stay so."""

    kind: Literal["watch_began"] = "watch_began"
    run: RunId
    running: Mapping[ServiceName, Version]
    until: datetime
    every: float
    asked_by: Person | None = None

    @property
    def services(self) -> tuple[ServiceName, ...]:
        """What is watched."""
        return tuple(self.running)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLooked:
    """One look: everything that did not pass, and of what passed how many (`passed`). `gone` were taken over by another run.

    `readings` holds all of them where they are few enough to be kept.
    """

    kind: Literal["watch_looked"] = "watch_looked"
    run: RunId
    readings: tuple[Reading, ...]
    passed: int
    gone: tuple[ServiceName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEnded:
    """What the watch says in the end, after so many looks."""

    kind: Literal["watch_ended"] = "watch_ended"
    run: RunId
    services: tuple[ServiceName, ...]
    verdict: Verdict
    because: str
    looks: int
    asked_by: Person | None = None
