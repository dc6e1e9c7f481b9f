"""Who somebody is: the name people know, and which of the policy's user groups they are in, looked up at the press.

A group that cannot be read has nobody in it: rights are never kept from an older answer than a minute.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Trouble, ask
from planner.approval import Actor
from planner.events import Person
from planner.names import ActorId

_log = structlog.get_logger(__name__)
_PATIENCE = 2.0
"""Seconds that a lookup may take."""
_NAMES_FOR = 3600.0
_MOST_NAMES = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody as they are now. `unread` are groups that could not be looked up, so they count as empty."""

    actor: Actor
    unread: tuple[str, ...] = ()


class People:
    """Looks people up in Slack. `groups` are the ids of the user groups that the policy names; `ttl` is in seconds."""

    def __init__(
        self,
        client: AsyncWebClient,
        groups: frozenset[str],
        *,
        ttl: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._ttl = ttl
        self._clock = clock
        self._names: dict[str, tuple[float, str]] = {}
        self._members: dict[str, tuple[float, frozenset[str]]] = {}
        self._locks = {group: asyncio.Lock() for group in sorted(groups)}

    async def known(self, user: str, fallback: str = "") -> Known:
        """Who this is, by the id that Slack signed. Never fails: an unknown name is the id, an unknown group is empty."""
        name, groups = await asyncio.gather(
            self._name(user, fallback), asyncio.gather(*(self._in(group, user) for group in self._locks))
        )
        found = dict(zip(self._locks, groups, strict=True))
        return Known(
            actor=Actor(
                person=Person(id=ActorId(user), name=name), groups=frozenset(group for group, there in found.items() if there)
            ),
            unread=tuple(group for group, there in found.items() if there is None),
        )

    async def _name(self, user: str, fallback: str) -> str:
        until, name = self._names.get(user, (0.0, ""))
        if self._clock() < until:
            return name
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await ask(self._client.users_info(user=user))
        except (Trouble, TimeoutError) as trouble:
            _log.info("name not found", user=user, because=str(trouble) or "too slow")
            return fallback or user
        name = _readable(answer.get("user")) or fallback or user
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        self._names[user] = (self._clock() + _NAMES_FOR, name)
        return name

    async def _in(self, group: str, user: str) -> bool | None:
        """Whether the person is in the group; `None` where nobody can say."""
        async with self._locks[group]:
            until, members = self._members.get(group, (0.0, frozenset[str]()))
            if self._clock() >= until:
                self._members.pop(group, None)
                try:
                    async with asyncio.timeout(_PATIENCE):
                        answer = await ask(self._client.usergroups_users_list(usergroup=group))
                except (Trouble, TimeoutError) as trouble:
                    _log.warning("group not read, so it counts as empty", group=group, because=str(trouble) or "too slow")
                    return None
                members = frozenset(str(member) for member in answer.get("users") or ())
                self._members[group] = (self._clock() + self._ttl, members)
            return user in members


def _readable(user: object) -> str:
    if not isinstance(user, Mapping):
        return ""
    profile = user.get("profile")
    shown = profile if isinstance(profile, Mapping) else {}
    # The full name first: it stands in the audit for years, when nobody remembers the short one.
    names = (shown.get("real_name"), user.get("real_name"), shown.get("display_name"), user.get("name"))
    found = next((name for name in names if isinstance(name, str) and name.strip()), "")
    return " ".join(found.split())[:80]
