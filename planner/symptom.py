"""The gate `symptom`: is what made people roll back gone? Told apart, for a rollback can work and the cause be elsewhere."""

from collections.abc import Iterable, Sequence

from planner.facts import Check
from planner.names import ServiceName
from planner.verdict import Judgement, Verdict
from planner.watch_events import Reading


def symptoms(service: ServiceName, checks: Sequence[Check], before: Iterable[Reading]) -> tuple[Check, ...]:
    """What to ask: the service's checks that failed before the first step, and those the catalog calls a symptom."""
    failed = {reading.check for reading in before if reading.service == service and reading.verdict is Verdict.FAIL}
    return tuple(check for check in checks if check.symptom or check.name in failed)


def judge_symptom(service: ServiceName, before: Iterable[Reading], now: Sequence[Reading]) -> Judgement:
    """Gone (pass), still there (fail), or nobody can tell. `now` are the readings of `symptoms`."""
    was = {reading.check: reading for reading in before if reading.service == service}
    failed = [reading for reading in now if (old := was.get(reading.check)) is not None and old.verdict is Verdict.FAIL]
    if not failed:
        if not was:
            because = f"{service} has no checks, so nobody can tell whether what made people roll back is gone"
        else:
            because = f"none of the {len(was)} checks of {service} failed before the first step: it was something else"
        still = [reading for reading in now if reading.verdict is Verdict.FAIL]
        if still:
            because = f"{still[0].check} fails now, and did not before the first step: {still[0].because}"
        return Judgement(verdict=Verdict.INCONCLUSIVE, because=because)
    still = [reading for reading in failed if reading.verdict is Verdict.FAIL]
    if still:
        facts = "; ".join(f"{r.check} failed before and fails still: {r.because}" for r in still)
        return Judgement(
            verdict=Verdict.FAIL, because=f"{facts}. The rollback itself worked where its other gates passed: look elsewhere too"
        )
    unclear = [reading for reading in failed if reading.verdict is Verdict.INCONCLUSIVE]
    if unclear:
        return Judgement(
            verdict=Verdict.INCONCLUSIVE,
            because=f"{unclear[0].check} failed before and cannot be judged now: {unclear[0].because}",
        )
    facts = "; ".join(f"{r.check} failed before ({was[r.check].because}) and passes now ({r.because})" for r in failed)
    return Judgement(verdict=Verdict.PASS, because=facts)
