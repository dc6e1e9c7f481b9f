"""Asks Prometheus for numbers, and tells silence from trouble: an empty result, NaN and partial data are not numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from integrations import web
from planner.verdict import Outcome


class NoNumber(Exception):
    """There is no number; `outcome` says whether that is silence or an error. `empty`: nothing matched the query."""

    def __init__(self, outcome: Outcome, why: str, *, empty: bool = False) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.empty = empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """One server, through an open client."""

    client: httpx.AsyncClient
    url: str
    headers: Mapping[str, str]

    async def number(self, query: str, at: datetime | None = None) -> float:
        """The one number that the query gives, now or at another time. Raises `NoNumber`."""
        asked = {"query": query, **({"time": f"{at.timestamp():.3f}"} if at else {})}
        return _value(await self._ask("query", asked))

    async def points(self, query: str, end: datetime, window: float, step: float) -> tuple[float, ...]:
        """The numbers of one series in the `window` seconds up to `end`, without those that are none. Raises `NoNumber`."""
        begin = end.timestamp() - window
        asked = {"query": query, "start": f"{begin:.3f}", "end": f"{end.timestamp():.3f}", "step": f"{step:g}"}
        data = await self._ask("query_range", asked)
        match data.get("resultType"), data.get("result"):
            case "matrix", []:
                return ()
            case "matrix", [{"values": list(rows)}]:
                return tuple(value for value in map(_number, rows) if math.isfinite(value))
            case "matrix", [*many]:
                raise NoNumber(Outcome.ERROR, f"the query matched {len(many)} series, one is needed: wrap it in sum(…)")
        raise NoNumber(Outcome.ERROR, "Prometheus answered in a shape that is not its own")

    async def _ask(self, what: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
        place = f"{self.url.rstrip('/')}/api/v1/{what}"
        try:
            async with self.client.stream("POST", place, data=dict(asked), headers=dict(self.headers)) as response:
                body = await web.read(response)
                answer = _envelope(response.status_code, httpx.Response(200, content=body))
        except (httpx.HTTPError, httpx.InvalidURL, web.TooLong) as error:
            raise NoNumber(Outcome.ERROR, f"Prometheus could not be asked: {web.in_words(error)}") from error
        if answer.get("warnings"):
            raise NoNumber(Outcome.INCONCLUSIVE, f"Prometheus warns that data is missing: {str(answer['warnings'][0])[:200]}")
        data = answer.get("data")
        return data if isinstance(data, dict) else {}


def _envelope(status: int, response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        raise NoNumber(Outcome.ERROR, f"Prometheus answered {status} and no JSON; is this its address?") from None
    if not isinstance(answer, dict) or answer.get("status") != "success":
        said = f"{answer.get('errorType')}: {answer.get('error')}" if isinstance(answer, dict) else "something else"
        raise NoNumber(Outcome.ERROR, f"Prometheus answered {status}: {said[:300]}")
    return answer


def _value(data: Mapping[str, Any]) -> float:
    result, kind = data.get("result"), data.get("resultType")
    try:
        match kind, result:
            case "vector", []:
                raise NoNumber(Outcome.INCONCLUSIVE, "no data: the query matched nothing", empty=True)
            case "vector", [one]:
                value = float(one["value"][1])
            case "vector", [*many]:
                raise NoNumber(Outcome.ERROR, f"the query matched {len(many)} series, one is needed: wrap it in sum(…)")
            case "scalar", [_, number]:
                value = float(number)
            case _:
                raise NoNumber(Outcome.ERROR, f"the query gives a {kind}, a single number is needed")
    except (KeyError, TypeError, ValueError, IndexError):
        raise NoNumber(Outcome.ERROR, "Prometheus answered in a shape that is not its own") from None
    if not math.isfinite(value):
        raise NoNumber(Outcome.INCONCLUSIVE, f"the query gives {value}: most likely nothing was counted")
    return value


def _number(row: Any) -> float:
    try:
        return float(row[1])
    except (TypeError, ValueError, IndexError, KeyError):
        raise NoNumber(Outcome.ERROR, "Prometheus answered in a shape that is not its own") from None
