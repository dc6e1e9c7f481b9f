"""Who may approve what, for how long, and what a freeze means: the rules of one environment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from planner.consent import Reminder
from planner.names import ActorId, ServiceName
from planner.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Some people, by themselves and by their groups. Empty means nobody, never everybody."""

    users: frozenset[ActorId] = frozenset()
    groups: frozenset[str] = frozenset()

    def names(self, actor: ActorId, groups: frozenset[str]) -> bool:
        """Whether this person is one of them."""
        return actor in self.users or bool(groups & self.groups)

    def __bool__(self) -> bool:
        return bool(self.users or self.groups)

    def facts(self) -> dict[str, object]:
        """The circle as plain JSON values in a fixed order."""
        return {"users": sorted(self.users), "groups": sorted(self.groups)}


class FreezeRule(StrEnum):
    """What a freeze of deploys means for a rollback, which is not a deploy."""

    ALLOW = "allow"
    PLUS_ONE = "plus_one"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which these services should not change (`None`: all of them). Without a bound it is open on that side."""

    name: str
    begins: datetime | None = None
    ends: datetime | None = None
    services: frozenset[ServiceName] | None = None
    rollback: FreezeRule = FreezeRule.ALLOW

    def covers(self, services: Iterable[ServiceName], now: datetime) -> bool:
        """Whether it is on now for any of these services."""
        on = (self.begins is None or self.begins <= now) and (self.ends is None or now < self.ends)
        return on and (self.services is None or not self.services.isdisjoint(services))

    def facts(self) -> dict[str, object]:
        """The freeze as plain JSON values in a fixed order."""
        return {
            "name": self.name,
            "from": self.begins.isoformat() if self.begins else None,
            "until": self.ends.isoformat() if self.ends else None,
            "services": sorted(self.services) if self.services is not None else None,
            "rollback": self.rollback.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The approval rules. Empty `users` and `groups` mean that nobody may approve, never that everybody may.

    `expires` is in seconds. `own_request` lets the person who asked approve too; the plan message announces it. `escalate_to`
    may approve as well once they were called; `break_glass` may start a run without approval.
    """

    approvals: int = 1
    users: frozenset[ActorId] = frozenset()
    groups: frozenset[str] = frozenset()
    own_request: bool = False
    expires: float = 1200.0
    escalate_to: Circle = field(default_factory=Circle)
    break_glass: Circle = field(default_factory=Circle)
    freezes: tuple[Freeze, ...] = ()

    def names(self, actor: ActorId, groups: frozenset[str]) -> bool:
        """Whether this person is one of the approvers."""
        return self.approvers.names(actor, groups)

    @property
    def approvers(self) -> Circle:
        """Who may approve from the first moment on."""
        return Circle(users=self.users, groups=self.groups)

    @property
    def every_group(self) -> frozenset[str]:
        """Every group that any rule names: whoever looks people up must know who is in them."""
        return self.groups | self.escalate_to.groups | self.break_glass.groups

    def needed(self, plan: Plan, now: datetime | None = None) -> int:
        """How many approvals this plan needs: one more for hazards or lockstep groups, one more in a freeze that says so."""
        harder = bool(plan.hazards) or any(move.group for move in plan.moves)
        frozen = any(freeze.rollback is FreezeRule.PLUS_ONE for freeze in self.frozen(plan, now)) if now else False
        return self.approvals + (1 if harder else 0) + (1 if frozen else 0)

    def frozen(self, plan: Plan, now: datetime) -> tuple[Freeze, ...]:
        """The freezes that are on now for a service that this plan moves."""
        services = [move.service for move in plan.moves]
        return tuple(freeze for freeze in self.freezes if freeze.covers(services, now))

    def reminders(self, now: datetime) -> tuple[Reminder, ...]:
        """Whom to call if a plan that is posted now waits for long: the approvers half-way, then those one escalates to."""
        half, late = (now + timedelta(seconds=self.expires * part) for part in (0.5, 0.8))
        found = []
        if self.approvers:
            found.append(Reminder(at=half, users=tuple(sorted(self.users)), groups=tuple(sorted(self.groups))))
        if self.escalate_to:
            users, groups = tuple(sorted(self.escalate_to.users)), tuple(sorted(self.escalate_to.groups))
            found.append(Reminder(at=late, users=users, groups=groups, escalated=True))
        return tuple(found)

    def facts(self) -> dict[str, object]:
        """The rules as plain JSON values in a fixed order, for a fingerprint."""
        return {
            "approvals": self.approvals,
            "users": sorted(self.users),
            "groups": sorted(self.groups),
            "own_request": self.own_request,
            "expires": self.expires,
            "escalate_to": self.escalate_to.facts(),
            "break_glass": self.break_glass.facts(),
            "freezes": [freeze.facts() for freeze in self.freezes],
        }
