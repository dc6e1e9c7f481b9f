"""Socket Mode: the connection that we open to Slack, and the signs by which one sees that it is alive."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.http_guard import kind_of
from bot.slack.meter import SILENT, Meter

_log = structlog.get_logger(__name__)
_PING = 5.0
"""Seconds between our pings; the connection counts as lost when four of them stay without an answer."""
STALE = 30.0
"""Seconds without any frame after which the connection counts as dead, whatever the socket itself believes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Slack's first frame: how many connections the app has now, this one included, and which app it is."""

    connections: int
    app_id: str


Greeted = Callable[[Hello], Awaitable[None]]


async def nobody(_: Hello) -> None:
    """Nobody is told."""


class SocketWay:
    """One Socket Mode connection, kept open and made anew by the SDK. `greeted` hears each hello."""

    def __init__(self, client: AsyncWebClient, *, greeted: Greeted = nobody, meter: Meter = SILENT) -> None:
        self._client = client
        self._greeted = greeted
        self._meter = meter
        self._handler: _Handler | None = None
        self._heard: float | None = None

    async def open(self, app: AsyncApp) -> None:
        """Connect; returns when connected, and tries again until then."""
        handler = _Handler(app, self._client.token or "", web_client=self._client, ping_interval=_PING)
        handler.meter = self._meter
        handler.client.proxy = self._client.proxy
        handler.client.on_message_listeners.append(self._frame)
        handler.client.message_listeners.append(self._message)
        self._handler = handler
        await handler.connect_async()  # type: ignore[no-untyped-call]

    async def connected(self) -> bool:
        """Whether the socket is open and frames arrive."""
        if self._handler is None or not await self._handler.client.is_connected():
            return False
        age = self.age()
        return age is None or age < STALE

    def age(self) -> float | None:
        """Seconds since the last frame, answers to pings included; `None` before the first."""
        if self._handler is None:
            return None
        ponged = self._handler.client.last_ping_pong_time
        ages = [time.monotonic() - self._heard] if self._heard is not None else []
        if ponged is not None:
            ages.append(max(0.0, time.time() - ponged))
        return min(ages) if ages else None

    async def close(self) -> None:
        """Leave. Safe to call twice."""
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _frame(self, _: aiohttp.WSMessage) -> None:
        self._heard = time.monotonic()

    async def _message(self, _client: Any, message: dict[str, Any], _raw: str | None) -> None:
        match message.get("type"):
            case "hello":
                about = message.get("connection_info")
                app_id = str(about.get("app_id", "")) if isinstance(about, dict) else ""
                connections = message.get("num_connections")
                await self._greeted(Hello(connections=connections if isinstance(connections, int) else 0, app_id=app_id))
            case "disconnect":
                _log.info("slack asks to connect anew", because=str(message.get("reason", "")))
            case _:
                pass


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, with a clock, and with a hold on its tasks: the SDK keeps none, and what nobody holds may vanish."""

    meter: Meter = SILENT

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._held: set[asyncio.Task[Any]] = set()

    async def handle(self, client: Any, req: SocketModeRequest) -> None:
        """Dispatch, answer, and count how long it took."""
        begun, task = time.perf_counter(), asyncio.current_task()
        if task is not None:
            self._held.add(task)
            task.add_done_callback(self._held.discard)
        await super().handle(client, req)
        self.meter.acknowledged(kind_of(req.payload or {}), time.perf_counter() - begun)
