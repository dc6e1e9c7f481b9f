"""What Rollbot tells Prometheus, on a registry of its own.

Labels come from closed lists alone (verbs, buttons, codes, endings, methods): never a user, a run, a service or a text. What is
counted from the run log (runs, steps) every replica counts alike, from its own start on: take the maximum over replicas, not the
sum. All else is each process's own.
"""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Read = Callable[[], Awaitable[float | None]]
"""Asked at each scrape. `None`: there is nothing to say now."""
_PATIENCE = 2.0
"""Seconds for one read."""
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
_ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Seconds. Slack waits for three."""
_STEP_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200)


class Metrics:
    """Counters and gauges. Implements `bot.slack.meter.Meter`."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._commands = Counter("rollbot_commands", "Commands typed, by verb.", ["verb"], registry=registry)
        self._presses = Counter("rollbot_presses", "Buttons pressed.", ["button"], registry=registry)
        self._refusals = Counter("rollbot_refusals", "Answers that were a no, by code.", ["code"], registry=registry)
        self._acks = Histogram(
            "rollbot_ack_seconds", "From Slack's request to our answer.", ["kind"], buckets=_ACK_BUCKETS, registry=registry
        )
        self._calls = Counter(
            "rollbot_slack_calls", "Web API calls, by method and result.", ["method", "result"], registry=registry
        )
        self._runs = Counter("rollbot_runs_ended", "Runs that ended, by ending.", ["ending"], registry=registry)
        self._steps = Counter("rollbot_steps", "Steps that came to an end, by verdict.", ["verdict"], registry=registry)
        self._durations = Histogram(
            "rollbot_step_seconds", "From a step's request to its verdict.", buckets=_STEP_BUCKETS, registry=registry
        )
        self._reads: dict[str, tuple[Gauge, Read]] = {}

    def acknowledged(self, kind: str, seconds: float) -> None:
        """Slack was answered."""
        self._acks.labels(_label(kind)).observe(seconds)

    def asked(self, verb: str) -> None:
        """A command was typed."""
        self._commands.labels(_label(verb)).inc()

    def pressed(self, button: str) -> None:
        """A button was pressed."""
        self._presses.labels(_label(button)).inc()

    def refused(self, code: str) -> None:
        """Somebody was told no."""
        self._refusals.labels(_label(code)).inc()

    def called(self, method: str, result: str) -> None:
        """A Web API method was called."""
        self._calls.labels(_label(method), _label(result)).inc()

    def ended(self, ending: str) -> None:
        """A run ended."""
        self._runs.labels(_label(ending)).inc()

    def judged(self, verdict: str, seconds: float | None) -> None:
        """A step came to an end, so many seconds after it was asked for, where that is known."""
        self._steps.labels(_label(verdict)).inc()
        if seconds is not None:
            self._durations.observe(seconds)

    def watch(self, reads: Mapping[str, tuple[str, Read]]) -> None:
        """Ask these at each scrape: name -> (what it is, how to ask). One that fails is NaN."""
        for name, (about, read) in reads.items():
            self._reads[name] = (Gauge(name, about, registry=self._registry), read)

    async def page(self) -> bytes:
        """Everything, in Prometheus's text format. Never raises for what cannot be read."""
        values = await asyncio.gather(*(_read(read) for _, read in self._reads.values()))
        for (gauge, _), value in zip(self._reads.values(), values, strict=True):
            gauge.set(math.nan if value is None else value)
        return generate_latest(self._registry)


async def _read(read: Read) -> float | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await read()
    except Exception:  # a scrape must not fail because something that it asks about has failed
        return None


def _label(text: str) -> str:
    return text if _LABEL.fullmatch(text) else "other"
