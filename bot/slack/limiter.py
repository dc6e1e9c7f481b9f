"""One budget of Slack calls for the whole workspace, so that no number of runs, nor of replicas, makes Slack refuse us.

Slack counts calls for each method (about 50 edits a minute) and posts for each channel (about one a second). Whoever wants to
call takes a turn first and looks at the state after it, so that waiting never makes a message older than it must be.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.slack.ports import Turns

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """At most `burst` calls at once, and one every `interval` seconds in the long run."""

    interval: float
    burst: int


EDITS = Pace(interval=1.35, burst=5)
"""chat.update is tier 3, 50 a minute: 44, and 5 that were saved up."""
POSTS = Pace(interval=1.05, burst=3)
"""chat.postMessage, for each channel."""


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Limiter:
    """Turns by key, first come first served. Only waits; never drops a call.

    With `shared` all replicas share the budgets; while the store does not answer, each keeps to its own.
    """

    def __init__(
        self,
        shared: Turns | None = None,
        *,
        clock: Callable[[], float] = _loop_time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._sleep = sleep
        self._due: dict[str, float] = {}

    async def turn(self, key: str, pace: Pace) -> None:
        """Return when a call under this key may be made."""
        wait = self._own(key, pace)
        if self._shared is not None:
            try:
                wait = max(wait, await self._shared.take(key, pace.interval, pace.burst))
            except Exception as error:  # the store's errors are its own
                _log.warning("replicas keep to budgets of their own", because=type(error).__name__)
        if wait > 0:
            await self._sleep(wait)

    async def pause(self, key: str, seconds: float, pace: Pace) -> None:
        """Slack said when to come back: no turn under this key begins before."""
        # All that was saved up is spent, or others would run into the same refusal.
        until = self._clock() + seconds + (pace.burst - 1) * pace.interval
        self._due[key] = max(self._due.get(key, until), until)
        if self._shared is not None:
            try:
                await self._shared.pause(key, seconds, pace.interval, pace.burst)
            except Exception as error:  # as above
                _log.warning("other replicas do not know of a pause", because=type(error).__name__)

    def _own(self, key: str, pace: Pace) -> float:
        now = self._clock()
        due = max(self._due.get(key, now), now)
        self._due[key] = due + pace.interval
        return due - (pace.burst - 1) * pace.interval - now
