"""A Slack workspace for one machine: the same bot runs against it unmodified, only the API's base URL differs."""

import time
from collections.abc import Callable, Sequence

from aiohttp import web

from bot.listening import stop_listening
from bot.workspace.bot_doors import BotDoors
from bot.workspace.directory import Directory
from bot.workspace.faults import Fault
from bot.workspace.feed import Panel
from bot.workspace.page_api import PageApi, raise_fault
from bot.workspace.rates import RateRules
from bot.workspace.request_url import RequestUrl
from bot.workspace.security import add_headers, guard
from bot.workspace.state import CallRecord, build_state
from bot.workspace.timing import Timing
from bot.workspace.tokens import Tokens
from bot.workspace.web_api.door import WebApi

_MOST_BODY = 1_000_000


class Workspace:
    """Web API, Socket Mode and a page over HTTP. Keeps everything in memory and forgets it when it stops.

    `panel` is asked about once a second while a page is connected; `clock` gives seconds since the epoch and decides what
    has expired; `rates` and `timing` are Slack's own unless told otherwise.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        title: str = "Local workspace",
        panel: Panel | None = None,
        clock: Callable[[], float] = time.time,
        rates: RateRules | None = None,
        timing: Timing | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._tokens = tokens or Tokens()
        self._state = build_state(
            title=title,
            directory=directory,
            tokens=self._tokens,
            timing=timing or Timing(),
            rules=rates or RateRules(),
            clock=clock,
            panel=panel,
        )
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. OSError if the port is taken. Any host but loopback is the caller's decision."""
        names = () if host in {"0.0.0.0", "::"} else (host,)
        runner = web.AppRunner(self._app(names), access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        shown = "127.0.0.1" if not names else f"[{host}]" if ":" in host else host
        self._state.origin = f"http://{shown}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection and stop listening; safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await self._state.feed.close()
            await self._state.sockets.close()
            await self.request_url("")
            await stop_listening(runner)

    @property
    def url(self) -> str:
        """The page's address with its token: whoever has it can act as anybody here."""
        return f"{self._state.origin}/?token={self._tokens.page}"

    @property
    def api_url(self) -> str:
        """The base URL for the bot's Web API clients."""
        return f"{self._state.origin}/api/"

    @property
    def bot_token(self) -> str:
        """The bot's token for the Web API."""
        return self._tokens.bot

    @property
    def app_token(self) -> str:
        """The app-level token, for apps.connections.open only."""
        return self._tokens.app

    @property
    def bots(self) -> int:
        """How many Socket Mode connections are live."""
        return self._state.sockets.live

    @property
    def calls(self) -> Sequence[CallRecord]:
        """The Web API calls so far, oldest first, without their tokens; the last ten thousand."""
        return tuple(self._state.calls)

    @property
    def signing_secret(self) -> str:
        """The secret with which requests to a request URL are signed."""
        return self._tokens.signing

    async def request_url(self, url: str) -> None:
        """Send everything to this address from now on, signed, as in an app with Socket Mode off; empty: to the sockets again."""
        state = self._state
        old, state.request_url = state.request_url, None
        if url:
            state.request_url = RequestUrl(url, self._tokens.signing, state.timing, state.faults, state.clock)
        state.feed.push({"type": "connection", "bots": 1 if url else state.sockets.live})
        if old is not None:
            await old.close()

    async def fault(self, kind: Fault | str, *, method: str = "", times: int = 1) -> None:
        """Switch a fault on, for one method or for all; ValueError for an unknown kind."""
        await raise_fault(self._state, Fault(kind), method, times)

    def _app(self, names: Sequence[str]) -> web.Application:
        app = web.Application(middlewares=[guard(names, self._tokens.page)], client_max_size=_MOST_BODY)
        app.on_response_prepare.append(add_headers)
        api, page, doors = WebApi(self._state), PageApi(self._state), BotDoors(self._state)
        app.add_routes(
            [
                web.get("/", page.index),
                web.get("/page/socket", page.socket),
                web.get("/page/{file:.+}", page.asset),
                web.post("/page/{action}", page.act),
                web.get("/api/{method}", api.handle),
                web.post("/api/{method}", api.handle),
                web.get("/socket", doors.socket),
                web.post("/commands/{team}/{key}", doors.respond),
                web.post("/actions/{team}/{key}", doors.respond),
                web.post("/upload/{file_id}/{secret}", doors.upload),
                web.get("/files/{file_id}/{secret}/{name}", doors.file),
                web.get("/archives/{channel}/{message}", doors.permalink),
            ]
        )
        return app
