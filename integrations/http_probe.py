"""Asks an address and compares the answer: the probe `http`.

What is a failure and what could not be measured: an answer that differs, an answer that does not come in time and a
connection that breaks once the service was reached are failures. No connection at all (refused, unknown name, TLS)
is an error, for it does not tell a service that is down from an address that is wrong or a network that is cut. Errors
in a row end a check as inconclusive, which never passes.
"""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
from pydantic import BeforeValidator, Field, ValidationError

from integrations import web
from integrations.durations import say_duration
from integrations.expectation import excerpt, text_difference, too_slow
from integrations.explained import Duration, Settings, Url, mistakes
from planner.facts import Check
from planner.verdict import Measurement, Outcome


def _statuses(value: Any) -> tuple[int, ...]:
    several = value if isinstance(value, list) else [value]
    if not several or not all(type(status) is int and 100 <= status <= 599 for status in several):
        raise ValueError(f"{value!r} is no HTTP status: write 200, or a list such as [200, 204]")
    return tuple(several)


class HttpExpect(Settings):
    """What the answer must be. Without `status` any of 200 to 299 will do. `max_latency` counts up to the last byte."""

    status: Annotated[tuple[int, ...], BeforeValidator(_statuses)] | None = None
    json_: Any = Field(default=None, alias="json")
    contains: str | None = None
    max_latency: Duration | None = None


class HttpSettings(Settings):
    """What is asked."""

    url: Url
    method: Literal["GET", "HEAD", "POST"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    timeout: Duration = 5.0
    expect: HttpExpect = Field(default_factory=HttpExpect)


def problems(check: Check) -> tuple[str, ...]:
    """What is wrong with the check's settings, one line per mistake, beginning with its key."""
    return mistakes(HttpSettings, check.settings)


class HttpProbe:
    """One request for one measurement; nothing is tried twice."""

    async def measure(self, check: Check) -> Measurement:
        """Ask once. Settings that cannot be used are an error too, told in words."""
        try:
            settings = HttpSettings.read(check.settings)
        except ValidationError:
            return Measurement(outcome=Outcome.ERROR, seen="; ".join(problems(check)))
        began = time.perf_counter()
        try:
            status, body = await _ask(settings)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            return Measurement(outcome=Outcome.ERROR, seen=f"could not reach {_place(settings.url)}: {web.in_words(error)}")
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError) as error:
            return Measurement(outcome=Outcome.ERROR, seen=f"could not ask {_place(settings.url)}: {excerpt(str(error))}")
        except httpx.TimeoutException:
            return Measurement(outcome=Outcome.FAIL, seen=f"no answer within {say_duration(settings.timeout)}")
        except (httpx.HTTPError, web.TooLong) as error:
            return Measurement(outcome=Outcome.FAIL, seen=web.in_words(error))
        return _compare(settings.expect, status, body, time.perf_counter() - began)


def _compare(expect: HttpExpect, status: int, body: str, seconds: float) -> Measurement:
    good = expect.status or tuple(range(200, 300))
    if status not in good:
        wanted = " or ".join(map(str, expect.status or ())) or "200 to 299"
        wrong: str | None = f"answered {status}, expected {wanted}"
    else:
        wrong = text_difference(body, contains=expect.contains, wanted_json=expect.json_)
        wrong = f"answered {status}, but {wrong}" if wrong else too_slow(seconds, expect.max_latency)
    if wrong is None:
        return Measurement(outcome=Outcome.PASS, seen=f"{status} in {say_duration(round(seconds, 3))}")
    said = excerpt(body)
    return Measurement(outcome=Outcome.FAIL, seen=f"{wrong}; it said: {said}" if said else wrong)


async def _ask(settings: HttpSettings) -> tuple[int, str]:
    content: Mapping[str, Any] = {"content": settings.body} if settings.body is not None else {}
    async with (
        web.client(settings.url, settings.timeout) as client,
        client.stream(settings.method, settings.url, headers=settings.headers, **content) as response,
    ):
        return response.status_code, (await web.read(response)).decode(errors="replace")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
