"""What Rollbot asks of the systems around it. Adapters implement these; `tests/integrations/contract.py` holds them to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from planner.duty_events import Duty
from planner.facts import Check, Release, Service
from planner.names import ServiceName, Version
from planner.verdict import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogFacts:
    """What a catalog knows: services by name, and what it could not make sense of, in words."""

    services: Mapping[ServiceName, Service]
    warnings: tuple[str, ...] = ()


class Catalog(Protocol):
    """Says what exists and what depends on what."""

    async def load(self) -> CatalogFacts:
        """Everything it knows now. Raises `Unavailable`, or `Rejected` naming file, line and every error at once."""
        ...


class Phase(StrEnum):
    """How far the system that runs a service has come."""

    ABSENT = "absent"
    PROGRESSING = "progressing"
    CONVERGED = "converged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What really runs, asked of the system that runs it.

    `running` is the release that answers now, `None` where none does. `old_left` counts instances of other releases, those still
    ending included. `restarts` counts restarts since the last `apply`. `key` is the idempotency key of the last `apply` that this
    system knows of. `detail` says in words what was seen (exit code, last lines of output), without secrets.
    """

    phase: Phase
    running: Version | None
    old_left: int = 0
    restarts: int = 0
    key: str | None = None
    detail: str = ""


class FindingLevel(StrEnum):
    """How much a finding matters."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a preflight saw that people should know before they approve.

    `leaves` says what would be left to be done after a rollback in spite of it; `service` is filled in by who asked.
    """

    level: FindingLevel
    text: str
    leaves: Duty | None = None
    service: ServiceName | None = None


class Runtime(Protocol):
    """Runs services: knows what runs, and makes a service run another release. One instance serves all services of its kind."""

    async def current(self, service: Service) -> Version | None:
        """The release in place: the one that runs or, where it has died, the one that should; `None` where there is none.

        Raises `Unavailable`.
        """
        ...

    async def releases(self, service: Service) -> tuple[Release, ...]:
        """Releases that this system itself remembers, oldest first; empty where it keeps no history."""
        ...

    async def preflight(self, service: Service, to: Release) -> tuple[Finding, ...]:
        """What stands against running `to`, found without changing anything."""
        ...

    async def apply(self, service: Service, to: Release, *, expect: Version | None, key: str) -> None:
        """Make the service run `to` if it now runs `expect` (`None`: if nothing runs). One that has died counts as both.

        Returns when the request is in the system's hands, not when it is done: `observe` tells that. The same `key` again goes
        on with what it began and never starts a second time. Raises `Conflict` where something else runs, `Rejected`,
        `Unavailable` (nothing happened) or `OutcomeUnknown`.
        """
        ...

    async def observe(self, service: Service, to: Release, *, key: str) -> Observation:
        """How far the service is on its way to `to`. Changes nothing. Raises `Unavailable`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One registered instance of a service. `id` is unique in the registry and says where it is.

    `version` is `None` where it does not say one. `listed` says that somebody who asks the registry may be sent to it, `passing`
    that nothing speaks against that. `held` is the reason for which it was taken out of discovery by hand or by us.
    """

    id: str
    version: Version | None
    listed: bool
    passing: bool
    held: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Who is registered at one moment. `mark` tells the registry what was seen, where it can wait for a change."""

    instances: tuple[Instance, ...]
    mark: int = 0


class Registry(Protocol):
    """Says who is discoverable, and takes instances out of discovery and puts them back. One serves all services of its kind."""

    async def look(self, service: Service, *, since: Discovery | None = None, limit: float = 0.0) -> Discovery:
        """Everybody who is registered; with `since`, not before something changed or `limit` seconds are over.

        Raises `Unavailable`, or `Rejected` where we may not see them all: an empty answer always means that nobody is there.
        """
        ...

    async def drain(self, service: Service, instance: Instance, *, key: str) -> None:
        """Take an instance out of discovery, for the reason `key`. Again does no harm; one that is held already stays as it is.

        Raises `Rejected` where it is not there, `Unavailable` (nothing happened) or `OutcomeUnknown`.
        """
        ...

    async def restore(self, service: Service, instance: Instance, *, key: str) -> None:
        """Put back an instance that was taken out for this very `key`; one that others hold stays as it is. Raises as `drain`."""
        ...


class Probe(Protocol):
    """Measures something about a running service."""

    async def measure(self, check: Check) -> Measurement:
        """One measurement. Not being able to measure is an outcome (`error`), never an exception."""
        ...
