"""The way in from several workspaces and organisations: `bot.slack.door.Door` many times over, behind one address."""

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from bot.installation import Installation
from bot.slack.door import Shut, build, well
from bot.slack.front import Front
from bot.slack.homes import Homes
from bot.slack.http_install import Branch, Branches, RoutedClient
from bot.slack.http_way import HttpSettings, HttpWay
from bot.slack.identity import Identity
from bot.slack.install import Installations, Installer, States
from bot.slack.meter import SILENT, Meter
from bot.slack.people import People
from bot.slack.places import Places
from bot.slack.ports import Seen, Views
from bot.slack.renewal import Credentials, Renewing
from bot.slack.tasks import Tasks
from bot.slack.web import web_client
from commands.ports import Desk

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """The app's credentials, and who may install: ids of workspaces (T…) and organisations (E…). Nobody where it is empty."""

    client_id: str
    client_secret: SecretStr = field(repr=False)
    names: frozenset[str]
    redirect_url: str | None = None


class Doors:
    """The bot's side of every workspace that installed it."""

    def __init__(
        self,
        *,
        desk: Desk,
        views: Views,
        api_url: str,
        http: HttpSettings,
        oauth: OAuth,
        installations: Installations,
        states: States,
        seen: Seen | None = None,
        meter: Meter = SILENT,
    ) -> None:
        if not http.secret.get_secret_value():
            raise Shut("The signing secret is empty: nobody could be told from Slack. Set SLACK_SIGNING_SECRET.")
        if not oauth.names:
            raise Shut("Nobody may install the app: name the workspaces and organisations that may in ROLLBOT_SLACK_TEAMS.")
        self._desk, self._views, self._api_url, self._seen, self._meter = desk, views, api_url, seen, meter
        self._names = oauth.names
        self._tasks = Tasks()
        secret = oauth.client_secret.get_secret_value()
        credentials = Credentials(client=web_client(None, api_url, meter), client_id=oauth.client_id, client_secret=secret)
        self._installations = installations = Renewing(installations, credentials, self._tasks)
        self.homes = Branches(installations, oauth.names, self._branch)
        """Home tabs of all workspaces; tell them what changed."""
        self.client = RoutedClient(token="", base_url=api_url, timeout=10, retry_handlers=[])
        """The client for whoever draws: it finds the token by the channel."""
        self.client.proxy = web_client(None, api_url).proxy
        self.client.branches = self.homes
        installer = Installer(
            client=web_client(None, api_url, meter),
            client_id=oauth.client_id,
            client_secret=secret,
            installations=installations,
            states=states,
            names=oauth.names,
            authorize_url=_authorize_url(api_url),
            redirect_url=oauth.redirect_url,
        )
        self.way = HttpWay(replace(http, routes=(*http.routes, *installer.routes())), meter)

    async def start(self) -> Identity:
        """Listen. Who installed it is seen when they come. Raises `Shut` where the port is taken."""
        resealed = await self._installations.reseal()
        if resealed:
            _log.info("tokens in the store were encrypted", installations=resealed)
        try:
            await self.way.open(self.homes)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise Shut(f"The port for Slack's requests cannot be had ({why}). Set another with ROLLBOT_HTTP_PORT.") from error
        names = ", ".join(sorted(self._names))
        return Identity(user_id="", bot_id="", name="rollbot", team_id=names, team="every workspace that installed it, of")

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

    def _branch(self, installation: Installation, team: str) -> Branch:
        client = web_client(installation.token, self._api_url, self._meter)
        # An organisation's token must say which workspace it means.
        client.team_id = team if installation.is_org else ""
        front = Front(
            desk=self._desk,
            client=client,
            people=People(client, self._desk.policy.every_group),
            views=self._views,
            places=Places(client),
            meter=self._meter,
        )
        homes = Homes(front, self._tasks)
        app = build(front, self._tasks, homes, self._seen)
        return Branch(token=installation.token, app=app, client=client, homes=homes)


def _authorize_url(api_url: str) -> str:
    """Where people are asked for their consent, on the same host as the Web API."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc}/oauth/v2/authorize"
