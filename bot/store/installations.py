"""Where the app is installed, with the bot's tokens, for all replicas of one environment.

The tokens stand in the store as they are. Whoever can read these keys can speak as the bot, so the store needs TLS, a
password, and an ACL that gives nobody else `{rollbot:ENVIRONMENT}:installed`. They are in no log, no audit and no export.
"""

import json
from dataclasses import asdict
from datetime import datetime

from bot.installation import Installation
from bot.store.connect import Store
from bot.store.keys import Keys

_STATE_LIVES = 600_000
"""Milliseconds between the click on Install and the way back from Slack."""


class Installations:
    """Implements `Installations` and `States` of `bot.slack.install`. Every method raises what `STORE_DOWN` names."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys

    async def save(self, installation: Installation) -> None:
        """Keep it, in the place of an older one of the same name."""
        text = json.dumps(asdict(installation) | {"at": installation.at.isoformat()})
        await self._store.hset(self._keys.installed, mapping={installation.name: text})

    async def find(self, name: str) -> Installation | None:
        """The one of that workspace or organisation."""
        (text,) = await self._store.hmget(self._keys.installed, [name])
        if text is None:
            return None
        said = json.loads(text)
        return Installation(**said | {"at": datetime.fromisoformat(said["at"]), "scopes": tuple(said["scopes"])})

    async def forget(self, name: str) -> None:
        """The app was removed there."""
        await self._store.hdel(self._keys.installed, name)

    async def speaks(self, where: str, name: str) -> None:
        """Remember which installation speaks in a channel, or to a person."""
        await self._store.hset(self._keys.speakers, mapping={where: name})

    async def speaker(self, where: str) -> str | None:
        """Which installation speaks there, if that was ever seen."""
        (name,) = await self._store.hmget(self._keys.speakers, [where])
        return name

    async def issue(self, state: str) -> None:
        """Remember a state that was just made."""
        await self._store.set(self._keys.oauth_state(state), "1", nx=True, px=_STATE_LIVES)

    async def consume(self, state: str) -> bool:
        """Whether this state was made here within the last ten minutes and is used for the first time."""
        return await self._store.getdel(self._keys.oauth_state(state)) is not None
