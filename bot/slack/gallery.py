"""Brings pictures into a run's thread: the plan once when it waits, and what happened when the run is over.

Pictures are a help, never the record: the message and the lines of the thread say everything in words. So a picture that Slack
does not take after a few tries is left out, and nothing waits for it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.pictures.png import to_png
from bot.slack.calls import Later, Trouble, Unsure
from bot.slack.easel import Easel
from bot.slack.limiter import POSTS, Limiter
from bot.slack.ports import Views
from bot.slack.render.run import touched
from bot.view import View
from commands.picture import LEAST
from planner.drawing.plan import plan_svg, plan_words
from planner.drawing.run import run_svg, run_words
from planner.events import Entry
from planner.run import Run, Stage
from planner.timeline import timeline

_log = structlog.get_logger(__name__)
_TRIES = 3
_SENDING, _PLAN, _RUN = "sending", "plan", "run"
"""`pictures` of a view: empty, `plan` or `run` (the last that is there), with `sending` before it while it is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture ready to be sent."""

    name: str
    title: str
    words: str
    svg: str


class Gallery:
    """One run's pictures. Every step is written into the view before it is taken."""

    def __init__(self, easel: Easel, views: Views, limiter: Limiter) -> None:
        self._easel = easel
        self._views = views
        self._limiter = limiter
        self._tries = 0

    def wanted(self, run: Run, view: View) -> bool:
        """Whether a picture is due that is not there yet."""
        return self._next(run, view) is not None

    async def bring(self, run: Run, entries: Sequence[Entry], view: View) -> None:
        """Bring the next picture. Raises `Trouble` where it must be tried again later."""
        which = self._next(run, view)
        picture = None if which is None else await asyncio.to_thread(_drawn, which, run, entries)
        if which is None or picture is None:
            await self._views.write(run.id, replace(view, pictures=which or _RUN))
            return
        sending = f"{_SENDING} {which}"
        if view.pictures != sending or not await self._easel.find_file(view.channel, view.ts, picture.name):
            await self._limiter.turn(f"post {view.channel}", POSTS)
            await self._views.write(run.id, replace(view, pictures=sending))
            await self._send(run, view, picture)
        self._tries = 0
        await self._views.write(run.id, replace(view, pictures=which))

    async def _send(self, run: Run, view: View, picture: Picture) -> None:
        content = await asyncio.to_thread(to_png, picture.svg)
        try:
            await self._easel.upload(
                view.channel, view.ts, name=picture.name, title=picture.title, content=content, words=picture.words
            )
        except Trouble as trouble:
            self._tries += 1
            if isinstance(trouble, Later | Unsure) and self._tries < _TRIES:
                raise
            _log.warning("slack takes no picture, going on without", run=run.id, because=trouble.code)

    def _next(self, run: Run, view: View) -> str | None:
        over = run.stage is Stage.ENDED
        if run.planned is None or len(run.plan.moves) < LEAST or (over and not touched(run)):
            return None
        if view.pictures in ("", f"{_SENDING} {_PLAN}"):
            return _PLAN
        return _RUN if over and view.pictures in (_PLAN, f"{_SENDING} {_RUN}") else None


def _drawn(which: str, run: Run, entries: Sequence[Entry]) -> Picture | None:
    if which == _PLAN:
        title = f"The plan of run {run.id}"
        return Picture(name=f"plan-{run.id}.png", title=title, words=plan_words(run.plan), svg=plan_svg(run.plan))
    line = timeline(run.id, entries)
    if line is None:
        return None
    return Picture(name=f"run-{run.id}.png", title=f"What happened in run {run.id}", words=run_words(line), svg=run_svg(line))
