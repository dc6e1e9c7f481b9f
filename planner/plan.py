"""The plan as a value: what moves, from where to where, in which order, and why.

A plan is made by `planner.planning.make_plan` and never changed; everything that happens to it later is in the run log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from planner.facts import NOTHING, MigrationKind, Origin
from planner.names import ServiceName, Version


class Strategy(StrEnum):
    """How much goes back: what must (`partial`), everything since (`full`), or the planner's choice (`auto`, requests only)."""

    AUTO = "auto"
    PARTIAL = "partial"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants. `to` absent: the newest release that will do. `pinned` services stay where they are at any cost.

    `policy` is the fingerprint of the approval policy in force.
    """

    service: ServiceName
    to: Version | None = None
    strategy: Strategy = Strategy.AUTO
    accept_data_loss: bool = False
    prefer_verified: bool = True
    policy: str = ""
    pinned: frozenset[ServiceName] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was asked for, made definite."""

    service: ServiceName
    from_version: Version
    to_version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One service from one release to another. `wave` counts from 1; `group` is its lockstep group; `because` gives reasons."""

    service: ServiceName
    from_version: Version
    to_version: Version
    wave: int
    group: str | None = None
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEdge:
    """`before` must have moved when `after` moves, or the mixed state named in `because` would break."""

    before: ServiceName
    after: ServiceName
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A migration that going back crosses and that can lose or misread data."""

    service: ServiceName
    release: Version
    migration: str
    kind: MigrationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What to expect. All ends count: the mean and 90th percentile time include the runs that people must finish by hand.

    `success` is the probability that every step works in the end, with retries; `success_low` to `success_high` holds what is
    believed of it with 90 %. `by_full`, `by_hand` and `not_restored` are the other ends. `planned_seconds` is the mean time of
    a run in which nothing fails, `planned_low` to `planned_high` its middle 90 %. `down_minutes` are expected service-minutes
    without service, `data_at_risk` the expected number of migrations crossed that can lose data. `runs` is how many runs of
    record all this was learned from; 0 means declared, not seen. `reliable_now` and `reliable_after` are the shares of requests
    from outside that end well by the call graph, `None` where nothing is known of it. Rates and shares are between 0 and 1.
    """

    success: float
    expected_seconds: float
    p90_seconds: float
    success_low: float = 0.0
    success_high: float = 1.0
    by_full: float = 0.0
    by_hand: float = 0.0
    not_restored: float = 0.0
    sd_seconds: float = 0.0
    planned_seconds: float = 0.0
    planned_low: float = 0.0
    planned_high: float = 0.0
    down_minutes: float = 0.0
    data_at_risk: float = 0.0
    runs: int = 0
    reliable_now: float | None = None
    reliable_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another plan that was weighed, in short.

    Without a `label` it is the other strategy. With one it is explained by `text`: `between` is a point between partial and
    full, `bridge` a lockstep group in single steps, each a plan of its own. `moves` are its services and releases, those of a
    bridge in their order. `asked` is the command that asks for it, or for its first step, where there is one.
    """

    strategy: Strategy
    services: int
    hazards: int
    risk: Risk
    label: str | None = None
    text: str = ""
    moves: tuple[tuple[ServiceName, Version], ...] = ()
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """The dependencies of one origin that a plan stands on: how many, since when the least fresh was not seen, a few by name."""

    origin: Origin
    source: str | None
    edges: int
    oldest_seen_at: datetime | None = None
    some: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done, complete enough to be approved, carried out and explained.

    `facts` are the current releases the plan stands on: every moved service and every service whose constraints it weighed.
    `stands_on` says who told of the dependencies that were weighed. `advice` says in one sentence which of this and the
    alternatives is recommended, and why, `compared` the numbers of each; empty where there is no other.
    `digest` is `sha256:` and 64 hex digits over facts, moves, order, hazards accepted and policy: two plans with the same
    digest do the same thing in the same world.
    """

    digest: str
    strategy: Strategy
    target: Target
    moves: tuple[Move, ...]
    waves: tuple[tuple[ServiceName, ...], ...]
    order: tuple[OrderEdge, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    warnings: tuple[str, ...] = ()
    risk: Risk
    alternatives: tuple[Alternative, ...] = ()
    advice: str = ""
    compared: tuple[str, ...] = ()
    facts: Mapping[ServiceName, Version] = field(default_factory=lambda: NOTHING)
    stands_on: tuple[Footing, ...] = ()
    data_loss_accepted: bool = False
    policy: str = ""

    def move(self, service: ServiceName) -> Move | None:
        """The move of that service, or `None` where it stays."""
        return next((move for move in self.moves if move.service == service), None)
