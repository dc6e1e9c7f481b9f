"""Carries frames to every page that is connected, in order, and asks for the side panel while one is."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.workspace.json_value import Json

Panel = Callable[[], Awaitable[Json]]
_LOG = logging.getLogger(__name__)
_BACKLOG = 10_000
"""A page that is this many frames behind is dropped; it loads again and gets the current state."""


class Feed:
    """The pages that listen. Pushing never waits for a slow page and never fails because of a gone one."""

    def __init__(self, panel: Panel | None, panel_seconds: float) -> None:
        self.panel: Json | None = None
        self._ask = panel
        self._pause = panel_seconds
        self._pages: dict[web.WebSocketResponse, asyncio.Queue[str | None]] = {}
        self._poll: asyncio.Task[None] | None = None

    def push(self, frame: Json) -> None:
        """Queue one frame for every page; a copy is taken at once, so that later changes do not show."""
        text = json.dumps(frame, ensure_ascii=False)
        for queue in self._pages.values():
            _put(queue, text)

    async def serve(self, socket: web.WebSocketResponse, hello: Callable[[], Json]) -> None:
        """Send hello, then all frames, until the page leaves. Nothing between hello and the first frame is lost."""
        if self._ask is not None and self.panel is None:
            await self._refresh(self._ask)
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        # From here to the registration nothing awaits: the state in hello and the queue fit together.
        queue.put_nowait(json.dumps(hello(), ensure_ascii=False))
        self._pages[socket] = queue
        self._watch()
        sender = asyncio.create_task(_send(socket, queue))
        try:
            async for _ in socket:
                pass  # pages speak over HTTP only
        finally:
            self._pages.pop(socket, None)
            queue.put_nowait(None)
            await sender
            if not self._pages:
                await self.rest()

    async def rest(self) -> None:
        """Stop asking for the panel."""
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.cancel()
            await asyncio.gather(poll, return_exceptions=True)

    async def close(self) -> None:
        """Close every page."""
        for socket in list(self._pages):
            await socket.close(code=1001, message=b"the workspace stops")
        await self.rest()

    def _watch(self) -> None:
        if self._ask is not None and self._poll is None:
            self._poll = asyncio.create_task(self._keep_asking(self._ask))

    async def _keep_asking(self, ask: Panel) -> None:
        while True:
            await asyncio.sleep(self._pause)
            await self._refresh(ask)

    async def _refresh(self, ask: Panel) -> None:
        try:
            panel = await ask()
        except Exception:
            # The panel is a view from outside; its troubles must not stop the workspace.
            _LOG.warning("the side panel could not be read; the page keeps the last one", exc_info=True)
            return
        if panel != self.panel:
            self.panel = panel
            self.push({"type": "panel", "panel": panel})


def _put(queue: asyncio.Queue[str | None], text: str) -> None:
    queue.put_nowait(None if queue.qsize() >= _BACKLOG else text)


async def _send(socket: web.WebSocketResponse, queue: asyncio.Queue[str | None]) -> None:
    while (text := await queue.get()) is not None:
        try:
            await socket.send_str(text)
        except ConnectionError:
            return  # the page is gone; serve() ends by itself
    await socket.close()
