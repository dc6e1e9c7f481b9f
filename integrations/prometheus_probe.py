"""Asks Prometheus one question and holds the number against limits: the probe `prometheus`.

Silence never passes: an empty result, NaN, partial data and too few samples are inconclusive. An answer that cannot be had, or
that is not one number, is an error. Between `pass_if` and `fail_if` a number is inconclusive too.
"""

import math
from collections.abc import Mapping
from typing import Any, Self

import httpx
from pydantic import Field, ValidationError, model_validator

from integrations import web
from integrations.explained import Duration, Settings, Url, mistakes
from planner.facts import Check
from planner.verdict import Measurement, Outcome


class Limits(Settings):
    """Conditions on a number; several must all hold."""

    below: float | int | None = None
    above: float | int | None = None
    at_least: float | int | None = None
    at_most: float | int | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("needs below, above, at_least or at_most")
        return self

    def hold(self, value: float) -> bool:
        """Whether the number keeps all of them."""
        return (
            (self.below is None or value < self.below)
            and (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        """The conditions in words."""
        words = {"below": self.below, "above": self.above, "at least": self.at_least, "at most": self.at_most}
        return " and ".join(f"{word} {limit:g}" for word, limit in words.items() if limit is not None)


class PrometheusSettings(Settings):
    """What is asked. `url` may be left out where the probe knows its server. `samples` counts what `query` was made from."""

    query: str = Field(min_length=1)
    url: Url | None = None
    pass_if: Limits | None = None
    fail_if: Limits | None = None
    samples: str | None = None
    min_samples: float | int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    timeout: Duration = 5.0

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        if self.pass_if is None and self.fail_if is None:
            raise ValueError("pass_if or fail_if is needed: without a condition a number means nothing")
        if (self.samples is None) != (self.min_samples is None):
            raise ValueError("samples and min_samples go together")
        return self


def problems(check: Check) -> tuple[str, ...]:
    """What is wrong with the check's settings, one line per mistake, beginning with its key."""
    return mistakes(PrometheusSettings, check.settings)


class _NoNumber(Exception):
    """There is no number; `outcome` says whether that is silence or an error."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


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
                counted = await _counted(client, server, settings)
                value = await _number(client, server, settings, settings.query)
        except _NoNumber as nothing:
            return Measurement(outcome=nothing.outcome, seen=str(nothing))
        return _judge(settings, value, counted)


async def _counted(client: httpx.AsyncClient, server: str, settings: PrometheusSettings) -> str:
    """How much the number stands on, in words; raises where it is too little."""
    if settings.samples is None or settings.min_samples is None:
        return ""
    samples = await _number(client, server, settings, settings.samples)
    if samples < settings.min_samples:
        raise _NoNumber(Outcome.INCONCLUSIVE, f"too little traffic: {samples:g} of {settings.min_samples:g} samples")
    return f" over {samples:g} samples"


async def _number(client: httpx.AsyncClient, server: str, settings: PrometheusSettings, query: str) -> float:
    try:
        async with client.stream(
            "POST", f"{server.rstrip('/')}/api/v1/query", data={"query": query}, headers=settings.headers
        ) as response:
            body = await web.read(response)
            answer = _envelope(response.status_code, httpx.Response(200, content=body))
    except (httpx.HTTPError, httpx.InvalidURL, web.TooLong) as error:
        raise _NoNumber(Outcome.ERROR, f"Prometheus could not be asked: {web.in_words(error)}") from error
    if answer.get("warnings"):
        raise _NoNumber(Outcome.INCONCLUSIVE, f"Prometheus warns that data is missing: {str(answer['warnings'][0])[:200]}")
    return _value(answer.get("data") or {})


def _envelope(status: int, response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        raise _NoNumber(Outcome.ERROR, f"Prometheus answered {status} and no JSON; is this its address?") from None
    if not isinstance(answer, dict) or answer.get("status") != "success":
        said = f"{answer.get('errorType')}: {answer.get('error')}" if isinstance(answer, dict) else "something else"
        raise _NoNumber(Outcome.ERROR, f"Prometheus answered {status}: {said[:300]}")
    return answer


def _value(data: Mapping[str, Any]) -> float:
    result, kind = data.get("result"), data.get("resultType")
    try:
        match kind, result:
            case "vector", []:
                raise _NoNumber(Outcome.INCONCLUSIVE, "no data: the query matched nothing")
            case "vector", [one]:
                value = float(one["value"][1])
            case "vector", [*many]:
                raise _NoNumber(Outcome.ERROR, f"the query matched {len(many)} series, one is needed: wrap it in sum(…)")
            case "scalar", [_, number]:
                value = float(number)
            case _:
                raise _NoNumber(Outcome.ERROR, f"the query gives a {kind}, a single number is needed")
    except (KeyError, TypeError, ValueError, IndexError):
        raise _NoNumber(Outcome.ERROR, "Prometheus answered in a shape that is not its own") from None
    if not math.isfinite(value):
        raise _NoNumber(Outcome.INCONCLUSIVE, f"the query gives {value}: most likely nothing was counted")
    return value


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
