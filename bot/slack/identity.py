"""As whom and where the bot is connected, and what it was not given: from one call, auth.test."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import answered
from bot.slack.manifest import SCOPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """As whom and where the bot is connected; `missing` are scopes that it needs and was not given."""

    user_id: str
    bot_id: str
    name: str
    team_id: str
    team: str
    enterprise_id: str = ""
    missing: tuple[str, ...] = ()


async def who_is(client: AsyncWebClient) -> Identity:
    """Who the client's token belongs to. Raises `bot.slack.calls.Trouble`."""
    answer = await answered(client.auth_test())
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",") if scope.strip()}

    def text(key: str) -> str:
        return str(answer.get(key) or "")

    return Identity(
        user_id=text("user_id"),
        bot_id=text("bot_id"),
        name=text("user"),
        team_id=text("team_id"),
        team=text("team"),
        enterprise_id=text("enterprise_id"),
        # A server that tells no scopes at all is not Slack; nothing can be said about it.
        missing=tuple(sorted(set(SCOPES) - granted)) if granted else (),
    )
