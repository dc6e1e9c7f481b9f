"""`@rollbot approve`, said in a channel or in a thread, where slash commands do not work: the grammar is the same.

In the thread of a run the run need not be named. The answer goes to whoever asked, where they asked.
"""

import re
from collections.abc import Mapping
from typing import Any

import structlog

from bot.slack.front import Front
from bot.slack.private import Private
from commands.in_thread import in_thread

_log = structlog.get_logger(__name__)
_MENTION = re.compile(r"<@[UWB][A-Z0-9]+(?:\|[^<>]*)?>[\s,:]*")


async def mentioned(front: Front, event: Mapping[str, Any], me: str) -> None:
    """Answer a mention. `me` is the bot's own user id. Never raises."""
    user, channel = _text(event.get("user")), _text(event.get("channel"))
    if not user or not channel or user == me or event.get("bot_id") or event.get("edited"):
        # What bots say and what was only edited asks for nothing.
        return
    thread = _text(event.get("thread_ts"))
    asker = Private(client=front.client, channel=channel, user=user, thread=thread or None)
    words = said(_text(event.get("text")), me)
    if thread:
        try:
            run = await front.views.run_at(channel, thread)
            found = await front.desk.runs.read(run) if run is not None else None
        except Exception as error:  # the store's errors are its own; the words alone may do
            _log.warning("nobody can say whose thread this is", because=type(error).__name__)
            found = None
        if found is not None:
            words = in_thread(words, found)
    await front.command(words, asker, user)


def said(text: str, me: str) -> str:
    """What was said to the bot: everything after its mention."""
    before, mark, after = text.partition(f"<@{me}")
    if mark and me:
        return _MENTION.sub("", mark + after, count=1).strip() or before.strip()
    return _MENTION.sub("", text, count=1).strip()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
