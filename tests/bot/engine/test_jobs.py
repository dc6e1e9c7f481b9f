"""Wake-ups through the real job engine and the real store."""

import asyncio
import contextlib
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.engine.jobs import Jobs
from bot.engine.steps import Pace
from bot.store.connect import connect
from bot.store.embedded import EmbeddedStore
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from planner.lock_events import Locked
from planner.run import Stage, StepState
from tests.bot.engine.test_worker import ORDER, PAYMENT, Bench
from tests.making import ANA, NOON


@contextlib.asynccontextmanager
async def working(url, keys, worker, **how):
    async with Jobs(url, keys.jobs, **how).open() as jobs:
        task = asyncio.create_task(jobs.work(worker))
        try:
            yield jobs
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until_ended(log, run, seconds=20):
    async with asyncio.timeout(seconds):
        while (now := await log.read(run.id)).stage is not Stage.ENDED:
            await asyncio.sleep(0.02)
    return now


@pytest.fixture
def bench(log, leases):
    return Bench(log, leases)


async def test_a_wake_up_gets_the_run_done(bench, store_url, keys, log):
    async with working(store_url, keys, bench.worker) as jobs:
        run = await bench.granted()
        await jobs.wake(run.id)
        assert (await until_ended(log, run)).ending == "finished"
    assert bench.effects == [PAYMENT, ORDER]


async def test_many_wake_ups_do_everything_once(bench, store_url, keys, log):
    async with working(store_url, keys, bench.worker) as jobs:
        run = await bench.granted()
        await asyncio.gather(*(jobs.wake(run.id) for _ in range(20)))
        await until_ended(log, run)
    assert bench.effects == [PAYMENT, ORDER]


async def test_a_lost_wake_up_is_found_by_the_sweep(bench, store_url, keys, log):
    run = await bench.granted()
    async with working(store_url, keys, bench.worker):
        assert (await until_ended(log, run)).ending == "finished"


async def test_a_run_whose_log_was_spoilt_does_not_keep_the_others_waiting(bench, store_url, keys, log, store):
    spoilt = await bench.granted()
    await store.xadd(keys.log(spoilt.id), {"b": "no entry", "h": "x"}, id=f"{spoilt.seq + 1}-0")
    run = await bench.granted()
    over = Locked(service="ledger-service", by=ANA, reason="", since=NOON, until=datetime.now(UTC) - timedelta(seconds=1))
    await log.hold(over)
    async with working(store_url, keys, bench.worker):
        assert (await until_ended(log, run)).ending == "finished"
        async with asyncio.timeout(10):
            while await store.exists(keys.lock("ledger-service")):
                await asyncio.sleep(0.02)
    assert bench.effects == [PAYMENT, ORDER]


async def test_a_later_wake_up_ends_what_nobody_decided(bench, store_url, keys, log):
    async with working(store_url, keys, bench.worker) as jobs:
        run = await bench.waiting()
        bench.now = run.planned.expires_at
        await jobs.wake_at(run.id, datetime.now(UTC) + timedelta(seconds=0.2))
        assert (await until_ended(log, run)).ending == "expired"


async def test_a_finished_run_is_watched_by_jobs_of_whoever_is_there(bench, store_url, keys, log):
    clock = RunLog(log._redis, log._keys, lambda: datetime.now(UTC))
    fields = {"runs": clock, "now": lambda: datetime.now(UTC), "pace": replace(bench.worker.pace, settle=3.0)}
    run = await bench.granted()
    async with working(store_url, keys, replace(bench.worker, **fields)):
        await until_ended(log, run)
    assert (await log.watch(run.id)).ended is None
    async with working(store_url, keys, replace(bench.worker, **fields)), asyncio.timeout(20):
        while (watch := await log.watch(run.id)).ended is None:
            await asyncio.sleep(0.05)
    assert watch.ended.verdict in ("pass", "inconclusive")
    assert watch.looks == watch.ended.looks > 0


async def test_whoever_is_told_to_stop_does_not_wait_for_the_run(bench, store_url, keys, log):
    run = await bench.granted()
    patient = replace(bench.worker, pace=Pace(poll=0.01, stable=3600))
    async with working(store_url, keys, patient):
        async with asyncio.timeout(20):
            while StepState.ACCEPTED not in {step.state for step in (await log.read(run.id)).steps.values()}:
                await asyncio.sleep(0.02)
    # The lease was given back too, or the next one would take the run over only after its end.
    async with working(store_url, keys, bench.worker):
        now = await until_ended(log, run)
    assert now.ending == "finished"
    assert bench.effects == [PAYMENT, ORDER]
    assert not [entry for entry in await log.entries(run.id) if getattr(entry.event, "take_over", False)]


async def test_a_run_outlives_the_death_of_the_store(tmp_path):
    embedded = EmbeddedStore(tmp_path)
    async with embedded.run() as url:
        store, keys = connect(url), Keys("t")
        bench = Bench(RunLog(store, keys, lambda: bench.now), Leases(store, keys, ttl=2))
        async with working(url, keys, bench.worker) as jobs:
            run = await bench.granted()
            bench.runtime.on_apply = lambda: os.kill(embedded._process.pid, signal.SIGKILL)
            await jobs.wake(run.id)
            run = await until_ended(bench.log, run, seconds=40)
        assert run.ending == "finished"
        assert bench.effects == [PAYMENT, ORDER]
        await store.aclose()


async def test_rounds_go_on_in_a_store_that_has_forgotten_them(bench, store_url, keys, log, store, monkeypatch):
    monkeypatch.setattr("bot.engine.jobs.SWEEP", timedelta(seconds=0.3))
    async with working(store_url, keys, bench.worker):
        await asyncio.sleep(0.5)  # the engine is at work
        async for key in store.scan_iter(match=f"*{keys.jobs}*", count=1000):
            await store.delete(key)
        run = await bench.granted()
        assert (await until_ended(log, run)).ending == "finished"
