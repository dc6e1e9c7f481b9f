"""HTTP mode: Slack's requests come to a site of our own, are checked there, and go to the same listeners as from a socket."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.listening import stop_listening
from bot.slack.http_guard import MOST_BODY, NotSlack, Unreadable, check, kind_of, read
from bot.slack.meter import SILENT, Meter

_log = structlog.get_logger(__name__)
PATH = "/slack/events"
"""Commands, interactivity, options and events, all under one address."""
_BODY_WITHIN = 5.0
"""Seconds in which a body must have arrived."""
_KEPT_HEADERS = ("X-Slack-Retry-Num", "X-Slack-Retry-Reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Where to listen and how to know Slack. `routes` are more pages of the same site."""

    secret: SecretStr
    host: str = "127.0.0.1"
    port: int = 3000
    routes: Sequence[web.RouteDef] = ()
    clock: Callable[[], float] = field(default=time.time)


class Dispatches(Protocol):
    """A Bolt app, or what stands before several."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer one request."""
        ...


class HttpWay:
    """A site for Slack's requests. Needs a TLS proxy before it: Slack calls https only."""

    def __init__(self, settings: HttpSettings, meter: Meter = SILENT) -> None:
        self._settings = settings
        self._secret = settings.secret.get_secret_value()
        self._meter = meter
        self._runner: web.AppRunner | None = None
        self._heard: float | None = None

    async def open(self, app: Dispatches) -> None:
        """Listen. Raises `OSError` where the port is taken."""
        site = web.Application(client_max_size=MOST_BODY)
        site.add_routes([web.post(PATH, partial(self._take, app)), *self._settings.routes])
        runner = web.AppRunner(site, access_log=None, shutdown_timeout=5.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._settings.host, self._settings.port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner

    @property
    def port(self) -> int:
        """The port that it listens on; 0 while it does not."""
        return int(self._runner.addresses[0][1]) if self._runner is not None else 0

    async def connected(self) -> bool:
        """Whether it listens: Slack calls when there is something to say, so silence means nothing."""
        return self._runner is not None

    def age(self) -> float | None:
        """Seconds since Slack called last; `None` if it never did."""
        return None if self._heard is None else time.monotonic() - self._heard

    async def close(self) -> None:
        """Stop listening, after what is being answered was answered. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await stop_listening(runner)

    async def _take(self, app: Dispatches, request: web.Request) -> web.StreamResponse:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(_BODY_WITHIN):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="The body did not arrive in time.\n")
        try:
            check(request.headers, body, self._secret, self._settings.clock())
            said = read(request.content_type, body)
        except NotSlack as trouble:
            _log.warning("a request that is not Slack's was turned away", because=str(trouble), peer=request.remote)
            return web.Response(status=401, text="This is not signed by Slack.\n")
        except Unreadable as trouble:
            _log.warning("a signed request could not be read", because=str(trouble))
            return web.Response(status=400, text="This cannot be read.\n")
        self._heard = time.monotonic()
        return await self._dispatch(app, request, said, begun)

    async def _dispatch(self, app: Dispatches, request: web.Request, said: dict[str, Any], begun: float) -> web.StreamResponse:
        kept: dict[str, str | Sequence[str]] = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
        # The signature was checked above, so for Bolt this is like what comes from a socket: values that are Slack's.
        bolt = AsyncBoltRequest(body=said, headers=kept, mode="socket_mode")
        try:
            answer = await to_aiohttp_response(await app.async_dispatch(bolt))
        except Exception:  # Slack shows its own words for a 500; ours go to the log
            _log.exception("a request failed", kind=kind_of(said))
            return web.Response(status=500, text="Something inside Rollbot failed; its log has it.\n")
        self._meter.acknowledged(kind_of(said), time.perf_counter() - begun)
        return answer
