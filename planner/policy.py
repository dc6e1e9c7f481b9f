"""Who may approve what, and for how long: the rules of one environment."""

from dataclasses import dataclass

from planner.names import ActorId
from planner.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The approval rules. Empty `users` and `groups` mean that nobody may approve, never that everybody may.

    `expires` is in seconds. `own_request` lets the person who asked approve too; the plan message announces it.
    """

    approvals: int = 1
    users: frozenset[ActorId] = frozenset()
    groups: frozenset[str] = frozenset()
    own_request: bool = False
    expires: float = 1200.0

    def names(self, actor: ActorId, groups: frozenset[str]) -> bool:
        """Whether this person is one of the approvers."""
        return actor in self.users or bool(groups & self.groups)

    def needed(self, plan: Plan) -> int:
        """How many approvals this plan needs: one more where it crosses a hazard or moves services in lockstep."""
        harder = bool(plan.hazards) or any(move.group for move in plan.moves)
        return self.approvals + (1 if harder else 0)

    def facts(self) -> dict[str, object]:
        """The rules as plain JSON values in a fixed order, for a fingerprint."""
        return {
            "approvals": self.approvals,
            "users": sorted(self.users),
            "groups": sorted(self.groups),
            "own_request": self.own_request,
            "expires": self.expires,
        }
