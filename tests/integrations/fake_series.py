"""A small Prometheus that holds counters of calls and answers the questions that are asked about edges. State: the counters.

It obeys what the real one does where it matters here: a metric that nobody exports is an empty vector, `> 0` takes silent
series out, labels that nobody asked for are summed away, and an answer may carry warnings or come as an error.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from aiohttp import web

_METRIC = re.compile(r"([a-z_]+_total)(?:\{([^}]*)\})?\[")
_BY = re.compile(r"sum by \(([^)]*)\)")


@dataclass
class FakeSeries:
    """`counters` are (metric, labels, calls in the window, when the last came). `status` other than 200 is answered once."""

    counters: list[tuple[str, dict[str, str], float, float]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    status: int = 200
    body: str | None = None
    refuses: str = "nothing at all"
    asked: list[str] = field(default_factory=list)

    def count(self, metric: str, calls: float, last: float = 1_790_000_000.0, **labels: str) -> None:
        """Calls that were counted."""
        self.counters.append((metric, labels, calls, last))

    def app(self) -> web.Application:
        """The API as an application."""
        app = web.Application()
        app.router.add_post("/api/v1/query", self._query)
        return app

    async def _query(self, request: web.Request) -> web.Response:
        query = str((await request.post())["query"])
        self.asked.append(query)
        if self.status != 200:
            status, self.status = self.status, 200
            return web.Response(status=status, text="made to fail")
        if self.refuses in query:
            return web.json_response({"status": "error", "errorType": "execution", "error": "too many samples"}, status=422)
        if self.body is not None:
            return web.Response(text=self.body)
        result = self._answer(query)
        value = {"status": "success", "data": {"resultType": "vector", "result": result}}
        return web.json_response({**value, "warnings": self.warnings} if self.warnings else value)

    def _answer(self, query: str) -> list[dict]:
        found = _METRIC.search(query)
        by = _BY.search(query)
        assert found and by, query
        conditions = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
        names = [name.strip() for name in by[1].split(",")]
        sums: dict[tuple, float] = defaultdict(float)
        for metric, labels, calls, last in self.counters:
            if metric != found[1] or not conditions.items() <= labels.items():
                continue
            key = tuple((name, labels[name]) for name in names if labels.get(name))
            sums[key] = max(sums[key], last) if "timestamp(" in query else sums[key] + calls
        kept = {key: value for key, value in sums.items() if not value <= 0}
        return [{"metric": dict(key), "value": [1_790_000_100, str(value)]} for key, value in sorted(kept.items())]
