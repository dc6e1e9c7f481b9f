"""Home tabs: drawn when somebody looks, and drawn again while they may still look and something has changed, within bounds."""

import asyncio
import time
from collections.abc import Callable

import structlog

from bot.slack.calls import Later, Trouble, ask
from bot.slack.front import Front
from bot.slack.limiter import Limiter, Pace
from bot.slack.render.home import home
from bot.slack.tasks import Tasks
from commands.board import board

_log = structlog.get_logger(__name__)
_PACE = Pace(interval=0.8, burst=10)
"""views.publish is tier 4, a hundred a minute: 75."""
_WATCHERS = 40
"""People whose tab is kept fresh; of more, those who looked last."""


class Homes:
    """`watched` is for how long after a look a tab is kept fresh, `gap` the shortest time between two refreshes, in seconds."""

    def __init__(
        self,
        front: Front,
        tasks: Tasks,
        *,
        watched: float = 1800.0,
        gap: float = 4.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._front = front
        self._tasks = tasks
        self._watched = watched
        self._gap = gap
        self._clock = clock
        self._limiter = Limiter()
        self._looked: dict[str, float] = {}
        self._refreshing = False
        self._again = False

    async def opened(self, user: str) -> None:
        """Somebody looks at their tab. Never raises."""
        self._looked.pop(user, None)
        self._looked[user] = self._clock()
        while len(self._looked) > _WATCHERS:
            del self._looked[next(iter(self._looked))]
        await self._publish(user)

    def changed(self) -> None:
        """Something changed that tabs show. Returns at once; many changes become one refresh."""
        self._again = True
        if self._looked and not self._refreshing:
            self._refreshing = True
            self._tasks.begin(self._refresh(), "refresh home tabs")

    async def _refresh(self) -> None:
        try:
            while self._again:
                await asyncio.sleep(self._gap)
                self._again = False
                since = self._clock() - self._watched
                self._looked = {user: at for user, at in self._looked.items() if at >= since}
                for user in list(self._looked):
                    await self._publish(user)
        finally:
            self._refreshing = False

    async def _publish(self, user: str) -> None:
        try:
            await self._limiter.turn("publish", _PACE)
            known = await self._front.people.known(user, user)
            view = home(await board(self._front.desk, known.actor), self._front.desk.now())
            await ask(self._front.client.views_publish(user_id=user, view=view))
        except Later as later:
            await self._limiter.pause("publish", later.seconds, _PACE)
            self.changed()
        except Trouble as trouble:
            _log.warning("a home tab was not drawn", user=user, because=trouble.code)
        except Exception:  # nobody waits for it, and the next change tries again
            _log.exception("a home tab could not be made", user=user)
