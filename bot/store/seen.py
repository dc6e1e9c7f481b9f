"""Which events Slack has delivered, for as long as it may deliver them again."""

from bot.store.connect import Store
from bot.store.keys import Keys

_KEPT = 3_600_000
"""Milliseconds. Slack's last retry comes about six minutes after the first delivery."""


class Seen:
    """Implements `bot.slack.ports.Seen` for all replicas of one environment."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys

    async def first(self, event: str) -> bool:
        """Whether this event is here for the first time. Raises what `STORE_DOWN` names."""
        return bool(await self._store.set(self._keys.event(event), "1", nx=True, px=_KEPT))
