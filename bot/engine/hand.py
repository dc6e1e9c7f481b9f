"""A worker's hand on one run: its lease, the run as it knows it, and the only way to write."""

import asyncio
from collections.abc import Callable, Sequence

from bot.fencing import Lease, WorkerLog
from planner.events import EnvironmentEvent, RunEvent
from planner.run import Run


class Hand:
    """Holds a run for as long as the lease lasts. Writes of steps that run side by side are put in a row."""

    def __init__(self, log: WorkerLog, lease: Lease, run: Run) -> None:
        self._log = log
        self._writing = asyncio.Lock()
        self.lease = lease
        self.run = run

    async def record(
        self,
        *events: RunEvent,
        lock: bool = False,
        also: Sequence[EnvironmentEvent] = (),
        still: Callable[[Run], bool] | None = None,
    ) -> None:
        """Write what happened.

        Raises, without writing, `LeaseLost` where the run may be another's, `Held` for `lock`, and `Overtaken` where `still` says
        no of the run as it is by then.
        """
        async with self._writing:
            self.lease.check()
            fence = self.lease.fence
            self.run = await self._log.record(self.run, events, fence=fence, lock=lock, also=also, still=still)

    async def catch_up(self) -> Run:
        """The run with what people wrote meanwhile."""
        async with self._writing:
            self.run = await self._log.catch_up(self.run)
            return self.run
