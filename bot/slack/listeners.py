"""What Slack may ask of us: the slash command and our buttons, each answered at once and carried out afterwards.

Nothing that can raise or wait stands between the acknowledgement and the end of a listener: Bolt would lose the acknowledgement.
"""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.actions import ACTIONS
from bot.slack.front import Front, at_once
from bot.slack.private import Private
from bot.slack.tasks import Tasks

COMMAND = "/rollback"
_BUSY = "Rollbot has too much to do at present and did nothing. Try again in a moment."


def register(app: AsyncApp, front: Front, tasks: Tasks) -> None:
    """Listen for the command and the buttons; one listener for each, since a late one would make Bolt try the next."""

    @app.command(COMMAND)
    async def command(ack: AsyncAck, command: dict[str, Any]) -> None:
        words, user = str(command.get("text") or ""), str(command.get("user_id") or "")
        asker = Private(
            client=front.client,
            channel=str(command.get("channel_id") or ""),
            user=user,
            response_url=_text(command.get("response_url")),
        )
        if tasks.full:
            await ack(text=_BUSY)
            return
        first = at_once(words)
        tasks.begin(front.command(words, asker, str(command.get("user_name") or user)), f"command by {user}")
        if first:
            await ack(text=first)
        else:
            await ack()

    @app.action(ACTIONS)
    async def press(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        user, container = _object(body.get("user")), _object(body.get("container"))
        channel = _object(body.get("channel")).get("id") or container.get("channel_id")
        who = str(user.get("id") or "")
        asker = Private(
            client=front.client,
            channel=str(channel or ""),
            user=who,
            response_url=_text(body.get("response_url")),
            thread=_text(container.get("thread_ts")),
        )
        name = str(user.get("username") or user.get("name") or who)
        work = front.press(str(action.get("action_id") or ""), str(action.get("value") or ""), asker, name)
        tasks.begin(work, f"press by {who}")
        await ack()


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
