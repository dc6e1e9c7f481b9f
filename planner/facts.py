"""What is known of services before anybody plans: services, their releases, what those need of each other.

These are plain values. They are made by the catalog adapters, which check what comes from outside; nothing here checks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from planner.names import ServiceName, Version
from planner.ranges import Range

NOTHING: Mapping[Any, Any] = MappingProxyType({})


class Verified(StrEnum):
    """What somebody who ran a release learned about it."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class MigrationKind(StrEnum):
    """What a schema or data change does to the release before it."""

    EXPAND = "expand"
    CONTRACT = "contract"
    DATA = "data"
    UNKNOWN = "unknown"

    @property
    def is_hazard(self) -> bool:
        """Whether going back across such a migration can lose or misread data."""
        return self is not MigrationKind.EXPAND


class EdgeKind(StrEnum):
    """How one service depends on another."""

    CALLS = "calls"
    PUBLISHES = "publishes"
    STORES = "stores"


class Origin(StrEnum):
    """Who says that one service depends on another."""

    DECLARED = "declared"
    IMPORTED = "imported"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One schema or data change that a release brought."""

    id: str
    kind: MigrationKind


# A tuple because catalogs hold millions of them: a frozen dataclass takes four times as long to make.
class Release(NamedTuple):
    """One version of a service that once went live.

    `requires` says which versions of other services this release works with, whichever way the calls go. It holds only what
    was declared; ranges derived from history are the planner's business.
    """

    version: Version
    deployed_at: datetime | None = None
    verified: Verified = Verified.UNKNOWN
    artifact: str | None = None
    requires: Mapping[ServiceName, Range] = NOTHING
    migrations: tuple[Migration, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A dependency on `service`, who says so, and how old that is.

    `source` names where an imported or observed one comes from. `seen_at` is when calls were last seen, on a declared one too;
    `rate` is how many there were, in calls a second, over `window` seconds.
    """

    service: ServiceName
    kind: EdgeKind = EdgeKind.CALLS
    origin: Origin = Origin.DECLARED
    source: str | None = None
    seen_at: datetime | None = None
    rate: float | None = None
    window: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One measurement that a gate asks for, and when its answers add up to a verdict (rules in `planner.verdict`).

    `settings` belong to the probe named by `probe` (url, expect, query, …). Times are seconds. Nothing is measured before
    `warmup` has passed since the release was in place. A `symptom` is what people look at in an incident: it is told apart and
    fails nothing.
    """

    name: str
    probe: str
    settings: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    interval: float = 1.0
    count: int = 5
    failure_limit: int = 0
    error_limit: int = 4
    unclear_limit: int = 0
    warmup: float = 0.0
    symptom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: who it is, how it is run, what it depends on, and every release known of it, oldest first.

    `current` is what the catalog says runs now, `None` where only the runtime can tell. `runtime` holds the runtime adapter's
    `kind` and its settings as the catalog gives them, `registry` those of the service registry through which others find it.
    """

    name: ServiceName
    owner: str | None = None
    tier: int | None = None
    current: Version | None = None
    runtime: Mapping[str, Any] | None = None
    registry: Mapping[str, Any] | None = None
    depends_on: tuple[Edge, ...] = ()
    checks: tuple[Check, ...] = ()
    security_floor: Version | None = None
    releases: tuple[Release, ...] = ()

    def release(self, version: Version) -> Release | None:
        """The release with that version, or `None`."""
        return next((release for release in self.releases if release.version == version), None)
