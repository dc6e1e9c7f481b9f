"""Plans weighed against one another: which one to recommend, and one sentence that says why, with the numbers.

Data comes first: a plan that crosses more migrations that can lose data is never recommended over one that crosses fewer. Then
the lower bound of success counts, not its mean, for a plan of which little is known should not win by luck; then the share of
requests that end well afterwards. A difference too small to mean anything (`MARGIN`) decides nothing, and where nothing decides,
the plan that was proven least stands; time and size then only say why that is no loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from planner.plan import Risk, Strategy

MARGIN = 0.02
"""Two percentage points: differences of probabilities below this are noise."""
FASTER = 0.8
"""A plan counts as faster where it takes at most this share of the other's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One plan on the scales."""

    strategy: Strategy
    services: int
    hazards: int
    risk: Risk
    label: str | None = None

    @property
    def name(self) -> str:
        """What it is called beside the others."""
        return self.label or self.strategy.value


def better(one: Weighed, other: Weighed) -> str | None:
    """Why `one` is better than `other` by what decides, in words; `None` where it is not."""
    if one.hazards != other.hazards:
        words = f"it crosses {one.hazards} migrations that can lose data, not {other.hazards}"
        return words if one.hazards < other.hazards else None
    low, against = one.risk.success_low, other.risk.success_low
    if abs(low - against) > MARGIN:
        words = f"at least {low:.0%} likely to go through, not {against:.0%}"
        return words if low > against else None
    after, beside = one.risk.reliable_after, other.risk.reliable_after
    if after is not None and beside is not None and abs(after - beside) > MARGIN:
        words = f"afterwards {after:.1%} of requests should end well, not {beside:.1%}"
        return words if after > beside else None
    return None


def pick(plans: Sequence[Weighed]) -> tuple[Weighed, str]:
    """The plan to recommend, the first where nothing decides, and why in one sentence; none where there was no choice."""
    best = plans[0]
    for other in plans[1:]:
        if better(other, best) is not None:
            best = other
    others = [one for one in plans if one is not best]
    if not others:
        return best, ""
    why = better(best, others[0]) or _besides(best, others[0])
    return best, f"{best.name.capitalize()} is recommended over {others[0].name}: {why}."


def numbers(one: Weighed) -> str:
    """Everything about a plan that is compared, in a few words."""
    risk = one.risk
    data = f"{risk.data_at_risk:.1f} migrations at risk" if one.hazards else "no data at risk"
    words = [f"at least {risk.success_low:.0%} likely", f"about {_time(risk.expected_seconds)}", data]
    if risk.reliable_after is not None:
        words.append(f"{risk.reliable_after:.2%} of requests end well afterwards")
    return f"{one.name}: {', '.join(words)}"


def _besides(one: Weighed, other: Weighed) -> str:
    """What speaks for a plan where nothing decides."""
    if one.services < other.services:
        return f"it moves {one.services} services, not {other.services}, and is as likely to go through"
    mine, its = one.risk.expected_seconds, other.risk.expected_seconds
    if mine < its * FASTER:
        return f"it takes about {_time(mine)}, not {_time(its)}"
    return "it goes back less far, and the other is no better by what is known"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
