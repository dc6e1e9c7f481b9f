"""Several workspaces behind one address: each request goes to the app of its installation, each call to Slack has its token.

Which installation speaks in a channel, or to a person, is learned from the signed requests that come from there, and kept in the
store: so whichever replica draws a run finds the right token.
"""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.installation import Installation
from bot.slack.homes import Homes
from bot.slack.install import INSTALL, Installations, allowed
from bot.slack.web import Client

_log = structlog.get_logger(__name__)
_MOST = 10_000
_speaks_in: ContextVar[str | None] = ContextVar("speaks_in", default=None)
"""The installation that this task spoke for last: some calls (of uploads) name no channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """The bot in one workspace."""

    token: str
    app: AsyncApp
    client: AsyncWebClient
    homes: Homes


Open = Callable[[Installation, str], Branch]
"""Makes the branch of an installation, in the workspace of that id."""


class Branches:
    """All workspaces. Stands where one app, one client and one `Homes` stand elsewhere."""

    def __init__(self, installations: Installations, names: frozenset[str], open_: Open) -> None:
        self._installations = installations
        self._names = names
        self._open = open_
        self._branches: dict[tuple[str, str], Branch] = {}
        self._noted: dict[str, str] = {}

    def changed(self) -> None:
        """Something changed that Home tabs show."""
        for branch in self._branches.values():
            branch.homes.changed()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Hand a signed request to the app of its workspace."""
        request, said = req, req.body
        if said.get("type") == "url_verification":
            return BoltResponse(status=200, body=json.dumps({"challenge": str(said.get("challenge", ""))}))
        team, enterprise = request.context.team_id or "", request.context.enterprise_id or ""
        is_org = bool(request.context.is_enterprise_install)
        installation = await self.find(team, enterprise, is_org=is_org)
        if installation is None:
            _log.warning("a request of a workspace where the app is not installed", team=team, enterprise=enterprise)
            return _stranger(said)
        if _kind(said) in {"app_uninstalled", "tokens_revoked"}:
            await self._installations.forget(installation.name)
            _log.info("the app was removed", installation=installation.name)
            return BoltResponse(status=200, body="")
        await self._note(said, request, f"{installation.name}/{team}")
        return await self.branch(installation, team).app.async_dispatch(request)

    async def find(self, team: str, enterprise: str, *, is_org: bool) -> Installation | None:
        """The installation for a workspace, where the settings (still) let it use the bot."""
        for name in (enterprise, team) if is_org else (team, enterprise):
            found = await self._installations.find(name) if name else None
            if found is not None and (allowed(found, self._names) or team in self._names):
                return found
        return None

    def branch(self, installation: Installation, team: str) -> Branch:
        """The bot there; made anew where the token has changed."""
        key = installation.name, team
        found = self._branches.get(key)
        if found is None or found.token != installation.token:
            found = self._branches[key] = self._open(installation, team)
        return found

    async def client_for(self, where: str | None) -> AsyncWebClient | None:
        """The client that may speak in a channel or to a person; without one, the one that this task used last."""
        # Never the last one for a place that nobody is known to speak in: it may be another company's.
        speaker = await self._speaker(where) if where else _speaks_in.get()
        if speaker is None:
            return None
        _speaks_in.set(speaker)
        name, _, team = speaker.partition("/")
        installation = await self._installations.find(name)
        return self.branch(installation, team).client if installation is not None else None

    async def _speaker(self, where: str) -> str | None:
        return self._noted.get(where) or await self._installations.speaker(where)

    async def _note(self, said: Mapping[str, Any], request: AsyncBoltRequest, speaker: str) -> None:
        for where in (request.context.channel_id, request.context.user_id):
            if where and self._noted.get(where) != speaker:
                await self._installations.speaks(where, speaker)
                if len(self._noted) >= _MOST:
                    self._noted.clear()
                self._noted[where] = speaker


class RoutedClient(Client):
    """A client whose calls go out with the token of whoever speaks in the channel that they name."""

    branches: Branches

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:
        """One call. Raises `SlackApiError` not_installed where nobody may speak."""
        client = await self.branches.client_for(_where(how))
        if client is None:
            raise SlackApiError("not_installed", {"ok": False, "error": "not_installed"})  # type: ignore[no-untyped-call]
        return await client.api_call(api_method, **how)


def _where(how: Mapping[str, Any]) -> str | None:
    for part in ("json", "params", "data"):
        given = how.get(part)
        if isinstance(given, Mapping):
            for name in ("channel", "channel_id", "user_id", "user", "users"):
                if isinstance(given.get(name), str) and given[name]:
                    return str(given[name])
    return None


def _kind(said: Mapping[str, Any]) -> str:
    event = said.get("event")
    return str(event.get("type")) if isinstance(event, Mapping) else ""


def _stranger(said: Mapping[str, Any]) -> BoltResponse:
    if "command" in said:
        text = f"Rollbot is not installed in this workspace; nothing was done. Who runs it can install it at its page {INSTALL}."
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": text})
    return BoltResponse(status=200, body="")
