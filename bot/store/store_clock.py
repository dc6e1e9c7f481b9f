"""What time it is, as the store's server says: one clock for all machines of an environment.

A plan expires, a reminder is due and a hold ends when the store says so. A machine whose own clock is wrong, or is set while it
works, ends nobody's plan too early and writes no entry that seems to come before the one it follows.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from bot.store.connect import STORE_DOWN, Store
from bot.store.leases import steady

log = structlog.get_logger(__name__)
_AGAIN = 10.0
"""Seconds between two questions; in between this machine's steady clock goes on, which nobody can set."""
_SLOWEST = 0.5
"""Seconds that an answer may take to be believed: it says what time it was somewhere on its way."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoreClock:
    """Call it for the time now, in UTC, to the millisecond; `ask` once before. It never goes back."""

    def __init__(self, store: Store, steady: Callable[[], float] = steady) -> None:
        self._store = store
        self._steady = steady
        self._ahead: float | None = None
        self._last = 0

    def __call__(self) -> datetime:
        """The time now."""
        if self._ahead is None:
            raise RuntimeError("nobody asked the store what time it is")
        self._last = max(self._last, int((self._steady() + self._ahead) * 1000))
        return _EPOCH + timedelta(milliseconds=self._last)

    async def ask(self) -> None:
        """Ask the store what time it is. Raises what `STORE_DOWN` names."""
        before = self._steady()
        seconds, microseconds = await self._store.time()
        after = self._steady()
        if self._ahead is None or after - before < _SLOWEST:
            self._ahead = seconds + microseconds / 1_000_000 - (before + after) / 2

    async def keep(self) -> None:
        """Ask again and again, for ever; cancel it to stop. While the store is away the steady clock is all there is."""
        while True:
            await asyncio.sleep(_AGAIN)
            try:
                await self.ask()
            except STORE_DOWN as error:
                log.debug("the store does not say what time it is", because=type(error).__name__)
