"""What Slack may ask of us, each answered at once and carried out afterwards; a press is carried out first, if that is quick.

Nothing that can raise or wait stands between the acknowledgement and the end of a listener: Bolt would lose the acknowledgement.
One listener for each kind of request, since a late one would make Bolt try the next.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.actions import ACTIONS
from bot.slack.front import Front, at_once
from bot.slack.homes import Homes
from bot.slack.mentions import mentioned
from bot.slack.metadata import Origin
from bot.slack.render.form import SERVICE
from bot.slack.tasks import Tasks
from bot.slack.windows import Windows

COMMAND = "/rollback"
_WRITTEN = 0.4
"""Seconds that a press gets to be written down and answered before Slack is: it waits three, people see the button turn."""
_BUSY = "Rollbot has too much to do at present and did nothing. Try again in a moment."


def register(app: AsyncApp, front: Front, tasks: Tasks, homes: Homes) -> None:
    """Listen for everything that the manifest asks for."""
    windows = Windows(front, tasks)
    _commands(app, front, windows, tasks)
    _presses(app, windows, tasks)
    _windows(app, windows, tasks)
    _events(app, front, tasks, homes)


def _commands(app: AsyncApp, front: Front, windows: Windows, tasks: Tasks) -> None:
    @app.command(COMMAND)
    async def command(ack: AsyncAck, command: dict[str, Any]) -> None:
        words, user = str(command.get("text") or ""), str(command.get("user_id") or "")
        origin = Origin(channel=str(command.get("channel_id") or ""), response_url=_text(command.get("response_url")) or "")
        name = str(command.get("user_name") or user)
        if tasks.full:
            await ack(text=_BUSY)
            return
        if not words.strip():
            tasks.begin(windows.form.start(str(command.get("trigger_id") or ""), origin, user, name), f"form for {user}")
            await ack()
            return
        first = at_once(words)
        tasks.begin(front.command(words, windows.asker(origin, user), name), f"command by {user}")
        if first:
            await ack(text=first)
        else:
            await ack()


def _presses(app: AsyncApp, windows: Windows, tasks: Tasks) -> None:
    @app.action(ACTIONS)
    async def press(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        user, container = _object(body.get("user")), _object(body.get("container"))
        channel = _object(body.get("channel")).get("id") or container.get("channel_id")
        who = str(user.get("id") or "")
        origin = Origin(
            channel=str(channel or ""),
            thread=_text(container.get("thread_ts")) or "",
            response_url=_text(body.get("response_url")) or "",
        )
        name = str(user.get("username") or user.get("name") or who)
        value, trigger = str(action.get("value") or ""), str(body.get("trigger_id") or "")
        work = windows.press(str(action.get("action_id") or ""), value, origin, trigger, who, name)
        doing = tasks.begin(work, f"press by {who}")
        # What is written before Slack is answered cannot be lost: where the bot dies first, Slack tells the person so.
        await asyncio.wait([doing], timeout=_WRITTEN)
        await ack()


def _windows(app: AsyncApp, windows: Windows, tasks: Tasks) -> None:
    @app.action(SERVICE)
    async def chosen(ack: AsyncAck, body: dict[str, Any]) -> None:
        tasks.begin(windows.form.chosen(_object(body.get("view"))), "a service was chosen")
        await ack()

    @app.options(SERVICE)
    async def options(ack: AsyncAck, payload: dict[str, Any]) -> None:
        await ack(options=await windows.form.options(str(payload.get("value") or "")))

    @app.view(re.compile(r"rollbot:.*"))
    async def submitted(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        user = _object(body.get("user"))
        who = str(user.get("id") or "")
        await ack(**await windows.submitted(view, who, str(user.get("username") or user.get("name") or who)))


def _events(app: AsyncApp, front: Front, tasks: Tasks, homes: Homes) -> None:
    @app.event("app_mention")
    async def mention(event: dict[str, Any], body: dict[str, Any]) -> None:
        given = body.get("authorizations")
        mine = _object(given[0]) if isinstance(given, list) and given else {}
        tasks.begin(mentioned(front, event, str(mine.get("user_id") or "")), f"mention by {event.get('user')}")

    @app.event("app_home_opened")
    async def home(event: dict[str, Any]) -> None:
        user = _text(event.get("user"))
        if user is not None and event.get("tab", "home") == "home":
            tasks.begin(homes.opened(user), f"home of {user}")


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
