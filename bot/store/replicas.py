"""Which replicas of this environment serve Slack now, and how many connections Slack told each of them of.

From the two one sees whether somebody else uses the same app: Slack hands each request to one connection, so half of them would
go to a bot that knows nothing of our runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.connect import Store
from bot.store.keys import Keys

BEAT = 10.0
"""Seconds between two signs of life."""
_DEAD_AFTER = timedelta(seconds=BEAT * 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One that serves. `connections` is what Slack's last hello said, 0 where there was none (as in HTTP mode)."""

    name: str
    connections: int
    at: datetime


class Replicas:
    """The signs of life of one environment's replicas."""

    def __init__(self, store: Store, keys: Keys, now: Callable[[], datetime]) -> None:
        self._store = store
        self._keys = keys
        self._now = now

    async def beat(self, name: str, connections: int) -> None:
        """This one serves. Forgets those that have been silent for long."""
        mine = json.dumps({"at": self._now().isoformat(), "connections": connections})
        await self._store.hset(self._keys.replicas, mapping={name: mine})
        dead = [replica.name for replica in await self._all() if self._now() - replica.at > _DEAD_AFTER * 10]
        if dead:
            await self._store.hdel(self._keys.replicas, *dead)

    async def leave(self, name: str) -> None:
        """This one stops."""
        await self._store.hdel(self._keys.replicas, name)

    async def live(self) -> tuple[Replica, ...]:
        """Those that gave a sign of life lately, by name."""
        return tuple(replica for replica in await self._all() if self._now() - replica.at <= _DEAD_AFTER)

    async def _all(self) -> list[Replica]:
        found = sorted((await self._store.hgetall(self._keys.replicas)).items())
        read = [(name, json.loads(text)) for name, text in found]
        return [
            Replica(name=name, connections=int(said["connections"]), at=datetime.fromisoformat(said["at"])) for name, said in read
        ]


def strangers(live: tuple[Replica, ...], connections: int) -> int:
    """How many of the app's connections are nobody's of ours, `connections` being what Slack said last; 0 where none is."""
    return max(0, connections - max(1, len(live)))
