"""Holds what Prometheus counts against limits: the probe `prometheus`.

Silence never passes: an empty result, NaN, partial data and too few samples are inconclusive. An answer that cannot be had, or
that is not one number, is an error. Between `pass_if` and `fail_if` a number is inconclusive too. A baseline only adds doubt.
"""

from datetime import UTC, datetime

from pydantic import ValidationError

from integrations import web
from integrations.explained import mistakes
from integrations.prometheus_api import NoNumber, Prometheus
from integrations.prometheus_settings import Baseline, PrometheusSettings
from planner.facts import Check
from planner.limits import Counts, against_counts, against_numbers, judge_ratio
from planner.verdict import Measurement, Outcome


def problems(check: Check) -> tuple[str, ...]:
    """What is wrong with the check's settings, one line per mistake, beginning with its key."""
    return tuple(line.removeprefix("settings: ") for line in mistakes(PrometheusSettings, check.settings))


class PrometheusProbe:
    """One question for one measurement. `url` is the server for checks that name none."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url

    async def measure(self, check: Check) -> Measurement:
        """Ask once, first for the samples where they are counted."""
        try:
            settings = PrometheusSettings.read(check.settings)
        except ValidationError:
            return Measurement(outcome=Outcome.ERROR, seen="; ".join(problems(check)))
        server = settings.url or self._url
        if server is None:
            return Measurement(
                outcome=Outcome.ERROR, seen="no Prometheus is set: give the check a url, or set ROLLBOT_PROMETHEUS_URL"
            )
        try:
            async with web.client(server, settings.timeout) as client:
                asked = Prometheus(client=client, url=server, headers=settings.headers)
                return await (_number(asked, settings) if settings.query is not None else _ratio(asked, settings))
        except NoNumber as nothing:
            return Measurement(outcome=nothing.outcome, seen=str(nothing))


async def _number(asked: Prometheus, settings: PrometheusSettings) -> Measurement:
    query = settings.query or ""
    counted = await _counted(asked, settings)
    found = _judge(settings, await asked.number(query), counted)
    against = settings.baseline
    if against is None or found.outcome is not Outcome.PASS:
        return found
    if against.at is None:
        return _nothing_before(found)
    now = await asked.points(query, datetime.now(UTC), against.window, against.step)
    return against_numbers(found, now, await _points_before(asked, query, against, against.at), against.worse_by)


async def _points_before(asked: Prometheus, query: str, against: Baseline, at: datetime) -> tuple[float, ...]:
    try:
        return await asked.points(query, at, against.window, against.step)
    except NoNumber:
        return ()


async def _ratio(asked: Prometheus, settings: PrometheusSettings) -> Measurement:
    now = await _counts(asked, settings)
    found = judge_ratio(now, settings.allowed or 0.0, settings.confidence, settings.min_samples)
    against = settings.baseline
    if against is None or found.outcome is not Outcome.PASS:
        return found
    if against.at is None:
        return _nothing_before(found)
    try:
        before = await _counts(asked, settings, against.at)
    except NoNumber:
        before = Counts(bad=0, total=0)
    return against_counts(found, now, before, against.worse_by)


async def _counts(asked: Prometheus, settings: PrometheusSettings, at: datetime | None = None) -> Counts:
    total = await asked.number(settings.requests or "", at)
    try:
        bad = await asked.number(settings.errors or "", at)
    except NoNumber as nothing:
        # A counter of errors does not exist before the first one.
        if not nothing.empty:
            raise
        bad = 0.0
    return Counts(bad=max(0.0, bad), total=total)


async def _counted(asked: Prometheus, settings: PrometheusSettings) -> str:
    """How much the number stands on, in words; raises where it is too little."""
    if settings.samples is None or settings.min_samples is None:
        return ""
    samples = await asked.number(settings.samples)
    if samples < settings.min_samples:
        raise NoNumber(Outcome.INCONCLUSIVE, f"too little traffic: {samples:g} of {settings.min_samples:g} samples")
    return f" over {samples:g} samples"


def _nothing_before(found: Measurement) -> Measurement:
    why = "nothing to compare with: it is not known when the bad release went live"
    return Measurement(outcome=found.outcome, seen=f"{found.seen}; {why}")


def _judge(settings: PrometheusSettings, value: float, counted: str) -> Measurement:
    """Where both conditions hold, the worse one counts."""
    seen = f"{value:.6g}{counted}"
    if settings.fail_if is not None and settings.fail_if.hold(value):
        return Measurement(outcome=Outcome.FAIL, seen=f"{seen}, which is {settings.fail_if}")
    if settings.pass_if is None:
        return Measurement(outcome=Outcome.PASS, seen=f"{seen}, which is not {settings.fail_if}")
    if settings.pass_if.hold(value):
        return Measurement(outcome=Outcome.PASS, seen=f"{seen}, which is {settings.pass_if}")
    if settings.fail_if is None:
        return Measurement(outcome=Outcome.FAIL, seen=f"{seen}, expected {settings.pass_if}")
    return Measurement(outcome=Outcome.INCONCLUSIVE, seen=f"{seen}, neither {settings.pass_if} nor {settings.fail_if}")
