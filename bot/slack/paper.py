"""Brings a long plan into its thread: as a file, and where Slack takes none as pages. Each arrives, whatever breaks."""

from dataclasses import replace

import structlog

from bot.slack.calls import Later, Trouble, Unsure
from bot.slack.easel import Easel
from bot.slack.limiter import POSTS, Limiter
from bot.slack.ports import Views
from bot.slack.render.lines import thread
from bot.slack.render.paper import is_long, name, pages, paper
from bot.view import View
from planner.run import Run

_log = structlog.get_logger(__name__)
_TRIES = 3
"""How often the file is tried before pages take its place."""
_SENDING, _PAGE, _POSTING, DONE = "sending", "page", "posting", "done"
"""`paper` of a view: empty, `sending` (the file), `posting N` (page N is about to be posted), `page N` (it was), `done`."""


class Paper:
    """One run's paper. Every step is written into the view before it is taken."""

    def __init__(self, easel: Easel, views: Views, limiter: Limiter) -> None:
        self._easel = easel
        self._views = views
        self._limiter = limiter
        self._tries = 0

    def wanted(self, run: Run, view: View) -> bool:
        """Whether there is anything left to bring."""
        return view.paper != DONE and run.planned is not None and is_long(run.plan)

    async def bring(self, run: Run, view: View) -> None:
        """Take the next step. Raises `Trouble` where it must be taken again later."""
        if view.paper.startswith((_PAGE, _POSTING)):
            await self._pages(run, view)
        else:
            await self._file(run, view)

    async def _file(self, run: Run, view: View) -> None:
        if view.paper == _SENDING and await self._easel.find_file(view.channel, view.ts, name(run)):
            await self._views.write(run.id, replace(view, paper=DONE))
            return
        await self._limiter.turn(f"post {view.channel}", POSTS)
        await self._views.write(run.id, replace(view, paper=_SENDING))
        title = f"The whole plan of run {run.id}, with every reason"
        try:
            await self._easel.upload(view.channel, view.ts, name=name(run), title=title, content=paper(run).encode())
        except (Later, Unsure) as trouble:
            self._tries += 1
            if self._tries < _TRIES:
                raise
            await self._instead(run, view, trouble)
        except Trouble as trouble:
            await self._instead(run, view, trouble)
        else:
            await self._views.write(run.id, replace(view, paper=DONE))

    async def _instead(self, run: Run, view: View, trouble: Trouble) -> None:
        _log.warning("slack takes no file, posting pages instead", run=run.id, because=trouble.code)
        await self._views.write(run.id, replace(view, paper=f"{_PAGE} 0"))

    async def _pages(self, run: Run, view: View) -> None:
        all_pages = pages(run.plan)
        state, _, number = view.paper.partition(" ")
        last = int(number)
        if state == _POSTING:
            there = await self._easel.find_page(view.channel, view.ts, last)
            last = last if there else last - 1
        if last < len(all_pages):
            await self._limiter.turn(f"post {view.channel}", POSTS)
            await self._views.write(run.id, replace(view, paper=f"{_POSTING} {last + 1}"))
            await self._easel.page(view.channel, view.ts, thread([all_pages[last]]), last + 1)
            last += 1
        await self._views.write(run.id, replace(view, paper=DONE if last >= len(all_pages) else f"{_PAGE} {last}"))
