"""What the bot gets once and may use for a short time: trigger ids and response URLs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json

_KEPT = 10_000
"""The oldest are forgotten beyond this number; by then they expired long ago."""


@dataclass(slots=True, kw_only=True)
class _Trigger:
    user: str
    view_id: str
    born: float
    used: bool = False


class Triggers:
    """Trigger ids: each opens one view for one person, within a few seconds of the action."""

    def __init__(self, clock: Callable[[], float], lifetime: float) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._known: dict[str, _Trigger] = {}

    def issue(self, user: str, view_id: str = "") -> str:
        """Give a new trigger id; `view_id` is the view in which the person acted, if any."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._known[trigger_id] = _Trigger(user=user, view_id=view_id, born=self._clock())
        _forget_oldest(self._known)
        return trigger_id

    def exchange(self, trigger_id: str) -> tuple[str, str]:
        """Use a trigger id up and give (user, view_id); SlackError invalid_, expired_ or exchanged_trigger_id."""
        trigger = self._known.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if self._clock() - trigger.born > self._lifetime:
            raise SlackError("expired_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        trigger.used = True
        return trigger.user, trigger.view_id


@dataclass(slots=True, kw_only=True)
class Hook:
    """A response URL: where it answers, to whom, and what it showed last (`ts`, and whether that was ephemeral)."""

    channel: str
    user: str
    born: float
    ts: str = ""
    ephemeral: bool = False
    posts: int = 0


class Hooks:
    """Response URLs: a few posts each, for half an hour."""

    def __init__(self, clock: Callable[[], float], lifetime: float, posts: int) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._posts = posts
        self._known: dict[str, Hook] = {}

    def issue(self, channel: str, user: str, message: Json | None = None) -> str:
        """Give the secret part of a new URL; `message` is the one whose button was pressed."""
        key = secrets.token_urlsafe(24)
        source = message or {}
        self._known[key] = Hook(
            channel=channel,
            user=user,
            born=self._clock(),
            ts=str(source.get("ts", "")),
            ephemeral=bool(source.get("ephemeral")),
        )
        _forget_oldest(self._known)
        return key

    def use(self, key: str) -> Hook:
        """Count one post and give the hook; SlackError expired_url or used_url past its age or count."""
        hook = self._known.get(key)
        if hook is None or self._clock() - hook.born > self._lifetime:
            raise SlackError("expired_url")
        if hook.posts >= self._posts:
            raise SlackError("used_url")
        hook.posts += 1
        return hook


def _forget_oldest(known: dict[str, Any]) -> None:
    while len(known) > _KEPT:
        del known[next(iter(known))]
