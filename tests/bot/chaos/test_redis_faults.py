"""A store that is full, slow, silent or cut off in mid-run: nothing is begun without the lease, and all ends right."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from bot.store.connect import connect
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from tests.bot.chaos.servers import Machine, Wire, binary, machines
from tests.bot.engine.test_jobs import until_ended, working
from tests.bot.engine.test_worker import ORDER, PAYMENT, Bench
from tests.making import NOON

pytestmark = pytest.mark.skipif(binary() is None, reason="needs a redis-server or the embedded Valkey")


@asynccontextmanager
async def bot(url: str, ttl: float = 2.0):
    """A bench whose worker is at work, and what it needs to be asked about."""
    store, keys = connect(url), Keys("t")
    bench = Bench(RunLog(store, keys, lambda: NOON), Leases(store, keys, ttl=ttl))
    try:
        async with working(url, keys, bench.worker) as jobs:
            yield bench, jobs
    finally:
        await store.aclose()


async def test_a_full_store_stops_the_run_before_the_next_effect(tmp_path):
    machine = Machine(tmp_path, appendonly="yes")
    async with machines(machine), bot(machine.url) as (bench, jobs):
        run = await bench.granted()
        full, tasks = asyncio.Event(), []

        def fill() -> None:
            async def now() -> None:
                await machine.ask("CONFIG", "SET", "maxmemory", "1")
                full.set()

            tasks.append(asyncio.ensure_future(now()))

        bench.runtime.on_apply = fill
        await jobs.wake(run.id)
        await asyncio.wait_for(full.wait(), 10)
        await asyncio.sleep(3)  # as long as a lease, and more: nothing may begin meanwhile
        assert bench.effects in ([], [PAYMENT])
        await machine.ask("CONFIG", "SET", "maxmemory", "0")
        assert (await until_ended(bench.log, run, 30)).ending == "finished"
        assert bench.effects == [PAYMENT, ORDER]


@pytest.mark.parametrize("trouble", ["slow", "frozen", "cut"])
async def test_a_line_in_trouble_delays_the_run_and_nothing_else(tmp_path, trouble):
    machine = Machine(tmp_path)
    async with machines(machine), Wire(machine.port).open() as wire, bot(wire.url, ttl=1.0) as (bench, jobs):
        near = connect(machine.url)
        keys, issued = Keys("t"), []

        def note() -> None:
            issued.append(asyncio.get_running_loop().time())
            match trouble:
                case "slow":
                    wire.delay = 0.03
                case "frozen":
                    wire.flows.clear()
                case "cut":
                    wire.cut = True
                    wire.hang_up()

        run = await bench.granted()
        bench.runtime.on_apply = note
        await jobs.wake(run.id)
        async with asyncio.timeout(10):
            while not issued:
                await asyncio.sleep(0.01)
        if trouble != "slow":
            await asyncio.sleep(2.5)
            assert bench.effects == [PAYMENT], "something was begun while nobody could know who has the run"
            lease = await near.hgetall(keys.lease(run.id))
            seconds, microseconds = await near.time()
            assert int(lease["until"]) < seconds * 1000 + microseconds // 1000
            wire.cut = False
            wire.flows.set()
            wire.hang_up()
        assert (await until_ended(bench.log, run, 40)).ending == "finished"
        assert bench.effects == [PAYMENT, ORDER]
        await near.aclose()
