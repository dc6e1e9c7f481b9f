"""Servers with replicas: a failover in mid-run that loses writes, and writes that count only once a replica has them."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.store.connect import connect
from bot.store.durable import Copies, TooFewReplicas
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from planner.events import LeaseTaken
from planner.run import Stage
from tests.bot.chaos.servers import Machine, binary, machines
from tests.bot.engine.test_jobs import until_ended, working
from tests.bot.engine.test_worker import FAST, ORDER, PAYMENT, Bench
from tests.making import NOON, approved, asked, granted, planned

pytestmark = pytest.mark.skipif(binary() is None, reason="needs a redis-server or the embedded Valkey")
WATCH = """sentinel monitor rollbot 127.0.0.1 {port} 1
sentinel down-after-milliseconds rollbot 2000
sentinel failover-timeout rollbot 10000
"""


@asynccontextmanager
async def family(tmp_path):
    """A primary, two replicas and a Sentinel, all in step."""
    primary = Machine(tmp_path / "primary", repl_diskless_sync_delay="0")
    copies = [Machine(tmp_path / f"copy{n}", replicaof=f"127.0.0.1 {primary.port}") for n in (1, 2)]
    sentinel = Machine(tmp_path / "sentinel", sentinel=WATCH.format(port=primary.port))
    async with machines(primary, *copies):
        async with asyncio.timeout(20):
            while not all([await in_step(copy) for copy in copies]):
                await asyncio.sleep(0.05)
        async with machines(sentinel):
            async with asyncio.timeout(20):
                while len(await sentinel.ask("SENTINEL", "REPLICAS", "rollbot")) < 2:
                    await asyncio.sleep(0.1)
            yield primary, copies, f"redis+sentinel://127.0.0.1:{sentinel.port}/rollbot/0"


async def in_step(copy: Machine) -> bool:
    return (await copy.ask("INFO", "replication")).get("master_link_status") == "up"


async def test_a_failover_that_loses_writes_in_mid_run_harms_nobody(tmp_path):
    async with family(tmp_path) as (primary, copies, url):
        store, keys = connect(url), Keys("t")
        bench = Bench(RunLog(store, keys, lambda: NOON), Leases(store, keys, ttl=2.0))
        begun = asyncio.Event()
        # Slow enough that the copies fall behind in the middle of it.
        async with working(url, keys, replace(bench.worker, pace=replace(FAST, stable=1.5))) as jobs:
            run = await bench.granted()
            bench.runtime.on_apply = begun.set
            await jobs.wake(run.id)
            await asyncio.wait_for(begun.wait(), 10)
            intended = (await bench.log.read(run.id)).seq
            async with asyncio.timeout(5):
                while min([await copy.ask("XLEN", keys.log(run.id)) for copy in copies]) < intended:
                    await asyncio.sleep(0.01)
            # From here on the copies hear nothing more, and the primary goes on alone for a while.
            for copy in copies:
                await copy.ask("REPLICAOF", "127.0.0.1", "1")
            async with asyncio.timeout(10):
                while bench.effects != [PAYMENT, ORDER]:
                    await asyncio.sleep(0.01)
            lost = int(await primary.ask("GET", keys.epoch))
            known = (await bench.log.read(run.id)).seq
            assert max([await copy.ask("XLEN", keys.log(run.id)) for copy in copies]) < known, "nothing would be lost"
            primary.kill()
            async with asyncio.timeout(30):
                while await gone(store):
                    await asyncio.sleep(0.1)
            run = await until_ended(bench.log, run, 40)
        assert run.ending == "finished", run.because
        assert bench.effects == [PAYMENT, ORDER]
        epochs = [entry.event.epoch for entry in await bench.log.entries(run.id) if isinstance(entry.event, LeaseTaken)]
        assert epochs == sorted(set(epochs))
        assert epochs[-1] > lost
        await store.aclose()


async def gone(store) -> bool:
    try:
        await store.incr("probe")
    except Exception:
        return True
    return False


async def test_where_a_replica_must_have_it_nothing_is_done_without_one(tmp_path):
    primary = Machine(tmp_path / "primary", repl_diskless_sync_delay="0")
    copy = Machine(tmp_path / "copy", replicaof=f"127.0.0.1 {primary.port}")
    async with machines(primary):
        store, keys, copies = connect(primary.url), Keys("t"), Copies(wanted=1, patience=2.0)
        log = RunLog(store, keys, lambda: NOON, replicas=copies)
        bench = Bench(log, Leases(store, keys, ttl=2.0, replicas=copies))
        run = await log.append(await log.open((asked(), planned())), (approved(), granted()))
        with pytest.raises(TooFewReplicas, match="only 0 of 1 replicas"):
            await bench.worker.work(run.id)
        assert bench.effects == []
        assert (await log.read(run.id)).seq == run.seq, "nothing is written about a lease that could be lost"
        async with machines(copy):
            async with asyncio.timeout(20):
                while not await in_step(copy):
                    await asyncio.sleep(0.05)
            bench.runtime.on_apply = copy.kill
            with pytest.raises(TooFewReplicas):
                await bench.worker.work(run.id)
            assert bench.effects == [PAYMENT]
            assert not [entry for entry in await log.entries(run.id) if getattr(entry.event, "step", "") == "order-service"]
            await copy.start()
            async with asyncio.timeout(20):
                while (run := await log.read(run.id)).stage is not Stage.ENDED:
                    try:
                        await bench.worker.work(run.id)
                    except TooFewReplicas:
                        await asyncio.sleep(0.1)
        assert run.ending == "finished"
        assert bench.effects == [PAYMENT, ORDER]
        await store.aclose()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis+sentinel://host", "needs hosts and the primary's name"),
        ("redis+sentinel:///name", "needs hosts and the primary's name"),
        ("redis+sentinel://host:x/name", "is no host"),
        ("redis+sentinel://host/name/two", "no database number"),
        ("redis+sentinel://host/name?sentinel_pasword=x", "takes no sentinel_pasword"),
    ],
)
def test_a_url_that_cannot_be_is_refused_in_words(url, words):
    with pytest.raises(ValueError, match=words):
        connect(url)
