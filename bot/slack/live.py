"""Keeps Slack showing what the run log tells: one message for each run, edited in place, and durable lines in its thread.

Nothing here decides anything. A run goes on without Slack; when Slack is back, the last state is drawn. The log is the only
source, so a restart, another replica or a lost answer leads to the same message.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.artist import Artist
from bot.slack.limiter import Limiter
from bot.slack.narrator import Narrator
from bot.slack.ports import Feed, Views
from commands.ports import Desk
from planner.names import RunId

_log = structlog.get_logger(__name__)
_LOOKED_AT = 30
"""Runs looked at when following begins, besides those that are half drawn: one may have ended before anybody began."""
_LONGEST_WAIT = 10.0


class Live:
    """Follows every run. `owner` names this process among its replicas; `edit_interval` is in seconds.

    `changed` is called whenever a log grew; it must not wait.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        client: AsyncWebClient,
        feed: Feed,
        views: Views,
        owner: str,
        limiter: Limiter | None = None,
        edit_interval: float = 3.0,
        hold: float = 3.0,
        changed: Callable[[], None] = lambda: None,
        narrator: Narrator | None = None,
    ) -> None:
        self._desk = desk
        self._client = client
        self._feed = feed
        self._views = views
        self._owner = owner
        self._limiter = limiter or Limiter()
        self._edit_interval = edit_interval
        self._hold = hold
        self._changed = changed
        self._narrator = narrator
        self._artists: dict[RunId, tuple[Artist, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Draw, for ever; cancel it to stop. Goes on when the store comes back."""
        wait = 0.5
        try:
            while True:
                try:
                    for run in [*self._artists, *await self._views.undrawn(), *await self._desk.runs.recent(_LOOKED_AT)]:
                        self._wake(run)
                    async for run in self._feed.follow():
                        self._wake(run)
                        self._changed()
                        wait = 0.5
                except Exception as error:  # the store's errors are its own; following simply begins again
                    _log.warning("following stopped, trying again", because=str(error), seconds=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        finally:
            await self._stop()

    def _wake(self, run: RunId) -> None:
        if self._narrator is not None:
            self._narrator.grew(run)
        found = self._artists.get(run)
        if found is None:
            artist = Artist(
                run=run,
                desk=self._desk,
                client=self._client,
                views=self._views,
                owner=self._owner,
                limiter=self._limiter,
                edit_interval=self._edit_interval,
                hold=self._hold,
            )
            task = asyncio.create_task(self._draw(run, artist), name=f"draw {run}")
            task.add_done_callback(partial(self._done, run))
            found = self._artists[run] = (artist, task)
        found[0].grew.set()

    async def _draw(self, run: RunId, artist: Artist) -> None:
        await artist.work()
        if not artist.grew.is_set():
            await self._views.drawn(run)

    def _done(self, run: RunId, task: asyncio.Task[None]) -> None:
        artist, _ = self._artists.pop(run)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            _log.error("drawing failed", run=run, exc_info=error)
        elif artist.grew.is_set():
            self._wake(run)

    async def _stop(self) -> None:
        tasks = [task for _, task in self._artists.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._narrator is not None:
            await self._narrator.stop()
