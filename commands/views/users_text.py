"""What users see of a plan, as a table: requests that end well now, after each plan, and after each service alone went back."""

from collections.abc import Iterator, Sequence

from planner.offers import BRIDGE
from planner.plan import Plan
from planner.reliability import SERVES, Single
from planner.users import Users

MOST_ROWS = 8
FORMULAS = (
    "x = (I - Q)^-1 b            a request that has come to u ends well; Q_uv = r_u w_uv, b_u = r_u end_u (Cheung)",
    "V = e' (I - Q)^-1           expected visits; e: where requests come in",
    "R = e' x                    requests that end well",
    "R_i = R + d V_i x_i         the same after service i alone went back, d: how much better it serves then",
)


def users_text(plan: Plan, users: Users | None = None) -> str:
    """The table and the formulas, without a line break at its end; empty where nothing is known of users."""
    return "\n".join(_lines(plan, users))


def _lines(plan: Plan, users: Users | None) -> Iterator[str]:
    now, after = plan.risk.reliable_now, plan.risk.reliable_after
    if users is not None and (now is None or after is None):
        # Of a large catalog the plan itself says nothing: there this takes longer than all the rest.
        now, after = users.now, users.after_plan(plan)
    if now is None or after is None:
        return
    yield f"What users see: requests from outside that can come to {plan.target.service} and end well"
    yield f"  {'now':<28} {now:>9.3%}"
    yield f"  {f'after this plan ({plan.strategy})':<28} {after:>9.3%}"
    for other in plan.alternatives:
        if other.risk.reliable_after is not None and other.label != BRIDGE:
            yield f"  {f'after the {other.label or other.strategy} plan':<28} {other.risk.reliable_after:>9.3%}"
    if users is not None:
        yield from _singles(plan, now, users.singles())
        yield "  Calls weigh as observed." if users.calls.observed else "  No calls were observed: each is as likely as the next."
    declared = ", ".join(f"{share:g} {name}" for name, share in SERVES.items())
    yield f"  How well a release serves is declared, not measured: {declared}; what runs of {plan.target.service} counts as bad."
    yield ""
    yield "Formulas"
    yield from (f"  {formula}" for formula in FORMULAS)


def _singles(plan: Plan, now: float, singles: Sequence[Single]) -> Iterator[str]:
    gaining = [one for one in singles if one.after - now > 5e-6]
    yield f"  By rolling back one service alone ({len(singles)} could go back)"
    for one in gaining[:MOST_ROWS]:
        moves = "in this plan" if plan.move(one.service) else "stays"
        name = one.service if len(one.service) <= 24 else f"{one.service[:23]}…"
        yield f"    {name:<26} {one.after:>9.3%}   {one.after - now:+.3%}   to {one.to}, {moves}"
    rest = len(singles) - len(gaining[:MOST_ROWS])
    if rest:
        yield f"    …and {rest} more, none better" if gaining else f"    none of these {rest} changes anything"
