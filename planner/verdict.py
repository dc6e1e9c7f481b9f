"""When measurements add up to a verdict: three-valued, and silence never passes."""

from dataclasses import dataclass
from enum import StrEnum

from planner.facts import Check


class Verdict(StrEnum):
    """What a gate or a check says in the end."""

    PASS = "pass"  # noqa: S105 (a word, not a password)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Outcome(StrEnum):
    """What one measurement says."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One answer of a probe; `seen` is what was measured, in words fit for the thread."""

    outcome: Outcome
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict and the sentence that supports it."""

    verdict: Verdict
    because: str


def judge(check: Check, measurements: tuple[Measurement, ...]) -> Judgement | None:
    """The check's judgement over what was measured so far, in order; `None` while it must go on measuring.

    `count` counts measurements that are not errors. More than `failure_limit` failures fail. More than `error_limit` errors in
    a row end the check as inconclusive, for not being able to measure is no evidence. Any inconclusive measurement keeps the
    check from passing; with an `unclear_limit`, so many are set aside and not counted, which gives traffic the time to come.
    """
    failures = sum(m.outcome is Outcome.FAIL for m in measurements)
    if failures > check.failure_limit:
        last = next(m for m in reversed(measurements) if m.outcome is Outcome.FAIL)
        tolerated = f", {check.failure_limit} tolerated" if check.failure_limit else ""
        return Judgement(verdict=Verdict.FAIL, because=f"{failures} of {len(measurements)} failed{tolerated}: {last.seen}")
    errors = _trailing_errors(measurements)
    if errors > check.error_limit:
        return Judgement(
            verdict=Verdict.INCONCLUSIVE, because=f"could not measure {errors} times in a row: {measurements[-1].seen}"
        )
    measured = [m for m in measurements if m.outcome is not Outcome.ERROR]
    unclear = [m for m in measured if m.outcome is Outcome.INCONCLUSIVE]
    if check.unclear_limit and len(unclear) <= check.unclear_limit:
        measured = [m for m in measured if m.outcome is not Outcome.INCONCLUSIVE]
        unclear = []
    if len(measured) < check.count and not (check.unclear_limit and unclear):
        return None
    if unclear:
        return Judgement(verdict=Verdict.INCONCLUSIVE, because=f"{len(unclear)} of {len(measured)} unclear: {unclear[-1].seen}")
    passed = len(measured) - failures
    return Judgement(verdict=Verdict.PASS, because=f"{passed} of {len(measured)} good: {measured[-1].seen}")


def cut_short(check: Check, measurements: tuple[Measurement, ...]) -> Judgement:
    """The judgement where measuring had to stop early: never a pass."""
    settled = judge(check, measurements)
    if settled is not None and settled.verdict is Verdict.FAIL:
        return settled
    return Judgement(verdict=Verdict.INCONCLUSIVE, because=f"cut short after {len(measurements)} of {check.count} measurements")


def _trailing_errors(measurements: tuple[Measurement, ...]) -> int:
    count = 0
    for measurement in reversed(measurements):
        if measurement.outcome is not Outcome.ERROR:
            break
        count += 1
    return count
