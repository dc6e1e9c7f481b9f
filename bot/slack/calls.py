"""Calling Slack, and what its answers mean for what to do next.

Trouble
├── Later        nothing happened; come back after `seconds`
├── Unsure       it may have happened; look before posting again
├── Gone         the message or thread is not there any more
├── Unwelcome    the channel does not take posts by us; people must change something
└── Unfit        Slack does not take this message as it is
"""

from collections.abc import Awaitable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

_GONE = {"message_not_found", "thread_not_found", "cant_update_message"}
_UNFIT = {
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "block_mismatch",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_too_large",
    "metadata_must_be_sent_from_app",
}
_LATER = {
    "ratelimited",
    "rate_limited",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
    "access_limited",
}
_UNSURE = {"internal_error", "fatal_error"}


class Trouble(Exception):
    """Slack did not do as asked. `code` is Slack's own word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Later(Trouble):
    """Nothing happened; come back after `seconds`."""

    def __init__(self, code: str, seconds: float) -> None:
        super().__init__(code)
        self.seconds = seconds


class Unsure(Trouble):
    """No clear answer: it may have happened."""


class Gone(Trouble):
    """The message or its thread is not there any more."""


class Unwelcome(Trouble):
    """Posting there is not allowed, until people change something."""


class Unfit(Trouble):
    """The message is not one that Slack takes."""


async def ask(call: Awaitable[AsyncSlackResponse]) -> Mapping[str, Any]:
    """What Slack answers to a call. Raises `Trouble` of the kind that says what to do next, and nothing else."""
    answer = await answered(call)
    return answer.data if isinstance(answer.data, dict) else {}


async def answered(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """The same with its headers."""
    try:
        return await call
    except SlackApiError as error:
        raise meaning(error) from error
    except aiohttp.ClientConnectorError as error:
        raise Later("unreachable", 2.0) from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        raise Unsure(type(error).__name__) from error


def meaning(error: SlackApiError) -> Trouble:
    """The kind of trouble that Slack's refusal is."""
    response = error.response
    status = getattr(response, "status_code", 0)
    data = getattr(response, "data", response)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or code in _LATER:
        return Later(code or "ratelimited", _retry_after(getattr(response, "headers", None)))
    if status >= 500 or code in _UNSURE or not code:
        return Unsure(code or f"http_{status}")
    if code in _GONE:
        return Gone(code)
    return Unfit(code) if code in _UNFIT else Unwelcome(code)


def _retry_after(headers: Mapping[str, str] | None) -> float:
    found = {name.lower(): value for name, value in (headers or {}).items()}.get("retry-after", "1")
    try:
        return min(max(float(found), 0.5), 300.0)
    except ValueError:
        return 1.0


ADVICE = {
    "not_in_channel": "Rollbot is not in this channel. Invite it with `/invite @rollbot`; the plan appears by itself.",
    "channel_not_found": "Rollbot cannot see this channel. If it is private, invite it with `/invite @rollbot`.",
    "is_archived": "This channel is archived, so nothing can be posted. Ask again in another channel.",
    "missing_scope": "Rollbot lacks a permission (chat:write). Somebody who manages the app must add it and reinstall the app.",
    "restricted_action": "This workspace does not let Rollbot post here. Ask again in a channel where it may.",
    "invalid_auth": "Slack refuses Rollbot's token. Somebody who runs it must set SLACK_BOT_TOKEN anew.",
    "token_revoked": "Rollbot's token was revoked. Somebody who manages the app must reinstall it.",
    "not_installed": "Rollbot is not installed in the workspace of this channel (any more). Who runs it must install it there.",
    "account_inactive": "Rollbot's account is switched off. Somebody who manages the app must reinstall it.",
}
"""What people can do about it, by Slack's word."""


def advice(code: str) -> str:
    """What to do about this trouble, in words."""
    return ADVICE.get(
        code, f"Slack does not let Rollbot post here ({code}). Ask again in another channel, or ask who manages the app."
    )
