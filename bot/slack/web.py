"""Clients for Slack's Web API: made the same way everywhere, and counted."""

from typing import Any
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.calls import Later, Unsure, meaning
from bot.slack.meter import SILENT, Meter

_PATIENCE = 10
"""Seconds for one call."""
_NEAR = {"localhost", "127.0.0.1", "::1"}


_NEED_TEAM = {"usergroups.list", "usergroups.users.list", "users.list", "conversations.list", "team.info"}
"""What an organisation's token can only ask of one workspace."""


class Client(AsyncWebClient):
    """Slack's own client, which counts its calls by method and result."""

    meter: Meter = SILENT
    team_id: str = ""
    """The workspace that an organisation's token is used in; empty for a workspace's own token."""

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:
        """One call. Raises what Slack's client raises."""
        credentials = how.pop("auth", None)
        if isinstance(credentials, dict):
            # Slack takes the app's credentials as fields too; the SDK's way is deprecated by aiohttp.
            how["data"] = (how.get("data") or {}) | credentials
        if self.team_id and api_method in _NEED_TEAM:
            for part in ("params", "json", "data"):
                if isinstance(how.get(part), dict) and not how[part].get("team_id"):
                    how[part] = how[part] | {"team_id": self.team_id}
        try:
            answer = await super().api_call(api_method, **how)
        except SlackApiError as error:
            self.meter.called(api_method, _result(error))
            raise
        except Exception:
            self.meter.called(api_method, "unsure")
            raise
        self.meter.called(api_method, "ok")
        return answer


def web_client(token: str | None, api_url: str, meter: Meter = SILENT) -> Client:
    """A client for the Web API at this base URL. It never tries again by itself: a post made twice would be seen twice."""
    client = Client(token=token, base_url=api_url, timeout=_PATIENCE, retry_handlers=[])
    client.meter = meter
    if urlsplit(api_url).hostname in _NEAR:
        # The SDK takes proxies from the environment and ignores NO_PROXY.
        client.proxy = None
    return client


def _result(error: SlackApiError) -> str:
    match meaning(error):
        case Later():
            return "later"
        case Unsure():
            return "unsure"
        case _:
            return "refused"
