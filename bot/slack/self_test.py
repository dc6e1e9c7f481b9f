"""Who the tokens say we are, and what they may not do: the answers to most questions about a bot that stays silent."""

from dataclasses import dataclass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Later, Trouble, ask
from bot.slack.identity import Identity, who_is
from bot.slack.web import web_client

_ADVICE = {
    "invalid_auth": "the token is not valid here: copy it again from the app's page (no quotes, no blanks)",
    "not_authed": "no token was sent: set it",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again and copy the new one",
    "token_expired": "the token has expired: one in SLACK_BOT_TOKEN is not renewed; take one of an app without token rotation",
    "not_allowed_token_type": "this is another kind of token: SLACK_BOT_TOKEN is xoxb-…, SLACK_APP_TOKEN is xapp-…",
    "missing_scope": "the token lacks a scope: add it on the app's page and reinstall the app",
    "team_access_not_granted": "the organisation has not let the app into this workspace: ask its administrator",
    "org_login_required": "the workspace moves into an organisation: wait, then install the app there",
    "ekm_access_denied": "the organisation's administrators have suspended access: ask them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What Slack said when Socket Mode was opened: connections of the app, ours included, and the app's id."""

    connections: int
    app_id: str


async def identify(token: str, api_url: str) -> Identity | str:
    """Who the bot token belongs to, or in words why that cannot be told and what to do."""
    try:
        return await who_is(web_client(token, api_url))
    except Trouble as trouble:
        return _words(trouble, api_url)


async def app_of(token: str, api_url: str, bot_id: str) -> str | None:
    """The id of the app that the bot token belongs to; `None` where Slack does not tell."""
    try:
        answer = await ask(web_client(token, api_url).bots_info(bot=bot_id))
    except Trouble:
        return None
    bot = answer.get("bot")
    return str(bot.get("app_id") or "") or None if isinstance(bot, dict) else None


async def can_connect(token: str, api_url: str) -> str | None:
    """`None` where the app-level token may open Socket Mode, or in words why it may not and what to do."""
    client = web_client(token, api_url)
    try:
        await ask(client.apps_connections_open(app_token=token))
    except Trouble as trouble:
        return _words(trouble, api_url)
    return None


async def greet(token: str, api_url: str) -> Opened | str:
    """Open Socket Mode for the moment that Slack's first frame takes, or in words why that cannot be.

    In that moment Slack may hand a request to this connection, which nobody would answer: not for use beside a working bot.
    """
    client = web_client(token, api_url)
    try:
        url = str((await ask(client.apps_connections_open(app_token=token))).get("url") or "")
    except Trouble as trouble:
        return _words(trouble, api_url)
    try:
        return await _hello(client, url)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return f"the socket does not open ({type(error).__name__}): is a proxy in the way that stops WebSockets?"


async def _hello(client: AsyncWebClient, url: str) -> Opened:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.ws_connect(url, proxy=client.proxy) as socket:
        frame = await socket.receive_json(timeout=5)
    if not isinstance(frame, dict) or frame.get("type") != "hello":
        raise ValueError("no hello")
    about = frame.get("connection_info")
    return Opened(
        connections=int(frame.get("num_connections") or 1),
        app_id=str(about.get("app_id") or "") if isinstance(about, dict) else "",
    )


def _words(trouble: Trouble, api_url: str) -> str:
    code = trouble.code
    if code in _ADVICE:
        return f"{code}: {_ADVICE[code]}"
    if isinstance(trouble, Later) and code == "unreachable":
        return f"{api_url} cannot be reached: is the network or a proxy in the way?"
    return f"Slack says {code}"
