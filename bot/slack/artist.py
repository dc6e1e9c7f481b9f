"""Draws one run: posts its message, edits it, and tells its thread what happened, each line once and in order.

What is about to be posted is written down first. After a crash or an answer that never came, Slack is asked whether it arrived,
before it is posted again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Gone, Later, Unwelcome
from bot.slack.easel import Easel
from bot.slack.gallery import Gallery
from bot.slack.limiter import EDITS, POSTS, Limiter, Pace
from bot.slack.paper import Paper
from bot.slack.ports import Views
from bot.slack.render.kit import Message
from bot.slack.render.lines import line, thread
from bot.slack.render.run import parent, touched
from bot.view import View
from commands.ports import Desk
from planner.events import Entry
from planner.names import RunId
from planner.run import Run, Stage, follow, replay

_log = structlog.get_logger(__name__)
_UNWELCOME_WAIT = 10.0
_LONGEST_WAIT = 15.0
_TOO_OLD = timedelta(hours=1)
"""A run that ended longer ago and was never shown is not shown any more."""
_MOST_LINES = 6000
"""Characters of lines that go into one message of the thread when they come faster than Slack takes posts."""


class Artist:
    """One run's hand. Set `grew` when the log has grown."""

    def __init__(
        self,
        *,
        run: RunId,
        desk: Desk,
        client: AsyncWebClient,
        views: Views,
        owner: str,
        limiter: Limiter,
        edit_interval: float,
        hold: float,
    ) -> None:
        self.grew = asyncio.Event()
        self._run = run
        self._desk = desk
        self._views = views
        self._owner = owner
        self._limiter = limiter
        self._edit_interval = edit_interval
        self._hold = hold
        self._easel = Easel(client, desk.environment, run)
        self._paper = Paper(self._easel, views, limiter)
        self._gallery = Gallery(self._easel, views, limiter)
        self._edited_at = float("-inf")
        self._edited_stage: Stage | None = None
        self._shown: Message | None = None

    async def work(self) -> None:
        """Draw until the run has ended and all of it is drawn. Any trouble is waited out."""
        wait = 0.5
        while True:
            await self.grew.wait()
            self.grew.clear()
            try:
                if await self._draw():
                    return
                wait = 0.5
            except Unwelcome as trouble:
                if await self._unwelcome(trouble):
                    return
                await self._rest(_UNWELCOME_WAIT)
            except Later as later:
                # Slack said when: waiting longer each time would only make the last state late.
                _log.info("drawing waits as slack asks", run=self._run, because=later.code, seconds=later.seconds)
                await self._rest(later.seconds)
            except Exception as error:  # Slack's, the network's or the store's: a run must never be left half drawn
                _log.warning("drawing stopped, trying again", run=self._run, because=repr(error), seconds=wait)
                await self._rest(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def _rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.grew.set()

    async def _draw(self) -> bool:
        """Bring Slack up to date. Returns whether nothing more can come."""
        entries = await self._desk.runs.entries(self._run)
        run, view = replay(self._run, entries), await self._views.read(self._run)
        if not self._wanted(run, view):
            return run.stage is Stage.ENDED
        if _up_to_date(run, view) and view is not None and not self._more(run, view):
            return run.stage is Stage.ENDED
        if not await self._views.hold(self._run, self._owner, self._hold):
            # Somebody else draws it. Look again later: they may die.
            await self._rest(self._hold / 2)
            return False
        async with self._holding():
            return await self._paint()

    async def _paint(self) -> bool:
        while True:
            entries = await self._desk.runs.entries(self._run)
            run = replay(self._run, entries)
            view = await self._views.read(self._run) or self._fresh(run)
            try:
                if not view.ts:
                    await self._post(run, view)
                elif view.drawn < run.seq and self._due(run) <= 0:
                    await self._edit(view)
                elif view.written < run.seq:
                    await self._tell(entries, view)
                elif self._paper.wanted(run, view):
                    await self._paper.bring(run, view)
                elif self._gallery.wanted(run, view):
                    await self._gallery.bring(run, entries, view)
                elif view.drawn < run.seq:
                    await self._pause(self._due(run))
                else:
                    return run.stage is Stage.ENDED
            except Gone as gone:
                _log.info("the message is gone, posting it anew", run=self._run, because=gone.code)
                self._shown = None
                await self._views.write(self._run, replace(view, ts="", drawn=0, writing=0))

    async def _post(self, run: Run, view: View) -> None:
        """The message of a run that has none yet."""
        ts = await self._easel.find_message(view.channel, run.asked_at) if view.writing else None
        if ts is None:
            await self._limiter.turn(f"post {view.channel}", POSTS)
            message = parent(run, self._desk.policy)
            await self._views.write(self._run, replace(view, writing=run.seq))
            async with self._or_later(f"post {view.channel}", POSTS, replace(view, writing=0)):
                ts = await self._easel.post(view.channel, message, seq=run.seq)
            self._edited(run, message)
            view = replace(view, drawn=run.seq)
        await self._views.write(self._run, replace(view, ts=ts, writing=view.written, trouble=""))

    async def _edit(self, view: View) -> None:
        """The message as the run stands after the turn was awaited."""
        run = replay(self._run, await self._desk.runs.entries(self._run))
        if parent(run, self._desk.policy) != self._shown:
            await self._limiter.turn("edit", EDITS)
            run = replay(self._run, await self._desk.runs.entries(self._run))
            message = parent(run, self._desk.policy)
            async with self._or_later("edit", EDITS, view):
                await self._easel.edit(view.channel, view.ts, message)
            self._edited(run, message)
        await self._views.write(self._run, replace(view, drawn=run.seq))

    async def _tell(self, entries: tuple[Entry, ...], view: View) -> None:
        """The next lines of the thread: one, or as many as have gathered."""
        unsure = view.writing > view.written
        if unsure and await self._easel.find_line(view.channel, view.ts, view.writing):
            await self._views.write(self._run, replace(view, written=view.writing))
            return
        # What was about to be posted is posted with the same end, so that a third look would find it too.
        upto = view.writing if unsure else len(entries)
        lines, last = _gather(self._run, entries, view.written, upto)
        if lines:
            await self._limiter.turn(f"post {view.channel}", POSTS)
            await self._views.write(self._run, replace(view, writing=last))
            async with self._or_later(f"post {view.channel}", POSTS, replace(view, writing=view.written)):
                await self._easel.tell(view.channel, view.ts, thread(lines), seq=last)
        await self._views.write(self._run, replace(view, written=last, writing=last))

    async def _unwelcome(self, trouble: Unwelcome) -> bool:
        """Keep the trouble for whoever asked. Returns whether it is no use to try again."""
        run = await self._desk.runs.read(self._run)
        if run is None:
            return True
        view = await self._views.read(self._run) or self._fresh(run)
        _log.warning("slack does not take the message", run=self._run, channel=view.channel, because=trouble.code)
        await self._views.write(self._run, replace(view, trouble=trouble.code, writing=0 if not view.ts else view.writing))
        return run.stage is Stage.ENDED

    def _more(self, run: Run, view: View) -> bool:
        return self._paper.wanted(run, view) or self._gallery.wanted(run, view)

    def _wanted(self, run: Run, view: View | None) -> bool:
        if run.planned is None or run.asked is None or run.asked.place is None:
            return False
        if view is not None and view.ts:
            return True
        if run.stage is not Stage.ENDED:
            return True
        return touched(run) and run.ended_at is not None and self._desk.now() - run.ended_at < _TOO_OLD

    def _fresh(self, run: Run) -> View:
        place = run.asked.place if run.asked else None
        return View(channel=place.channel if place else "")

    def _due(self, run: Run) -> float:
        """Seconds until the next edit may be made. A new stage is shown at once."""
        if run.stage is not self._edited_stage:
            return 0.0
        return self._edited_at + self._edit_interval - asyncio.get_running_loop().time()

    def _edited(self, run: Run, message: Message) -> None:
        self._shown = message
        self._edited_at = asyncio.get_running_loop().time()
        self._edited_stage = run.stage

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until the log grows: there may be lines to tell."""
        try:
            async with asyncio.timeout(seconds):
                await self.grew.wait()
        except TimeoutError:
            return
        self.grew.clear()

    @asynccontextmanager
    async def _or_later(self, key: str, pace: Pace, before: View) -> AsyncIterator[None]:
        """Where Slack says to come back later, nothing happened: tell the limiter, and keep the view as it was."""
        try:
            yield
        except Later as later:
            await self._limiter.pause(key, later.seconds, pace)
            await self._views.write(self._run, before)
            raise

    @asynccontextmanager
    async def _holding(self) -> AsyncIterator[None]:
        """Keep the run to this replica while it is drawn."""

        async def keep() -> None:
            while True:
                await asyncio.sleep(self._hold / 3)
                await self._views.hold(self._run, self._owner, self._hold)

        keeper = asyncio.create_task(keep())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)


def _up_to_date(run: Run, view: View | None) -> bool:
    return view is not None and bool(view.ts) and view.drawn >= run.seq and view.written >= run.seq


def _gather(name: RunId, entries: tuple[Entry, ...], after: int, upto: int) -> tuple[list[str], int]:
    """The lines of the entries after `after`, at most up to `upto`, and the last entry that they tell."""
    run, last, size = Run(id=name), after, 0
    lines: list[str] = []
    for entry in entries[:upto]:
        run = follow(run, entry)
        if entry.seq <= after:
            continue
        words = line(run, entry)
        if words is not None:
            if lines and size + len(words) > _MOST_LINES:
                break
            lines.append(words)
            size += len(words)
        last = entry.seq
    return lines, last
