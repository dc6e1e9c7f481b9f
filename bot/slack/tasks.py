"""The work that goes on after Slack was answered: kept, bounded, and waited for at shutdown.

Bolt keeps no strong reference to its own tasks and never waits for them, so nothing of ours is left to it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

_log = structlog.get_logger(__name__)


class Tasks:
    """A set of running tasks. `most` is how many may run at once before `full` says so."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._running: set[asyncio.Task[None]] = set()

    @property
    def full(self) -> bool:
        """Whether there is too much to do already."""
        return len(self._running) >= self._most

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Let this run. What it raises is logged, and nobody else's business; do not await it."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def drain(self, patience: float) -> None:
        """Wait for what runs, `patience` seconds at most; the rest is cancelled."""
        if not self._running:
            return
        _, late = await asyncio.wait(set(self._running), timeout=patience)
        for task in late:
            _log.warning("cut short at shutdown", task=task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a task failed", task=task.get_name(), exc_info=error)
