"""Where the app is installed, with the bot's tokens, for all replicas of one environment.

With a key (`bot.store.safe`) the tokens stand in the store encrypted. Without one they stand there as they are, and whoever can
read them can speak as the bot. Either way the store needs TLS, a password, and an ACL that gives nobody else
`{rollbot:ENVIRONMENT}:installed`. Tokens are in no log, no audit and no export.
"""

import json
import uuid
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import structlog

from bot.installation import Installation
from bot.store.connect import Store
from bot.store.keys import Keys
from bot.store.safe import CannotOpen, Safe

_log = structlog.get_logger(__name__)
_SWAP = (Path(__file__).parent / "scripts" / "swap.lua").read_text("utf-8")
_STATE_LIVES = 600_000
"""Milliseconds between the click on Install and the way back from Slack."""
_TURN = 20_000
"""Milliseconds that a renewal may take; then another replica may try."""


class Installations:
    """Implements `Installations` and `States` of `bot.slack.install`. Every method raises what `STORE_DOWN` names."""

    def __init__(self, store: Store, keys: Keys, safe: Safe | None = None) -> None:
        self._store = store
        self._keys = keys
        self._safe = safe or Safe()
        self._swap = store.register_script(_SWAP)
        self._me = uuid.uuid4().hex

    async def save(self, installation: Installation) -> None:
        """Keep it, in the place of an older one of the same name."""
        await self._store.hset(self._keys.installed, mapping={installation.name: self._closed(installation)})

    async def find(self, name: str) -> Installation | None:
        """The one of that workspace or organisation; `None` too where the key for it is missing, which is logged."""
        (stored,) = await self._store.hmget(self._keys.installed, [name])
        return self._opened(name, stored) if stored is not None else None

    async def forget(self, name: str) -> None:
        """The app was removed there."""
        await self._store.hdel(self._keys.installed, name)

    async def turn(self, name: str) -> bool:
        """Whether this replica may renew that one's token now: one at a time does, for twenty seconds at most."""
        return bool(await self._store.set(self._keys.renewing(name), self._me, nx=True, px=_TURN))

    async def renewed(self, old: Installation, new: Installation) -> bool:
        """Keep `new` if `old` still stands there, and give the turn back. `False` where somebody installed anew meanwhile."""
        (stored,) = await self._store.hmget(self._keys.installed, [old.name])
        if stored is None or self._opened(old.name, stored) != old:
            return False
        return await self._swapped(old.name, stored, self._closed(new))

    async def reseal(self) -> int:
        """Encrypt with the newest key what stands there plain or under an older one; how many that were."""
        if not self._safe.locks:
            return 0
        count = 0
        for name, stored in (await self._store.hgetall(self._keys.installed)).items():
            found = None if self._safe.is_newest(stored) else self._opened(name, stored)
            if found is not None and await self._swapped(name, stored, self._closed(found)):
                count += 1
        return count

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

    async def _swapped(self, name: str, old: str, new: str) -> bool:
        keys = [self._keys.installed, self._keys.renewing(name)]
        return bool(await self._swap(keys=keys, args=[name, old, new, self._me]))

    def _closed(self, installation: Installation) -> str:
        until = installation.expires_at.isoformat() if installation.expires_at else None
        return self._safe.close(json.dumps(asdict(installation) | {"at": installation.at.isoformat(), "expires_at": until}))

    def _opened(self, name: str, stored: str) -> Installation | None:
        try:
            said = json.loads(self._safe.open(stored))
        except CannotOpen as error:
            _log.error("an installation cannot be read: is ROLLBOT_TOKEN_KEY the right one?", name=name, because=str(error))
            return None
        until = said.get("expires_at")
        more = {"at": datetime.fromisoformat(said["at"]), "expires_at": datetime.fromisoformat(until) if until else None}
        found = Installation(**said | more | {"scopes": tuple(said["scopes"])})
        # What was put under another name by hand would let one workspace's bot speak in another.
        return found if found.name == name else None
