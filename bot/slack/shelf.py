"""The last look at the world, kept for lists that must be there within a second: forms are filled from it, never plans."""

import asyncio
import time
from collections.abc import Callable

import structlog

from commands.ports import Surveyor
from planner.names import ServiceName
from planner.snapshot import Snapshot

_log = structlog.get_logger(__name__)


class Shelf:
    """A snapshot at most `fresh` seconds old where it can be had in time, else the one before. Looks once at a time."""

    def __init__(self, survey: Surveyor, *, fresh: float = 20.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._survey = survey
        self._fresh = fresh
        self._clock = clock
        self._kept: Snapshot | None = None
        self._names: list[ServiceName] = []
        self._at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def look(self, patience: float = 2.0) -> Snapshot | None:
        """The world as it was seen last; waits at most `patience` seconds, and not at all where something is kept already.

        `None` where nothing was ever seen. Never raises.
        """
        if self._clock() - self._at > self._fresh and self._looking is None:
            self._looking = asyncio.create_task(self._refresh(), name="look at the world")
        if self._kept is None and self._looking is not None:
            await asyncio.wait({self._looking}, timeout=patience)
        return self._kept

    @property
    def names(self) -> list[ServiceName]:
        """Every service of the last look, sorted; empty where nothing was ever seen."""
        return self._names

    async def close(self) -> None:
        """Give up a look that is under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _refresh(self) -> None:
        try:
            kept = await self._survey()
        except Exception as error:  # the form says that there is nothing to choose from; a typed command tells why
            _log.warning("the world could not be looked at for a form", because=repr(error))
        else:
            self._kept, self._names, self._at = kept, sorted(kept.services), self._clock()
        finally:
            self._looking = None
