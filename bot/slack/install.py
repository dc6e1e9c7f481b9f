"""Installing the app in several workspaces and organisations: Slack's own flow, with our store behind it and a list of who may.

/slack/install and /slack/oauth_redirect. A state is made for each visit, kept for ten minutes, bound to the browser by a
cookie and used once. Only workspaces and organisations that the settings name
may install; for any other the token is given back at once.
"""

import logging
import secrets
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store import Installation as SlackInstallation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.installation import Installation
from bot.slack.calls import Trouble, ask
from bot.slack.manifest import SCOPES

INSTALL = "/slack/install"
REDIRECT = "/slack/oauth_redirect"
_log = structlog.get_logger(__name__)
# The flow's own lines hold the one-time code.
_quiet = logging.getLogger("slack_oauth")
_quiet.setLevel(logging.CRITICAL)


class Installations(Protocol):
    """What is installed where, and who speaks where."""

    async def save(self, installation: Installation) -> None:
        """Keep it."""
        ...

    async def find(self, name: str) -> Installation | None:
        """The one of that workspace or organisation."""
        ...

    async def forget(self, name: str) -> None:
        """The app was removed there."""
        ...

    async def turn(self, name: str) -> bool:
        """Whether this replica may renew that one's token now: one at a time does."""
        ...

    async def renewed(self, old: Installation, new: Installation) -> bool:
        """Keep `new` if `old` still stands there. `False` where somebody installed anew meanwhile."""
        ...

    async def reseal(self) -> int:
        """Encrypt what is not yet, where there is a key; how many that were."""
        ...

    async def speaks(self, where: str, name: str) -> None:
        """Remember which installation speaks in a channel, or to a person."""
        ...

    async def speaker(self, where: str) -> str | None:
        """Which installation speaks there."""
        ...


class States(Protocol):
    """The states of installations under way."""

    async def issue(self, state: str) -> None:
        """Remember it for ten minutes."""
        ...

    async def consume(self, state: str) -> bool:
        """Whether it was issued, lately, and was not consumed before."""
        ...


class _StateStore(AsyncOAuthStateStore):
    def __init__(self, states: States) -> None:
        self._states = states

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        state = secrets.token_urlsafe(32)
        await self._states.issue(state)
        return state

    async def async_consume(self, state: str) -> bool:
        return await self._states.consume(state)


class _Store(AsyncInstallationStore):
    """Slack's shape over ours. Installations are looked up elsewhere (`bot.slack.doors`), so only saving is needed."""

    def __init__(self, installations: Installations, allowed: frozenset[str], client: AsyncWebClient) -> None:
        self._installations = installations
        self._allowed = allowed
        self._client = client

    @property
    def logger(self) -> logging.Logger:
        return _quiet

    async def async_save(self, installation: SlackInstallation) -> None:
        ours = _ours(installation)
        if not allowed(ours, self._allowed):
            _log.warning("an installation was refused", team=ours.team_id, enterprise=ours.enterprise_id)
            try:
                await ask(self._client.auth_revoke(token=ours.token))
            except Trouble as trouble:
                _log.warning("its token could not be given back", because=trouble.code)
            raise BoltError("not_allowed_here")
        await self._installations.save(ours)
        _log.info("installed", team=ours.team_id, enterprise=ours.enterprise_id, org=ours.is_org, by=ours.installed_by)

    async def async_save_bot(self, bot: Bot) -> None:
        raise BoltError("bots are saved with their installation")


def allowed(installation: Installation, names: frozenset[str]) -> bool:
    """Whether the settings let this workspace, or its organisation, use the bot. An empty list lets nobody."""
    return bool({installation.team_id, installation.enterprise_id} & names - {""})


class Installer:
    """The two pages. `authorize_url` is where Slack asks people for their consent."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        client_id: str,
        client_secret: str,
        installations: Installations,
        states: States,
        names: frozenset[str],
        authorize_url: str,
        redirect_url: str | None,
    ) -> None:
        settings = AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=sorted(SCOPES),
            user_scopes=[],
            redirect_uri=redirect_url,
            install_path=INSTALL,
            redirect_uri_path=REDIRECT,
            authorization_url=authorize_url,
            installation_store=_Store(installations, names, client),
            state_store=_StateStore(states),
            logger=_quiet,
        )
        self._flow = AsyncOAuthFlow(client=client, logger=_quiet, settings=settings)

    def routes(self) -> list[web.RouteDef]:
        """The pages, for the site."""
        return [web.get(INSTALL, self._install), web.get(REDIRECT, self._redirect)]

    async def _install(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self._flow.handle_installation)

    async def _redirect(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self._flow.handle_callback)

    async def _answer(self, request: web.Request, handle: Any) -> web.StreamResponse:
        headers: dict[str, Any] = {"cookie": request.headers.get("Cookie", "")}
        try:
            page = await to_aiohttp_response(await handle(AsyncBoltRequest(body="", query=request.query_string, headers=headers)))
        except Exception as error:  # the text may hold a code or a token: only its kind is told
            _log.error("an installation failed", because=type(error).__name__)
            return web.Response(status=500, text="The installation failed; the log of Rollbot says why. Begin again.\n")
        page.headers.update(_HEADERS)
        return page


_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


def _ours(installation: SlackInstallation) -> Installation:
    return Installation(
        team_id=installation.team_id or "",
        team=installation.team_name or installation.enterprise_name or "",
        enterprise_id=installation.enterprise_id or "",
        is_org=installation.is_enterprise_install,
        token=installation.bot_token or "",
        bot_user_id=installation.bot_user_id or "",
        scopes=tuple(installation.bot_scopes or ()),
        installed_by=installation.user_id,
        at=datetime.now(UTC),
        refresh_token=installation.bot_refresh_token or "",
        expires_at=datetime.fromtimestamp(until, UTC) if (until := installation.bot_token_expires_at) else None,
    )
