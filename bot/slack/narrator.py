"""Streams how a run goes to the person who asked for it, while it goes: an extra, on which nothing depends.

Slack's streams die after some minutes and whenever they like; in a channel only one person sees them grow. So a stream is closed
and begun anew in good time, any trouble ends the narration of that run, and what broke off is replaced by a line. The run's
message and its thread never wait for any of it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Trouble, ask
from bot.slack.limiter import Limiter, Pace
from bot.slack.ports import Views
from bot.slack.render.kit import message, section
from bot.slack.render.narration import MOST, closed, rows, title
from bot.view import View
from commands.ports import Desk
from planner.names import RunId
from planner.run import Run, Stage

_log = structlog.get_logger(__name__)
_BEGIN = Pace(interval=3.2, burst=3)
"""chat.startStream and chat.stopStream are tier 2, twenty a minute each."""
_APPEND = Pace(interval=0.7, burst=5)
"""chat.appendStream is tier 4, a hundred a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """In seconds: the shortest time between two appends, the longest silence, and how long a stream lives here."""

    gap: float = 1.0
    silence: float = 15.0
    life: float = 200.0


@dataclass(slots=True, kw_only=True)
class _Stream:
    """One that is open. `told` are the rows as they were sent last."""

    channel: str
    ts: str
    began: float
    told: dict[str, dict[str, Any]] = field(default_factory=dict)


class Narrator:
    """`team` is the workspace; `owner` names this process among its replicas, of which one narrates a run."""

    def __init__(
        self,
        *,
        desk: Desk,
        client: AsyncWebClient,
        views: Views,
        team: str,
        owner: str,
        rhythm: Rhythm | None = None,
        limiter: Limiter | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._desk = desk
        self._client = client
        self._views = views
        self._team = team
        self._owner = owner
        self._rhythm = rhythm or Rhythm()
        self._limiter = limiter or Limiter()
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._told: dict[RunId, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        self._given_up: set[RunId] = set()

    def grew(self, run: RunId) -> None:
        """The run's log grew. Returns at once."""
        if run in self._given_up:
            return
        found = self._told.get(run)
        if found is None:
            event = asyncio.Event()
            task = asyncio.create_task(self._narrate(run, event), name=f"narrate {run}")
            task.add_done_callback(lambda _: self._told.pop(run, None))
            found = self._told[run] = (event, task)
        found[0].set()

    async def stop(self) -> None:
        """Say no more; streams that are open are ended where Slack lets us at once."""
        tasks = [task for _, task in self._told.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _narrate(self, name: RunId, grew: asyncio.Event) -> None:
        stream: _Stream | None = None
        try:
            while True:
                grew.clear()
                run, view = await self._desk.runs.read(name), await self._views.read(name)
                going = run is not None and view is not None and self._wanted(run, view)
                if run is None or view is None or (stream is None and not going):
                    return
                if not await self._views.hold(_key(name), self._owner, 2 * self._rhythm.silence):
                    return
                if stream is not None and (not going or self._clock() - stream.began > self._rhythm.life):
                    await self._end(run, stream)
                    stream = None
                elif stream is None:
                    stream = await self._begin(run, view)
                else:
                    await self._append(run, stream)
                await self._pause(grew, at_once=stream is None and going)
        except asyncio.CancelledError:
            if stream is not None:
                await self._quietly(name, stream)
            raise
        except Exception as error:  # an extra: whatever it is, the run goes on without it
            self._given_up.add(name)
            _log.info("a run is not narrated any more", run=name, because=str(error) or type(error).__name__)
            if stream is not None:
                await self._quietly(name, stream)

    def _wanted(self, run: Run, view: View) -> bool:
        asked = run.asked
        known = asked is not None and asked.by.id[:1] in {"U", "W"} and not view.channel.startswith("D")
        return known and bool(view.ts) and run.stage is Stage.RUNNING and run.surveyed and 1 < len(run.steps) <= MOST

    async def _begin(self, run: Run, view: View) -> _Stream:
        before = await self._views.read(_key(run.id))
        if before is not None and before.ts:
            # A process that died left one behind.
            await self._replaced(run, before.channel, before.ts)
        found = rows(run)
        await self._limiter.turn("begin", _BEGIN)
        answer = await ask(
            self._client.chat_startStream(
                channel=view.channel,
                thread_ts=view.ts,
                recipient_user_id=run.asked.by.id if run.asked else "",
                recipient_team_id=self._team,
                task_display_mode="plan",
                chunks=[title(run, self._elapsed(run)), *found.values()],
            )
        )
        ts = str(answer.get("ts") or "")
        await self._views.write(_key(run.id), View(channel=view.channel, ts=ts))
        return _Stream(channel=view.channel, ts=ts, began=self._clock(), told=found)

    async def _append(self, run: Run, stream: _Stream) -> None:
        """What has changed; the heading always, so that Slack hears of us."""
        await self._limiter.turn("append", _APPEND)
        chunks = self._news(run, stream)
        await ask(self._client.chat_appendStream(channel=stream.channel, ts=stream.ts, chunks=chunks))

    async def _end(self, run: Run, stream: _Stream) -> None:
        await self._limiter.turn("end", _BEGIN)
        chunks = self._news(run, stream)
        await ask(self._client.chat_stopStream(channel=stream.channel, ts=stream.ts, chunks=chunks))
        await self._views.write(_key(run.id), View(channel=stream.channel))

    def _news(self, run: Run, stream: _Stream) -> list[dict[str, Any]]:
        now = rows(run)
        fresh = [row for step, row in now.items() if stream.told.get(step) != row]
        stream.told = now
        return [title(run, self._elapsed(run)), *fresh]

    async def _quietly(self, name: RunId, stream: _Stream) -> None:
        """A stream that cannot go on: ended, or where that is too late replaced by a line."""
        try:
            async with asyncio.timeout(3):
                run = await self._desk.runs.read(name)
                if run is None:
                    return
                try:
                    await ask(self._client.chat_stopStream(channel=stream.channel, ts=stream.ts, chunks=self._news(run, stream)))
                except Trouble:
                    await self._replaced(run, stream.channel, stream.ts)
                await self._views.write(_key(name), View(channel=stream.channel))
        except Exception as error:  # there is nothing left to try
            _log.info("a stream was left as it is", run=name, because=type(error).__name__)

    async def _replaced(self, run: Run, channel: str, ts: str) -> None:
        told = message(closed(run), section(closed(run)))
        try:
            await ask(self._client.chat_update(channel=channel, ts=ts, text=told.text, blocks=told.blocks))
        except Trouble as trouble:
            _log.info("a stream that broke off could not be replaced", run=run.id, because=trouble.code)

    async def _pause(self, grew: asyncio.Event, *, at_once: bool) -> None:
        if at_once:
            return
        await asyncio.sleep(self._rhythm.gap)
        try:
            async with asyncio.timeout(self._rhythm.silence):
                await grew.wait()
        except TimeoutError:
            return

    def _elapsed(self, run: Run) -> float:
        return (self._desk.now() - run.granted_at).total_seconds() if run.granted_at else 0.0


def _key(run: RunId) -> RunId:
    """Under this name it is kept which stream is open, as a run's view is under the run's."""
    return RunId(f"{run} stream")
