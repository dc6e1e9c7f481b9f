"""Counts runs and steps by following the run log, as the views do: neither the planner nor the engine knows of metrics."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

import structlog

from bot.metrics import Metrics
from planner.events import Ended, Entry, StepFailed, StepIntended, StepVerified
from planner.names import RunId

_log = structlog.get_logger(__name__)
_LONGEST_WAIT = 15.0


class Log(Protocol):
    """What is followed."""

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        """A run's entries after this number."""
        ...

    def follow(self) -> AsyncIterator[RunId]:
        """Each run whose log grew, for ever. Raises when the store goes."""
        ...


class Tally:
    """Counts what is written from `since` on; what older entries tell is only remembered."""

    def __init__(self, log: Log, metrics: Metrics, since: datetime) -> None:
        self._log = log
        self._metrics = metrics
        self._since = since
        self._read: dict[RunId, int] = {}
        self._asked: dict[tuple[RunId, str], datetime] = {}

    async def run(self) -> None:
        """Count, for ever; cancel it to stop. Goes on where it was when the store comes back."""
        wait = 0.5
        while True:
            try:
                async for run in self._log.follow():
                    try:
                        await self._catch_up(run)
                    except Exception as error:  # one that cannot be read does not keep the others from being counted
                        _log.warning("a run could not be counted", run=run, because=type(error).__name__)
                    wait = 0.5
            except Exception as error:  # the store's errors are its own
                _log.warning("counting stopped, trying again", because=type(error).__name__, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _catch_up(self, run: RunId) -> None:
        for entry in await self._log.entries(run, self._read.get(run, 0)):
            self._read[run] = entry.seq
            self._count(run, entry)

    def _count(self, run: RunId, entry: Entry) -> None:
        new = entry.at >= self._since
        match entry.event:
            case StepIntended(step=step):
                self._asked[run, step] = entry.at
            case StepVerified(step=step, unclear=unclear):
                self._judge(run, step, entry.at, "inconclusive" if unclear else "pass", new=new)
            case StepFailed(step=step):
                self._judge(run, step, entry.at, "fail", new=new)
            case Ended(ending=ending):
                if new:
                    self._metrics.ended(ending)
                # The number stays, so that a late word about an ended run does not count it again.
                for key in [key for key in self._asked if key[0] == run]:
                    del self._asked[key]
            case _:
                pass

    def _judge(self, run: RunId, step: str, at: datetime, verdict: str, *, new: bool) -> None:
        asked = self._asked.pop((run, step), None)
        if new:
            self._metrics.judged(verdict, (at - asked).total_seconds() if asked else None)
