"""What the side panel shows of the shop: asked of the services themselves, over HTTP, like any monitoring would."""

import asyncio
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.demo.catalog import CALLS

_TIMEOUT = 1.0
_WINDOW = 6.0
_WELL = 0.99
_COUNTER = re.compile(r"^(requests_total|errors_total)\{[^}]*\} (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    at: float
    version: str
    requests: int
    errors: int


class Gauge:
    """One service's needle: remembers a few seconds, so that rates can be told."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url
        self._samples: deque[_Sample] = deque()

    async def read(self, session: aiohttp.ClientSession) -> dict[str, Any]:
        """The service as the panel shows it, now."""
        try:
            sample, ready = await self._sample(session)
        except aiohttp.ClientConnectorError:
            self._samples.clear()
            return self._shown("", "down", rate=0.0, note="does not answer")
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError):
            return self._shown("", "starting", note="does not answer rightly yet")
        if not ready:
            return self._shown(sample.version, "starting", note="not ready yet")
        self._remember(sample)
        return self._rated(sample)

    async def _sample(self, session: aiohttp.ClientSession) -> tuple[_Sample, bool]:
        async def get(path: str) -> tuple[int, str]:
            async with session.get(f"{self._url}{path}") as response:
                return response.status, await response.text()

        (health, _), (_, version), (_, metrics) = await asyncio.gather(get("/healthz"), get("/version"), get("/metrics"))
        counts = {name: int(number) for name, number in _COUNTER.findall(metrics)}
        said = re.search(r'"version":\s*"([^"]+)"', version)
        if said is None:
            raise ValueError(f"{self._url}/version says no version")
        sample = _Sample(at=time.monotonic(), version=said[1], requests=counts["requests_total"], errors=counts["errors_total"])
        return sample, health == 200

    def _remember(self, sample: _Sample) -> None:
        last = self._samples[-1] if self._samples else None
        if last is not None and (last.version != sample.version or last.requests > sample.requests):
            self._samples.clear()  # another process counts from nothing
        self._samples.append(sample)
        while len(self._samples) > 1 and self._samples[0].at < sample.at - _WINDOW:
            self._samples.popleft()

    def _rated(self, sample: _Sample) -> dict[str, Any]:
        first = self._samples[0]
        # The very first look counts everything since the process began, and knows no pace.
        alone = first is sample
        requests = sample.requests - (0 if alone else first.requests)
        errors = sample.errors - (0 if alone else first.errors)
        rate = 1.0 if not requests else 1.0 - errors / requests
        pace = 0.0 if alone else requests / max(sample.at - first.at, 0.001)
        note = "" if rate >= _WELL else f"{1 - rate:.0%} of its requests fail"
        return self._shown(sample.version, "up", rate=rate, pace=pace, note=note)

    def _shown(self, version: str, state: str, *, rate: float = 1.0, pace: float = 0.0, note: str = "") -> dict[str, Any]:
        return {
            "name": self.name,
            "version": version,
            "state": state,
            "healthy": state == "up" and rate >= _WELL,
            "ok_rate": round(rate, 3),
            "requests_per_second": round(pace, 1),
            "calls": list(CALLS[self.name]),
            "note": note,
        }


def session() -> aiohttp.ClientSession:
    """The connections that gauges read with."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT))
