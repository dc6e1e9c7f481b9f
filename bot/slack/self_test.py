"""Who the tokens say we are, and what they may not do: the answers to most questions about a bot that stays silent."""

from dataclasses import dataclass

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

from bot.slack.door import web_client
from bot.slack.manifest import SCOPES

_ADVICE = {
    "invalid_auth": "the token is not valid here: copy it again from the app's page (no quotes, no blanks)",
    "not_authed": "no token was sent: set it",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again and copy the new one",
    "not_allowed_token_type": "this is another kind of token: SLACK_BOT_TOKEN is xoxb-…, SLACK_APP_TOKEN is xapp-…",
    "missing_scope": "the token lacks a scope: add it on the app's page and reinstall the app",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """As whom and where the bot is connected; `missing` are scopes that it needs and was not given."""

    team: str
    user: str
    missing: tuple[str, ...]


async def identify(token: str, api_url: str) -> Identity | str:
    """Who the bot token belongs to, or in words why that cannot be told and what to do."""
    client = web_client(token, api_url)
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        return _words(str(error.response.get("error", "unknown error")))
    except (ClientError, TimeoutError, OSError) as error:
        return f"{api_url} cannot be reached ({type(error).__name__}): is the network or a proxy in the way?"
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",") if scope.strip()}
    missing = tuple(sorted(set(SCOPES) - granted)) if granted else ()
    return Identity(team=str(answer.get("team", "")), user=str(answer.get("user", "")), missing=missing)


async def can_connect(token: str, api_url: str) -> str | None:
    """`None` where the app-level token opens Socket Mode, or in words why it does not and what to do."""
    client = web_client(token, api_url)
    try:
        await client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        return _words(str(error.response.get("error", "unknown error")))
    except (ClientError, TimeoutError, OSError) as error:
        return f"{api_url} cannot be reached ({type(error).__name__}): is the network or a proxy in the way?"
    return None


def _words(code: str) -> str:
    return f"{code}: {_ADVICE[code]}" if code in _ADVICE else f"Slack says {code}"
