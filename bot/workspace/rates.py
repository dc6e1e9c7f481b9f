"""How often the bot may call what: Slack's tiers for each method, and its special limit for posting.

A tier counts the calls of the last 60 seconds. Posting has about one message a second for each channel, with a small
burst, and a cap for the whole workspace. Settings are values, so that tests turn them up or off.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.workspace.errors import RateLimitedError

WINDOW = 60.0
_ROUNDING = 1e-6
"""So that somebody who waits exactly as long as told is not refused for the last digit of a float."""
_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100

TIERS: Mapping[str, int] = MappingProxyType(
    {
        "apps.connections.open": 20,
        "bots.info": _TIER_3,
        "chat.appendStream": _TIER_4,
        "chat.delete": _TIER_3,
        "chat.postEphemeral": _TIER_4,
        "chat.startStream": _TIER_2,
        "chat.stopStream": _TIER_2,
        "chat.update": _TIER_3,
        "conversations.history": _TIER_3,
        "conversations.info": _TIER_3,
        "conversations.list": _TIER_2,
        "conversations.members": _TIER_4,
        "conversations.open": _TIER_3,
        "conversations.replies": _TIER_3,
        "files.completeUploadExternal": _TIER_4,
        "files.getUploadURLExternal": _TIER_4,
        "reactions.add": _TIER_3,
        "team.info": _TIER_3,
        "usergroups.list": _TIER_2,
        "usergroups.users.list": _TIER_2,
        "users.info": _TIER_4,
        "users.list": _TIER_2,
        "users.lookupByEmail": _TIER_3,
        "views.open": _TIER_4,
        "views.publish": _TIER_4,
        "views.push": _TIER_4,
        "views.update": _TIER_4,
    }
)
"""Calls a minute that are always allowed; methods that are not named have no limit here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRules:
    """The limits in force. `post_per_second` of 0 turns the special limit of posting off."""

    per_minute: Mapping[str, int] = field(default_factory=lambda: TIERS)
    post_per_second: float = 1.0
    post_burst: int = 5
    posts_per_minute: int = 300


NO_LIMITS = RateRules(per_minute=MappingProxyType({}), post_per_second=0.0, posts_per_minute=0)
"""Every call is allowed."""


class Rates:
    """Counts calls and refuses the one too many; a refused call costs nothing."""

    def __init__(self, rules: RateRules, clock: Callable[[], float]) -> None:
        self.rules = rules
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}
        self._posts: dict[str, tuple[float, float]] = {}

    def spend(self, method: str, channel: str = "") -> None:
        """Count one call; RateLimitedError when it is one too many."""
        now = self._clock()
        if method == "chat.postMessage":
            self._window("chat.postMessage", self.rules.posts_per_minute, now)
            if self.rules.post_per_second > 0:
                self._post(channel, now)
        else:
            self._window(method, self.rules.per_minute.get(method, 0), now)
        self._calls.setdefault(method, deque()).append(now)

    def _window(self, method: str, most: int, now: float) -> None:
        calls = self._calls.setdefault(method, deque())
        while calls and calls[0] + WINDOW <= now + _ROUNDING:
            calls.popleft()
        if most > 0 and len(calls) >= most:
            raise RateLimitedError(max(1, math.ceil(calls[-most] + WINDOW - now)))

    def _post(self, channel: str, now: float) -> None:
        rate, burst = self.rules.post_per_second, float(self.rules.post_burst)
        left, since = self._posts.get(channel, (burst, now))
        left = min(burst, left + (now - since) * rate)
        if left < 1.0 - _ROUNDING:
            raise RateLimitedError(max(1, math.ceil((1.0 - left) / rate)))
        self._posts[channel] = (left - 1.0, now)
