"""The way in from Slack: the client, the Bolt app with its listeners, and the one of the two ways by which requests come."""

import asyncio
from typing import Protocol

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.slack.calls import Trouble, Unwelcome, advice, ask
from bot.slack.front import Front
from bot.slack.homes import Homes
from bot.slack.http_way import HttpSettings, HttpWay
from bot.slack.identity import Identity, who_is
from bot.slack.listeners import register
from bot.slack.meter import SILENT, Meter
from bot.slack.once import only_once
from bot.slack.people import People
from bot.slack.places import Places
from bot.slack.ports import Seen, Views
from bot.slack.socket_way import Greeted, SocketWay, nobody
from bot.slack.tasks import Tasks
from bot.slack.web import web_client
from commands.ports import Desk

_log = structlog.get_logger(__name__)


class Shut(Exception):
    """Slack does not let this bot in; the text says why and what to do."""


class Way(Protocol):
    """How requests come from Slack: `SocketWay` or `HttpWay`."""

    async def open(self, app: AsyncApp) -> None:
        """Let them come."""
        ...

    async def connected(self) -> bool:
        """Whether they can come now."""
        ...

    def age(self) -> float | None:
        """Seconds since Slack was heard last; `None` if it never was."""
        ...

    async def close(self) -> None:
        """Let no more come. Safe to call twice."""
        ...


def build(front: Front, tasks: Tasks, homes: Homes, seen: Seen | None = None) -> AsyncApp:
    """The Bolt app with every listener, the same for both ways. What reaches it must be known to come from Slack."""
    token = front.client.token

    async def authorize() -> AuthorizeResult:
        # Bolt would call auth.test inside the three seconds of the first request.
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=token)

    app = AsyncApp(client=web_client(None, front.client.base_url), authorize=authorize, request_verification_enabled=False)
    if seen is not None:
        app.middleware(only_once(seen))
    register(app, front, tasks, homes)
    return app


async def well(way: Way) -> bool | str:
    """True while Slack's requests can come this way, else in words what is wrong."""
    if await way.connected():
        return True
    age = way.age()
    return "nothing was ever heard from Slack" if age is None else f"the last frame from Slack came {age:.0f} s ago"


class Door:
    """The bot's side of one Slack workspace: with `http` it is called by Slack, else it opens a socket with `app_token`."""

    def __init__(
        self,
        *,
        desk: Desk,
        views: Views,
        bot_token: str,
        api_url: str,
        app_token: str = "",
        http: HttpSettings | None = None,
        seen: Seen | None = None,
        meter: Meter = SILENT,
        greeted: Greeted = nobody,
    ) -> None:
        if http is not None and not http.secret.get_secret_value():
            raise Shut("The signing secret is empty: nobody could be told from Slack. Set SLACK_SIGNING_SECRET.")
        self._api_url = api_url
        self.client = web_client(bot_token, api_url, meter)
        """The client with the bot's token, for whoever draws."""
        self._tasks = Tasks()
        people = People(self.client, desk.policy.every_group)
        front = Front(desk=desk, client=self.client, people=people, views=views, places=Places(self.client), meter=meter)
        self.homes = Homes(front, self._tasks)
        """Home tabs; tell them what changed."""
        self.app = build(front, self._tasks, self.homes, seen)
        self._socket_client = None if http is not None else web_client(app_token, api_url, meter)
        self.way: Way = (
            HttpWay(http, meter)
            if http is not None
            else SocketWay(web_client(app_token, api_url, meter), greeted=greeted, meter=meter)
        )

    async def identify(self) -> Identity:
        """As whom the bot is known. Raises `Shut` where the token is refused, `Trouble` where Slack cannot be asked."""
        try:
            return await who_is(self.client)
        except Unwelcome as unwelcome:
            raise Shut(advice(unwelcome.code)) from unwelcome

    async def start(self) -> Identity:
        """Let requests come; returns when they can. Waits for a Slack that cannot be reached; raises `Shut` where it says no."""
        wait = 0.5
        while True:
            try:
                who = await self.identify()
                await self._try_socket()
            except Trouble as trouble:
                _log.warning("slack cannot be reached, trying again", because=trouble.code, seconds=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 15.0)
            else:
                break
        try:
            await self.way.open(self.app)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise Shut(f"The port for Slack's requests cannot be had ({why}). Set another with ROLLBOT_HTTP_PORT.") from error
        return who

    async def _try_socket(self) -> None:
        if self._socket_client is None:
            return
        try:
            await ask(self._socket_client.apps_connections_open(app_token=self._socket_client.token or ""))
        except Unwelcome as unwelcome:
            raise Shut(
                f"Slack refuses the app-level token ({unwelcome.code}). Set SLACK_APP_TOKEN to one with connections:write, "
                "and switch Socket Mode on."
            ) from unwelcome

    async def connected(self) -> bool:
        """Whether Slack's requests can come now."""
        return await self.way.connected()

    async def well(self) -> bool | str:
        """True while Slack's requests can come, else in words what is wrong."""
        return await well(self.way)

    async def stop(self, patience: float = 5.0) -> None:
        """Take no more requests, then bring to an end what was begun. Safe to call twice."""
        await self.way.close()
        await self._tasks.drain(patience)
