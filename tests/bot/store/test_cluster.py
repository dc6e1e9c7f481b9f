"""A real Redis Cluster: an environment lives in one slot, and Rollbot goes after it wherever it is served."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from redis.crc import key_slot

from bot.store.connect import connect, engine_pool
from bot.store.durable import Copies
from bot.store.health import weaknesses
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from planner.events import LeaseTaken
from planner.names import ActorId, RunId, ServiceName
from tests.bot.chaos.servers import Cluster, Machine, binary
from tests.bot.engine.test_jobs import until_ended, working
from tests.bot.engine.test_worker import FAST, ORDER, PAYMENT, Bench
from tests.bot.store.test_acl import rules
from tests.making import NOON

needs_server = pytest.mark.skipif(binary() is None, reason="needs a redis-server or the embedded Valkey")
ONE = Copies(wanted=1, patience=2.0)


@asynccontextmanager
async def bot(cluster: Cluster, user: str = ""):
    """A bench on that cluster whose worker is at work, slow enough that something may happen in the middle."""
    keys, url = Keys("prod"), cluster.url.replace("://", f"://{user}")
    store = connect(url, keys.tag)
    bench = Bench(RunLog(store, keys, lambda: NOON, replicas=ONE), Leases(store, keys, ttl=2.0, replicas=ONE))
    try:
        patient = replace(bench.worker, pace=replace(FAST, stable=1.0))
        async with working(url, keys, patient, pool=engine_pool(url, keys.tag)) as jobs:
            yield bench, jobs, keys
    finally:
        await store.aclose()


@asynccontextmanager
async def rules_on(cluster: Cluster):
    for node in cluster.nodes:
        await node.ask(*rules("acl-bot"))
    yield


@needs_server
async def test_a_run_goes_on_while_its_slot_moves_to_another_node(tmp_path):
    """As the user of docs/redis.md, who may do no more than the bot needs."""
    async with Cluster(tmp_path).open() as cluster, rules_on(cluster), bot(cluster, "rollbot:secret@") as (bench, jobs, keys):
        before, begun = await cluster.serving(keys.tag), asyncio.Event()
        run = await bench.granted()
        bench.runtime.on_apply = begun.set
        await jobs.wake(run.id)
        await asyncio.wait_for(begun.wait(), 10)
        await cluster.move(keys.tag, next(node for node in cluster.nodes[:3] if node is not before))
        run = await until_ended(bench.log, run, 40)
        assert run.ending == "finished", run.because
        assert bench.effects == [PAYMENT, ORDER]
        assert await cluster.serving(keys.tag) is not before


async def promoted(cluster: Cluster, victim: Machine) -> bool:
    said = [await node.ask("ROLE") for node in cluster.nodes if node is not victim]
    return [role[0] for role in said].count("master") == 3


@needs_server
async def test_a_run_survives_the_death_of_the_node_that_serves_it(tmp_path):
    async with Cluster(tmp_path).open() as cluster, bot(cluster) as (bench, jobs, keys):
        victim = await cluster.serving(keys.tag)
        run = await bench.granted()
        bench.runtime.on_apply = victim.kill
        await jobs.wake(run.id)
        await cluster.until(lambda: promoted(cluster, victim))
        assert bench.effects == [PAYMENT]
        # The new primary has no copy, and a write that no copy has counts for nothing: the dead one comes back as one.
        await victim.start()
        run = await until_ended(bench.log, run, 40)
        assert run.ending == "finished", run.because
        assert bench.effects == [PAYMENT, ORDER]
        epochs = [entry.event.epoch for entry in await bench.log.entries(run.id) if isinstance(entry.event, LeaseTaken)]
        assert epochs == sorted(set(epochs))


@needs_server
async def test_what_is_weak_in_a_cluster_is_said(tmp_path):
    async with Cluster(tmp_path).open() as cluster:
        keys = Keys("prod")
        there, alone = connect(cluster.url, keys.tag), connect((await cluster.serving(keys.tag)).url)
        said = "\n".join(await weaknesses(there, ONE, cluster=True))
        assert "cluster-require-full-coverage is yes" in said
        assert "no replica" not in said
        assert "redis+cluster://" in "\n".join(await weaknesses(alone, ONE))
        for node in cluster.nodes[3:]:
            node.kill()
        await cluster.until(lambda: lonely(there))
        assert "has no replica" in "\n".join(await weaknesses(there, cluster=True))
        await there.aclose()
        await alone.aclose()


async def lonely(store) -> bool:
    return not (await store.info("replication"))["connected_slaves"]


def test_all_keys_of_an_environment_are_in_one_slot():
    keys, made = Keys("prod"), []
    for name in dir(Keys):
        if name.startswith("_") or name in ("environment", "tag"):
            continue
        found = getattr(keys, name)
        texts = (ServiceName("a"), RunId("r1"), ActorId("U1"))
        made.append(found if isinstance(found, str) else found(*texts[: found.__code__.co_argcount - 1]))
    assert len(made) > 25
    assert {key_slot(key.encode()) for key in made} == {key_slot(keys.tag.encode())}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis+cluster://", "needs hosts"),
        ("redis+cluster://host:x", "is no host"),
        ("redis+cluster://host/3", "has one database"),
        ("redis+cluster://host?db=3", "has one database"),
    ],
)
def test_a_url_that_cannot_be_is_refused_in_words(url, words):
    with pytest.raises(ValueError, match=words):
        connect(url, "{t}")
