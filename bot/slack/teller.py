"""Tells people what concerns them and belongs to no run: it follows the environment's log as the artists follow the runs'.

Each entry is told once: what is about to be posted is written down first, and after a crash or a lost answer Slack is asked
whether it arrived. One replica tells at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Gone, Later, Unwelcome
from bot.slack.easel import Easel
from bot.slack.limiter import POSTS, Limiter
from bot.slack.ports import Views
from bot.slack.render.news import Note, note
from bot.view import View
from planner.events import Entry, Place
from planner.names import RunId

_log = structlog.get_logger(__name__)
_LONGEST_WAIT = 15.0
HERE = RunId("environment")
"""Under this name the place in the environment's log is kept, as a run's view is under the run's."""


class News(Protocol):
    """The environment's log as the teller follows it."""

    def news(self, after: int) -> AsyncIterator[Entry]:
        """The entries after number `after`, for ever."""
        ...

    async def newest(self) -> int:
        """The number of the last entry."""
        ...


class Teller:
    """Follows the news. `owner` names this process among its replicas; `hold` is in seconds."""

    def __init__(
        self,
        *,
        environment: str,
        client: AsyncWebClient,
        news: News,
        views: Views,
        owner: str,
        limiter: Limiter | None = None,
        hold: float = 3.0,
    ) -> None:
        self._news = news
        self._views = views
        self._owner = owner
        self._limiter = limiter or Limiter()
        self._hold = hold
        self._easel = Easel(client, environment, HERE)

    async def run(self) -> None:
        """Tell, for ever; cancel it to stop. Any trouble is waited out."""
        wait = 0.5
        while True:
            try:
                if await self._views.hold(HERE, self._owner, self._hold):
                    async with self._holding():
                        await self._tell()
                await asyncio.sleep(self._hold / 2)
                wait = 0.5
            except Later as later:
                _log.info("telling waits as slack asks", because=later.code, seconds=later.seconds)
                await asyncio.sleep(later.seconds)
            except Exception as error:  # Slack's, the network's or the store's: nobody must be left untold
                _log.warning("telling stopped, trying again", because=repr(error), seconds=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def _tell(self) -> None:
        """Every entry that was not told yet; ends where another replica has taken over."""
        view = await self._views.read(HERE)
        if view is None:
            # What was before anybody followed is old news.
            newest = await self._news.newest()
            view = View(channel="", written=newest, writing=newest)
            await self._views.write(HERE, view)
        async for entry in self._news.news(view.written):
            if not await self._views.hold(HERE, self._owner, self._hold):
                return
            found = note(entry.event)
            if found is not None:
                unsure = view.writing == entry.seq
                view = replace(view, writing=entry.seq)
                await self._views.write(HERE, view)
                await self._post(found, entry, unsure=unsure)
            view = replace(view, written=entry.seq)
            await self._views.write(HERE, view)

    async def _post(self, found: Note, entry: Entry, *, unsure: bool) -> None:
        """To the place; where that takes no posts, to the person."""
        place = found.place or await self._thread(found)
        try:
            if place is not None:
                await self._to(place, found, entry, unsure=unsure)
                return
        except (Unwelcome, Gone) as trouble:
            _log.warning("a place does not take the news", channel=place.channel if place else "", because=trouble.code)
        if found.whom is None or ":" in found.whom.id:
            return
        try:
            await self._to(Place(channel=found.whom.id), found, entry, unsure=unsure)
        except (Unwelcome, Gone) as trouble:
            _log.warning("somebody could not be told", user=found.whom.id, because=trouble.code)

    async def _to(self, place: Place, found: Note, entry: Entry, *, unsure: bool) -> None:
        if unsure and await self._arrived(place, entry):
            return
        await self._limiter.turn(f"post {place.channel}", POSTS)
        if place.thread:
            await self._easel.tell(place.channel, place.thread, found.message, seq=entry.seq, loud=found.loud)
        else:
            await self._easel.post(place.channel, found.message, seq=entry.seq)

    async def _arrived(self, place: Place, entry: Entry) -> bool:
        if place.thread:
            return await self._easel.find_line(place.channel, place.thread, entry.seq)
        return await self._easel.find_post(place.channel, entry.at, entry.seq)

    async def _thread(self, found: Note) -> Place | None:
        """The thread of the run that it is about."""
        view = await self._views.read(found.run) if found.run else None
        return Place(channel=view.channel, thread=view.ts) if view is not None and view.ts else None

    @asynccontextmanager
    async def _holding(self) -> AsyncIterator[None]:
        """Keep the news to this replica while it waits for more."""

        async def keep() -> None:
            while True:
                await asyncio.sleep(self._hold / 3)
                await self._views.hold(HERE, self._owner, self._hold)

        keeper = asyncio.create_task(keep())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
