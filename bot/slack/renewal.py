"""Tokens that end after hours are renewed before they do: once, by one replica, and the new pair is kept before it is used.

Slack takes a refresh token once and gives a new pair for it. So whoever renews has the turn (a lock in the store), looks at the
store again under it, and writes the pair only in the place of the one that it read. The old token works on until its end, so
nobody waits for a renewal but whoever comes after that end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.installation import Installation
from bot.slack.calls import Later, Trouble, Unsure, ask
from bot.slack.install import INSTALL, Installations
from bot.slack.tasks import Tasks

_log = structlog.get_logger(__name__)
EARLY = timedelta(hours=2)
"""How long before its end a token is renewed; there is as much time to install anew should that fail."""
_LATE = timedelta(seconds=60)
"""Nearer to its end a token is not used any more where another can be had."""
_WAIT = 1.5
"""Seconds that a request waits for a renewal; Slack waits three for its answer."""
_AGAIN = timedelta(seconds=30)
"""After a renewal that failed, the next try."""
_WRITES = 10


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who the app is to Slack."""

    client: AsyncWebClient
    client_id: str
    client_secret: str


class Renewing:
    """Installations whose tokens do not end. Stands where `bot.slack.install.Installations` stands."""

    def __init__(
        self,
        installations: Installations,
        credentials: Credentials,
        tasks: Tasks,
        *,
        now: Callable[[], datetime] = _utc,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._kept = installations
        self._credentials = credentials
        self._tasks = tasks
        self._now = now
        self._sleep = sleep
        self._under_way: dict[str, asyncio.Event] = {}
        self._not_before: dict[str, datetime] = {}

    async def save(self, installation: Installation) -> None:
        """Keep it."""
        self._not_before.pop(installation.name, None)
        await self._kept.save(installation)

    async def find(self, name: str) -> Installation | None:
        """The one of that workspace or organisation, with a token that works wherever one can be had in time."""
        found = await self._kept.find(name)
        if found is None or not self._due(found):
            return found
        done = self._renewal(name)
        if found.expires_at is not None and found.expires_at - self._now() > _LATE:
            return found
        try:
            async with asyncio.timeout(_WAIT):
                await done.wait()
        except TimeoutError:
            _log.warning("the token has ended and its renewal takes long", installation=name)
        return await self._kept.find(name)

    async def forget(self, name: str) -> None:
        """The app was removed there."""
        await self._kept.forget(name)

    async def turn(self, name: str) -> bool:
        """Whether this replica may renew that one's token now."""
        return await self._kept.turn(name)

    async def renewed(self, old: Installation, new: Installation) -> bool:
        """Keep `new` if `old` still stands there."""
        return await self._kept.renewed(old, new)

    async def reseal(self) -> int:
        """Encrypt what is not yet."""
        return await self._kept.reseal()

    async def speaks(self, where: str, name: str) -> None:
        """Remember which installation speaks in a channel, or to a person."""
        await self._kept.speaks(where, name)

    async def speaker(self, where: str) -> str | None:
        """Which installation speaks there."""
        return await self._kept.speaker(where)

    def _due(self, found: Installation) -> bool:
        if found.expires_at is None or not found.refresh_token:
            return False
        tried = self._not_before.get(found.name)
        return found.expires_at - self._now() <= EARLY and (tried is None or tried <= self._now())

    def _renewal(self, name: str) -> asyncio.Event:
        """Set when the renewal that is under way here is over; begins one where none is."""
        done = self._under_way.get(name)
        if done is None:
            done = self._under_way[name] = asyncio.Event()
            self._tasks.begin(self._renew(name, done), f"renew the token of {name}")
        return done

    async def _renew(self, name: str, done: asyncio.Event) -> None:
        try:
            while not await self._kept.turn(name):
                await self._sleep(0.2)
                found = await self._kept.find(name)
                if found is None or not self._due(found):
                    return
            found = await self._kept.find(name)
            if found is not None and self._due(found):
                await self._keep(found, await self._next(found))
        except Trouble as trouble:
            self._not_before[name] = self._now() + _AGAIN
            if isinstance(trouble, Later | Unsure):
                _log.warning("a token was not renewed, trying again", installation=name, because=trouble.code)
            else:
                _log.error(f"a token cannot be renewed: install at {INSTALL}", installation=name, because=trouble.code)
        finally:
            del self._under_way[name]
            done.set()

    async def _next(self, old: Installation) -> Installation:
        credentials = self._credentials
        answer = await ask(
            credentials.client.oauth_v2_access(
                client_id=credentials.client_id,
                client_secret=credentials.client_secret,
                grant_type="refresh_token",
                refresh_token=old.refresh_token,
            )
        )
        token, refresh, seconds = answer.get("access_token"), answer.get("refresh_token"), answer.get("expires_in")
        if not isinstance(token, str) or not isinstance(refresh, str) or not isinstance(seconds, int):
            raise Unsure("no_new_pair")
        return replace(old, token=token, refresh_token=refresh, expires_at=self._now() + timedelta(seconds=seconds))

    async def _keep(self, old: Installation, new: Installation) -> None:
        """The pair exists nowhere else: a store that is away is waited for."""
        for last in (*[False] * (_WRITES - 1), True):
            try:
                if not await self._kept.renewed(old, new):
                    _log.info("the app was installed anew meanwhile", installation=old.name)
                else:
                    _log.info("a token was renewed", installation=old.name, until=f"{new.expires_at}")
            except Exception as error:  # the store's errors are its own
                _log.warning("a new token waits for the store", installation=old.name, because=type(error).__name__)
                if last:
                    raise
                await self._sleep(1.0)
            else:
                return
