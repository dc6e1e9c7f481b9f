"""Exact arithmetic for small questions: is a ratio within its limit, was it better before, are these numbers larger than those.

Every function is pure and takes counts as they come from a counter, which may not be whole. The tests hold each against SciPy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

_NORMAL = NormalDist()
_FEW = 2_000
"""Bad ones in both samples up to which Fisher's exact test is summed; of more, the normal approximation is as good."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a true ratio lies: it is above `low`, and below `high`, each with the confidence that was asked for."""

    low: float
    high: float


def wilson(bad: float, total: float, confidence: float) -> Bounds:
    """The one-sided score bounds of the ratio behind `bad` of `total`, one at least.

    Wilson, E. B.: Probable inference, the law of succession, and statistical inference. JASA 22 (1927), 209-212.
    """
    z = _NORMAL.inv_cdf(confidence)
    share = min(1.0, max(0.0, bad / total))
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return Bounds(0.0 if share == 0 else max(0.0, middle - half), 1.0 if share == 1 else min(1.0, middle + half))


def least_total(allowed: float, confidence: float) -> int:
    """The least number of samples of which, if none is bad, the upper bound keeps within `allowed`: z²(1-a)/a, rounded up."""
    z = _NORMAL.inv_cdf(confidence)
    return math.ceil(z * z * (1 - allowed) / allowed) if allowed > 0 else 1


def more_often(bad: float, total: float, bad_before: float, total_before: float) -> float:
    """The one-sided p-value of "not more often bad than before": small where it is more often.

    Fisher's exact test, conditional on all four margins (R. A. Fisher, 1934); where there are very many bad ones, the z-test of
    two proportions with the pooled variance.
    """
    a, n = round(bad), max(round(total), round(bad))
    b, m = round(bad_before), max(round(total_before), round(bad_before))
    if n == 0 or m == 0:
        return 1.0
    return _hypergeometric_tail(a, a + b, n, m) if a + b <= _FEW else _pooled(a, n, b, m)


def larger(now: Sequence[float], before: Sequence[float]) -> float:
    """The one-sided p-value of "not larger than before", by rank: small where these numbers tend to be larger.

    Mann, H. B. and Whitney, D. R.: On a test of whether one of two random variables is stochastically larger than the other. Ann.
    Math. Stat. 18 (1947), 50-60; normal approximation with the corrections for ties and continuity, for some ten on each side.
    """
    n, m = len(now), len(before)
    if not n or not m:
        return 1.0
    ranks, ties = _ranks([*now, *before])
    u = sum(ranks[:n]) - n * (n + 1) / 2
    whole = n + m
    variance = n * m / 12 * (whole + 1 - ties / (whole * (whole - 1)))
    if variance <= 0:
        return 1.0
    return 1 - _NORMAL.cdf((u - n * m / 2 - 0.5) / math.sqrt(variance))


def times(now: Sequence[float], before: Sequence[float]) -> float:
    """How many times as large the middle of these numbers is; infinite where it was nothing."""
    middle, was = median(now), median(before)
    if was <= 0:
        return 1.0 if middle <= 0 else math.inf
    return middle / was


def _hypergeometric_tail(found: int, marked: int, drawn: int, others: int) -> float:
    """How likely at least `found` of `marked` are among `drawn`, where `others` are not drawn."""
    whole = math.lgamma(drawn + others + 1) - math.lgamma(marked + 1) - math.lgamma(drawn + others - marked + 1)
    highest = min(marked, drawn)
    terms = [
        _log_choose(drawn, k) + _log_choose(others, marked - k) - whole for k in range(max(found, marked - others), highest + 1)
    ]
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _log_choose(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def _pooled(bad: int, total: int, bad_before: int, total_before: int) -> float:
    share = (bad + bad_before) / (total + total_before)
    spread = math.sqrt(share * (1 - share) * (1 / total + 1 / total_before))
    if spread == 0:
        return 1.0
    return 1 - _NORMAL.cdf((bad / total - bad_before / total_before) / spread)


def _ranks(numbers: Sequence[float]) -> tuple[list[float], float]:
    """The rank of each, equal ones sharing the middle of theirs; and the sum of t³-t over groups of t equal ones."""
    order = sorted(range(len(numbers)), key=lambda place: numbers[place])
    ranks, ties, at = [0.0] * len(numbers), 0.0, 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and numbers[order[end + 1]] == numbers[order[at]]:
            end += 1
        for place in order[at : end + 1]:
            ranks[place] = (at + end) / 2 + 1
        size = end - at + 1
        ties += size**3 - size
        at = end + 1
    return ranks, ties
