"""What measured counts and numbers come to: a verdict on a limit, a doubt from a baseline, the sentence with the arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

from planner.evidence import larger, least_total, more_often, times, wilson
from planner.verdict import Measurement, Outcome

SURE = 0.01
"""The p-value below which something is worse than it was, and not by chance."""
ENOUGH = 50
"""Points on each side without which numbers are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """So many of so many were bad."""

    bad: float
    total: float


def judge_ratio(counts: Counts, allowed: float, confidence: float, least: float | None = None) -> Measurement:
    """Whether the ratio behind these counts is within `allowed`.

    Within by its upper bound: pass; above it by its lower bound: fail; else nobody can tell yet. Too little traffic (fewer than
    `least`, or than would pass if none were bad) never passes, and never fails.
    """
    needed = least_total(allowed, confidence) if least is None else least
    if counts.total <= 0 or counts.total < needed:
        seen = f"too little traffic: {_count(counts.total)} of {_count(needed)} requests"
        return Measurement(outcome=Outcome.INCONCLUSIVE, seen=seen)
    share = counts.bad / counts.total
    bounds = wilson(counts.bad, counts.total, confidence)
    said = f"{_percent(share)} errors in {_count(counts.total)} requests, allowed {_percent(allowed)}"
    sure = f"with {_percent(confidence)} confidence"
    if bounds.high <= allowed:
        return Measurement(outcome=Outcome.PASS, seen=f"{said}: pass (at most {_percent(bounds.high)} {sure})")
    if bounds.low > allowed:
        return Measurement(outcome=Outcome.FAIL, seen=f"{said}: fail (at least {_percent(bounds.low)} {sure})")
    between = f"between {_percent(bounds.low)} and {_percent(bounds.high)} {sure}"
    return Measurement(outcome=Outcome.INCONCLUSIVE, seen=f"{said}: cannot tell yet ({between})")


def against_counts(found: Measurement, now: Counts, before: Counts, worse_by: float) -> Measurement:
    """The same measurement, doubted where the ratio is significantly worse than `before`. A baseline passes and fails nothing."""
    if found.outcome is not Outcome.PASS:
        return found
    if before.total <= 0:
        return _with(found, "nothing was counted in the window to compare with")
    share, was = now.bad / now.total, before.bad / before.total
    said = f"{_percent(was)} of {_count(before.total)} requests before the bad release"
    p = more_often(now.bad, now.total, before.bad, before.total)
    if p < SURE and share > was * worse_by:
        return _doubted(found, f"worse than {said} ({_chance(p)})")
    return _with(found, f"not worse than {said}")


def against_numbers(found: Measurement, now: Sequence[float], before: Sequence[float], worse_by: float) -> Measurement:
    """The same for numbers over time, such as latencies, where there are enough of them on both sides."""
    if found.outcome is not Outcome.PASS:
        return found
    if min(len(now), len(before)) < ENOUGH:
        return _with(found, f"too few points to compare with before the bad release: {min(len(now), len(before))} of {ENOUGH}")
    p, ratio = larger(now, before), times(now, before)
    said = f"{ratio:.2f} times what it was before the bad release, over {len(now)} and {len(before)} points"
    if p < SURE and ratio > worse_by:
        return _doubted(found, f"{said} ({_chance(p)})")
    return _with(found, f"{said}, which is not worse")


def _doubted(found: Measurement, why: str) -> Measurement:
    return Measurement(outcome=Outcome.INCONCLUSIVE, seen=f"{found.seen}; but {why}")


def _with(found: Measurement, more: str) -> Measurement:
    return Measurement(outcome=found.outcome, seen=f"{found.seen}; {more}")


def _chance(p: float) -> str:
    return f"p = {p:.2g}" if p >= 0.0001 else "p < 0.0001"


def _percent(share: float) -> str:
    """A share as people write it: 0.42 %, 1 %, 0.0051 %."""
    percent = share * 100
    digits = 2 if percent >= 0.1 or percent == 0 else 4
    return f"{percent:.{digits}f}".rstrip("0").rstrip(".") + " %"


def _count(number: float) -> str:
    return f"{round(number):,}"
