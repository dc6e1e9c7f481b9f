"""How a worker proves that it still has a run: what the engine and the store agree on, and all they know of each other.

LeaseLost   this worker can no longer be sure that it has the run
Fenced      the store says that another worker has it, or that the run is over
Rewound     the store lost entries that this worker has read
Overtaken   what was about to be written no longer follows from the log
Held        some services are held by other runs
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from commands.ports import DeployHold, Holder
from planner.events import EnvironmentEvent, RunEvent
from planner.names import RunId, ServiceName
from planner.run import Run
from planner.watch import Watch
from planner.watch_events import WatchEnded, WatchLooked


class LeaseLost(Exception):
    """This worker can no longer be sure that it has the run: do nothing more."""


class Fenced(LeaseLost):
    """Another worker has the run in its hands now, or the run has ended: do nothing more. Nothing was written."""


class Rewound(LeaseLost):
    """The log no longer holds what this worker has read: the store went back, as after a failover. Do nothing more."""


class Overtaken(Exception):
    """What was about to be written no longer follows from the log: somebody wrote first. Nothing was written; look again."""


class Held(Exception):
    """Some of the services are held by others, runs or people. Nothing was written, and no lock was taken."""

    def __init__(self, holders: tuple[Holder, ...]) -> None:
        super().__init__(", ".join(f"{holder.service} by {holder.who}" for holder in holders))
        self.holders = holders


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What the store checks on every write of a worker: its run and fencing number."""

    run: RunId
    epoch: int


class Lease(Protocol):
    """The proof that a worker has a run."""

    @property
    def fence(self) -> Fence:
        """The fencing number, for writes."""
        ...

    @property
    def take_over(self) -> bool:
        """Whether another worker had the run before and did not give it back."""
        ...

    def check(self) -> None:
        """Call right before every effect outside. Raises `LeaseLost`."""
        ...


class LeaseOffice(Protocol):
    """Gives out leases."""

    def hold(self, run: RunId, owner: str) -> AbstractAsyncContextManager[Lease | None]:
        """The lease while the block runs, renewed meanwhile; `None` where another worker has the run."""
        ...


class WatchLog(Protocol):
    """The log as the settle watch uses it."""

    async def watch(self, run: RunId) -> Watch | None:
        """The watch as the log tells it now."""
        ...

    async def watches(self) -> tuple[Watch, ...]:
        """The watches that have not ended."""
        ...

    async def note_watch(self, look: WatchLooked, end: WatchEnded | None) -> bool:
        """Write a look, and the end with it. `False`, unwritten, where the watch has ended already."""
        ...

    async def holders(self, services: Sequence[ServiceName]) -> tuple[Holder, ...]:
        """Who holds which of these services."""
        ...

    async def deploy_holds(self) -> tuple[DeployHold, ...]:
        """Whose locks on forward deploys there are."""
        ...


class WorkerLog(WatchLog, Protocol):
    """The run log as a worker uses it."""

    async def read(self, run: RunId) -> Run | None:
        """The run as its log tells it now."""
        ...

    async def catch_up(self, run: Run) -> Run:
        """The run with everything that was written since it was read. Raises `Rewound` where what was read is gone."""
        ...

    async def append(self, run: Run, events: Sequence[RunEvent]) -> Run:
        """Write only if nothing was written since; raises `commands.ports.Moved`."""
        ...

    async def record(
        self,
        run: Run,
        events: Sequence[RunEvent],
        *,
        fence: Fence,
        lock: bool = False,
        also: Sequence[EnvironmentEvent] = (),
        still: Callable[[Run], bool] | None = None,
    ) -> Run:
        """Write after whatever people wrote meanwhile, and only where `still` says so of the run as it is by then.

        Raises `Fenced`, `Overtaken`, or `Held` where `lock` finds services held.
        """
        ...

    async def open_runs(self) -> tuple[RunId, ...]:
        """The runs that have not ended."""
        ...

    async def expire_holds(self) -> tuple[ServiceName, ...]:
        """End every hold by hand whose time is over by the store's clock; the services that are free now."""
        ...
