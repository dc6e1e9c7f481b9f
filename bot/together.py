"""One look at the world at a time, for everybody who asked before it began.

Fifty people ask at once when something is on fire. Fifty looks over the same thousand services would take the systems that are
asked, and this process, to their knees, and tell all of them the same.
"""

import asyncio

from commands.ports import Surveyor
from planner.snapshot import Snapshot

_APART = 0.005
"""Seconds between two who go on after a shared look: all at once they would keep the loop from answering Slack in time."""


class Together:
    """Stands where a `Surveyor` stands. What it answers was never seen before the question: nobody gets an older look."""

    def __init__(self, look: Surveyor) -> None:
        self._look = look
        self._running: asyncio.Task[Snapshot] | None = None
        self._next: asyncio.Task[Snapshot] | None = None
        self._waiting = 0

    async def __call__(self) -> Snapshot:
        """All facts now. Raises what the look raises, to everybody who waits for it."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running), name="look at the world")
            self._next.add_done_callback(_heard)
            self._waiting = 0
        place, self._waiting = self._waiting, self._waiting + 1
        # Whoever gives up does not take the look from the others.
        await asyncio.wait({shared := self._next})
        await asyncio.sleep(place * _APART)
        return shared.result()

    async def _after(self, before: asyncio.Task[Snapshot] | None) -> Snapshot:
        if before is not None:
            await asyncio.wait({before})
        self._running, self._next = self._next, None
        return await self._look()


def _heard(look: asyncio.Task[Snapshot]) -> None:
    """Where everybody has given up, nobody reads what went wrong; the log of a later look will say it."""
    if not look.cancelled():
        look.exception()
