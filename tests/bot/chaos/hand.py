"""Workers in processes of their own: reads orders, one JSON object a line, and forks a worker for each.

    {"env": "k1", "run": "r1", "at": "write", "number": 3, "after": false, "signal": "SIGKILL", "ttl": 0.5}

The worker sends itself that signal right before or after its third write (or `apply`); without `at` it lives. With
`believes` it never notices that its lease is over. The pid is printed at once; when the input ends and all workers have, the
process ends. What a worker that lived came to stands in the store, under `outcome:ENV:PID`. Forking saves each of them the second
that loading the code takes.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from bot.engine.worker import Worker
from bot.store.connect import connect
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from integrations.survey import survey
from tests.bot.chaos.target import Target
from tests.bot.engine.test_worker import FAST, Gauge, Shelf
from tests.making import NOON

AT_ONCE = 6


class Fate:
    """Counts, and sends the signal when it is time."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.counts = {"write": 0, "apply": 0}

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        self.counts[what] += 1
        mine = self.order.get("at") == what and self.order["number"] == self.counts[what]
        if mine and not self.order["after"]:
            self.meet()
        yield
        if mine and self.order["after"]:
            self.meet()

    def meet(self) -> None:
        os.kill(os.getpid(), signal.Signals[self.order["signal"]])


class FatedLog(RunLog):
    def __init__(self, store, keys, fate: Fate) -> None:
        super().__init__(store, keys, lambda: NOON)
        self.fate = fate

    async def record(self, run, events, **how):
        with self.fate.around("write"):
            return await super().record(run, events, **how)


class FatedTarget(Target):
    def __init__(self, store, name, fate: Fate, **how: bool) -> None:
        super().__init__(store, name, **how)
        self.fate = fate

    async def before_apply(self) -> None:
        self.around = self.fate.around("apply")
        self.around.__enter__()

    async def after_apply(self) -> None:
        self.around.__exit__(None, None, None)


class Believing(Leases):
    """Leases whose holder never notices that they are over."""

    async def _take(self, run, owner):
        lease = await super()._take(run, owner)
        if lease is not None:
            lease.sure_until = float("inf")
        return lease

    async def _renewed(self, lease) -> bool:
        await asyncio.sleep(3600)
        return True


def worker(store, log: RunLog, target: Target, leases: Leases, name: str) -> Worker:
    """A worker over that target."""
    return Worker(
        runs=log,
        leases=leases,
        survey=lambda: survey(Shelf(), {"fake": target}, {}, limit=5),
        runtimes={"fake": target},
        probes={"fake": Gauge()},
        now=lambda: NOON,
        max_parallel=4,
        pace=FAST,
        name=name,
    )


async def work(url: str, order: dict[str, Any]) -> None:
    """One worker's life."""
    store, keys, fate = connect(url), Keys(order["env"]), Fate(order)
    target = FatedTarget(store, order["env"], fate, remembers=order.get("remembers", True))
    came = "done"
    try:
        leases = (Believing if order.get("believes") else Leases)(store, keys, ttl=order["ttl"])
        mine = worker(store, FatedLog(store, keys, fate), target, leases, str(os.getpid()))
        for _ in range(order.get("times", 1)):
            await mine.work(order["run"])
            await asyncio.sleep(0.05 if order.get("times") else 0)
    except Exception as error:
        came = type(error).__name__
    await store.set(f"outcome:{order['env']}:{os.getpid()}", json.dumps([came, target.answers]), nx=False, px=600_000)
    await store.aclose()


def main(url: str) -> None:
    # Standard output is for pids.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    alive = 0
    for line in sys.stdin:
        while alive >= AT_ONCE:
            os.wait()
            alive -= 1
        pid = os.fork()
        if pid == 0:
            os.close(0)
            asyncio.run(work(url, json.loads(line)))
            os._exit(0)
        alive += 1
        print(pid, flush=True)
    while alive:
        os.wait()
        alive -= 1


if __name__ == "__main__":
    main(sys.argv[1])
