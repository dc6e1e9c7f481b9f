"""A window in front of one person: opened at once, since Slack gives three seconds for it, and filled later."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Trouble, Unsure, ask
from bot.slack.render.kit import Message
from bot.slack.render.view import saying

_log = structlog.get_logger(__name__)
_PATIENCE = 2.5
"""Seconds in which a window must be open; Slack's own limit is three, counted from the press."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A modal. Every method but `say` raises `bot.slack.calls.Trouble`."""

    client: AsyncWebClient
    id: str
    hash: str = ""

    @classmethod
    async def open(cls, client: AsyncWebClient, trigger: str, view: dict[str, Any]) -> "Window":
        """Open it in the place of whatever the person has open."""
        return cls(client=client, id=await _shown(client.views_open(trigger_id=trigger, view=view)))

    @classmethod
    async def push(cls, client: AsyncWebClient, trigger: str, view: dict[str, Any]) -> "Window":
        """Open it on top of the window in which the person acted."""
        return cls(client=client, id=await _shown(client.views_push(trigger_id=trigger, view=view)))

    async def show(self, view: dict[str, Any]) -> None:
        """Let it show this; with a `hash`, only if nothing else was shown since."""
        await ask(self.client.views_update(view_id=self.id, hash=self.hash or None, view=view))

    def anyhow(self) -> "Window":
        """The same, whatever was shown since."""
        return replace(self, hash="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """Somebody to answer who looks at a window."""

    window: Window
    title: str
    user: str
    channel: str = ""
    thread: str | None = None

    async def say(self, message: Message) -> bool:
        """Whether the answer reached Slack. Never raises."""
        try:
            await self.window.anyhow().show(saying(self.title, message))
        except Trouble as trouble:
            _log.info("the window is closed, so the answer was not seen", user=self.user, because=trouble.code)
            return False
        return True


async def _shown(call: Any) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            answer = await ask(call)
    except TimeoutError as error:
        raise Unsure("too_slow") from error
    view = answer.get("view")
    found = view.get("id") if isinstance(view, dict) else None
    if not isinstance(found, str):
        raise Unsure("no_view")
    return found
