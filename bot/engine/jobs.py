"""Wake-ups for workers, by a job engine on the same store. The log is the truth: a wake-up lost or doubled does no harm.

Only run ids travel through the engine. Every wake-up has a key of its own, for the engine drops a job whose key is still at
work; a sweep finds runs that were left lying by a worker that died or by a wake-up that was lost.
"""

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from docket import Docket, Perpetual
from docket import Worker as DocketWorker
from redis.exceptions import RedisError

from bot.engine.own_connections import OwnConnections, Pool
from bot.engine.worker import Worker
from bot.fencing import LeaseLost
from planner.names import RunId

log = structlog.get_logger(__name__)
SWEEP = timedelta(seconds=5)
"""How often somebody looks for runs that were left lying."""
TENDING = timedelta(seconds=30)
"""How often somebody looks after what rollbacks left to be done."""
REDELIVERY = timedelta(seconds=5)
"""How long a job may be silent before another worker gets it; the engine renews it while its worker lives."""

AT_ONCE = 500
"""Jobs of one process side by side. A run under way is one, mostly waiting; where all places were taken, no other would begin."""

_STOP_AGAIN = 2.0
"""Seconds after which the engine is told once more to stop."""


class Notary(Protocol):
    """Has heads of the log written down outside the store."""

    async def keep_heads(self) -> None:
        """One turn. What fails outside is noted and tried again at the next."""
        ...


@contextmanager
def _lost(run: RunId) -> Iterator[None]:
    """Whoever asks for a wake-up has written to the log before: it would be wrong to tell them that this failed."""
    try:
        yield
    except RedisError as trouble:
        log.warning("a wake-up was lost; a sweep finds the run", run=run, why=type(trouble).__name__)


class Caretaker(Protocol):
    """Looks after what rollbacks left to be done."""

    async def tend(self) -> None:
        """One round."""
        ...


class Jobs:
    """The wake-up service. Implements `commands.ports.Wake`; `work` makes this process one of the workers.

    Where there is a `pool`, the engine reaches the store through connections of that kind instead of its own.
    """

    def __init__(self, url: str, prefix: str, notary: Notary | None = None, pool: Pool | None = None) -> None:
        # Its own chatter about every job says nothing that the run log does not.
        logging.getLogger("docket").setLevel(logging.WARNING)
        self._docket = Docket(name=prefix, url=url) if pool is None else OwnConnections(prefix, pool)
        self._numbers = itertools.count()
        self._me = f"{socket.gethostname()}-{os.getpid()}"
        self._worker: Worker | None = None
        self._notary = notary
        self._duties: Caretaker | None = None
        self._turns: set[asyncio.Task[datetime | None]] = set()
        self._stopping = asyncio.Event()
        self._docket.register(self.look_at_run)
        self._docket.register(self.sweep)
        self._docket.register(self.keep_heads)
        self._docket.register(self.tend)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Jobs"]:
        """The service while the block runs."""
        async with self._docket:
            yield self

    async def wake(self, run: RunId) -> None:
        """Get a worker to look at this run soon. Where the store cannot be reached just now, the next sweep does."""
        with _lost(run):
            await self._docket.add(self.look_at_run, key=f"{run}:{self._me}:{next(self._numbers)}")(run)

    async def wake_at(self, run: RunId, when: datetime) -> None:
        """Get a worker to look at this run not before `when`; where the store cannot be reached just now, a sweep does."""
        with _lost(run):
            await self._docket.add(self.look_at_run, when=when, key=f"{run}:at:{when.timestamp():.0f}")(run)

    async def work(self, worker: Worker, concurrency: int = AT_ONCE, duties: Caretaker | None = None) -> None:
        """Work until cancelled; a store that goes away is waited for. `duties` are looked after now and then.

        When cancelled, the runs under way are left as they are, their leases given back: whoever comes next goes on with them.
        """
        self._worker, self._duties = worker, duties
        async with DocketWorker(
            self._docket,
            name=self._me,
            concurrency=concurrency,
            redelivery_timeout=REDELIVERY,
            reconnection_delay=timedelta(seconds=1),
            minimum_check_interval=timedelta(milliseconds=50),
            scheduling_resolution=timedelta(milliseconds=100),
        ) as docket_worker:
            forever = asyncio.create_task(docket_worker.run_forever(), name="job engine")
            rounds = asyncio.create_task(self._see_that_rounds_go_on(), name="rounds")
            try:
                await asyncio.shield(forever)
            finally:
                rounds.cancel()
                # The engine itself would wait until every run under way is done, and that may take as long as a service does.
                self._stopping.set()
                for turn in self._turns:
                    turn.cancel()
                while not forever.done():
                    # More than once: the engine's own connections can lose a cancellation (see bot.store.heeding).
                    forever.cancel()
                    await asyncio.wait([forever], timeout=_STOP_AGAIN)

    async def _see_that_rounds_go_on(self) -> None:
        """Ask for the jobs that repeat themselves now and then: a store that lost writes has forgotten when they are due.

        Asking for one that is planned changes nothing.
        """
        while True:
            await asyncio.sleep(3 * SWEEP.total_seconds())
            try:
                for job in (self.sweep, self.keep_heads, self.tend):
                    await self._docket.add(job, key=job.__name__)()
            except RedisError as trouble:
                log.warning("the rounds could not be looked after", why=type(trouble).__name__)

    async def look_at_run(self, run: str) -> None:
        """The job that a wake-up is."""
        if self._worker is None or self._stopping.is_set():
            return
        turn = asyncio.create_task(self._worker.work(RunId(run)), name=f"work on {run}")
        self._turns.add(turn)
        try:
            again = await turn
            if again is not None and not self._stopping.is_set():
                await self.wake_at(RunId(run), again)
        except LeaseLost as lost:
            log.warning("stopped working on a run", run=run, why=str(lost))
        except RedisError as trouble:
            # The log holds how far it is: the sweep goes on with it once the store does.
            log.warning("stopped working on a run: the store is in trouble", run=run, why=f"{type(trouble).__name__}: {trouble}")
        except Exception:
            log.exception("stopped working on a run: a fault of Rollbot's own; after a few of them the run asks people", run=run)
        except asyncio.CancelledError:
            turn.cancel()
            if not self._stopping.is_set():
                raise
            log.info("left a run to whoever comes next", run=run)
        finally:
            self._turns.discard(turn)

    async def sweep(self, perpetual: Perpetual = Perpetual(every=SWEEP, automatic=True)) -> None:  # noqa: B008 (how it is told)
        """The job that repeats itself and finds runs left lying."""
        if self._worker is None:
            return
        for run in await self._worker.unfinished():
            await self.wake(run)
        await self._worker.tidy()

    async def tend(self, perpetual: Perpetual = Perpetual(every=TENDING, automatic=True)) -> None:  # noqa: B008 (how it is told)
        """The job that repeats itself and looks after what rollbacks left to be done."""
        if self._duties is not None and self._worker is not None and not self._stopping.is_set():
            await self._duties.tend()

    async def keep_heads(self, perpetual: Perpetual = Perpetual(every=SWEEP, automatic=True)) -> None:  # noqa: B008 (how it is told)
        """The job that repeats itself and has heads of the log written down outside."""
        if self._notary is not None and not self._stopping.is_set():
            await self._notary.keep_heads()
