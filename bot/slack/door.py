"""The way in from Slack: the clients, the Bolt app with its listeners, and the Socket Mode connection."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Trouble, Unwelcome, advice, ask
from bot.slack.front import Front
from bot.slack.listeners import register
from bot.slack.people import People
from bot.slack.ports import Views
from bot.slack.tasks import Tasks
from commands.ports import Desk

_log = structlog.get_logger(__name__)
_PATIENCE = 10
"""Seconds for one call."""
_NEAR = {"localhost", "127.0.0.1", "::1"}


class Shut(Exception):
    """Slack does not let this bot in; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """As whom and where the bot is connected."""

    user_id: str
    bot_id: str
    name: str
    team_id: str
    team: str


def web_client(token: str | None, api_url: str) -> AsyncWebClient:
    """A client for the Web API at this base URL. It never tries again by itself: a post made twice would be seen twice."""
    client = AsyncWebClient(token=token, base_url=api_url, timeout=_PATIENCE, retry_handlers=[])
    if urlsplit(api_url).hostname in _NEAR:
        # The SDK takes proxies from the environment and ignores NO_PROXY.
        client.proxy = None
    return client


def build(front: Front, tasks: Tasks, signing_secret: str | None = None) -> AsyncApp:
    """The Bolt app with every listener. `signing_secret` is needed for HTTP alone; Socket Mode is not signed."""
    if signing_secret is not None and not signing_secret:
        raise Shut("The signing secret is empty: every request would fail. Set SLACK_SIGNING_SECRET.")
    token = front.client.token

    async def authorize() -> AuthorizeResult:
        # Bolt would call auth.test inside the three seconds of the first request.
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=token)

    app = AsyncApp(
        client=web_client(None, front.client.base_url),
        authorize=authorize,
        signing_secret=signing_secret or "",
        request_verification_enabled=signing_secret is not None,
    )
    register(app, front, tasks)
    return app


class Door:
    """The bot's side of one Slack workspace, by Socket Mode."""

    def __init__(self, *, desk: Desk, views: Views, bot_token: str, app_token: str, api_url: str) -> None:
        self._app_token = app_token
        self._api_url = api_url
        self.client = web_client(bot_token, api_url)
        """The client with the bot's token, for whoever draws."""
        self._tasks = Tasks()
        people = People(self.client, desk.policy.groups)
        self.app = build(Front(desk=desk, client=self.client, people=people, views=views), self._tasks)
        self._handler: AsyncSocketModeHandler | None = None

    async def identify(self) -> Identity:
        """As whom the bot is known. Raises `Shut` where the token is refused, `Trouble` where Slack cannot be asked."""
        try:
            found = await ask(self.client.auth_test())
        except Unwelcome as unwelcome:
            raise Shut(advice(unwelcome.code)) from unwelcome
        return Identity(
            user_id=str(found.get("user_id", "")),
            bot_id=str(found.get("bot_id", "")),
            name=str(found.get("user", "")),
            team_id=str(found.get("team_id", "")),
            team=str(found.get("team", "")),
        )

    async def start(self) -> None:
        """Connect; returns when connected. Waits for a Slack that cannot be reached; raises `Shut` where it says no."""
        wait = 0.5
        while True:
            try:
                who = await self.identify()
                await ask(web_client(self._app_token, self._api_url).apps_connections_open(app_token=self._app_token))
            except Unwelcome as unwelcome:
                raise Shut(
                    f"Slack refuses the app-level token ({unwelcome.code}). Set SLACK_APP_TOKEN to one with connections:write, "
                    "and switch Socket Mode on."
                ) from unwelcome
            except Trouble as trouble:
                _log.warning("slack cannot be reached, trying again", because=trouble.code, seconds=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 15.0)
            else:
                break
        socket_client = web_client(self._app_token, self._api_url)
        handler = AsyncSocketModeHandler(self.app, self._app_token, web_client=socket_client, ping_interval=5)
        handler.client.proxy = socket_client.proxy
        self._handler = handler
        await handler.connect_async()  # type: ignore[no-untyped-call]
        _log.info("connected to slack", team=who.team, user=who.name, api=self._api_url)

    async def connected(self) -> bool:
        """Whether the socket is open and answers."""
        return self._handler is not None and bool(await self._handler.client.is_connected())

    async def stop(self, patience: float = 5.0) -> None:
        """Take no more requests, then bring to an end what was begun. Safe to call twice."""
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()  # type: ignore[no-untyped-call]
        await self._tasks.drain(patience)
