import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.anchor import FileAnchor, WebAnchor, anchor_at
from bot.engine.jobs import Jobs
from bot.store.audit import verify
from bot.store.audit_anchor import Notary, NotKept, standing
from bot.store.audit_files import read_heads
from bot.store.audit_signing import Keyring, Signer
from planner.events import BadCleared
from tests.bot.store.audit_story import KEY, Days, everything, one_run, story
from tests.making import ANA


@pytest.fixture
def days():
    return Days()


def notary(store, keys, anchor, days):
    return Notary(store=store, keys=keys, anchor=anchor, signer=Signer(keys.environment, KEY), now=days)


async def cleared(log):
    await log.note(BadCleared(service="order-service", version="2.0.0", by=ANA, reason="fixed"))


async def test_every_sealed_run_is_a_line_in_the_file(store, keys, days, tmp_path):
    log, _ = await story(store, keys, days)
    mine = notary(store, keys, FileAnchor(tmp_path / "heads"), days)
    await mine.keep_heads()
    await one_run(log)
    await one_run(log, end=False)
    await one_run(log)
    await mine.keep_heads()
    await mine.keep_heads()
    lines = [json.loads(line) for line in (tmp_path / "heads").read_text("utf-8").splitlines()]
    assert [line["seq"] for line in lines] == [10, 12, 15]
    assert [line.get("sealed", {}).get("log") for line in lines] == [None, "r6", "r8"]
    keyring = Keyring(keys.environment, [KEY])
    assert all(keyring.check(line["signature"], "environment", line["seq"], line["hash"]) == "good" for line in lines)
    heads, unread = read_heads(tmp_path / "heads")
    assert (len(heads), unread) == (5, [])
    records = await everything(store, keys)
    assert verify(records, heads, keyring).holds
    assert not verify([r for r in records if r.log != "r8"], heads).holds
    assert (tmp_path / "heads").stat().st_mode & 0o077 == 0


async def test_what_belongs_to_no_run_goes_once_an_hour(store, keys, days, tmp_path):
    log, _ = await story(store, keys, days)
    mine = notary(store, keys, FileAnchor(tmp_path / "heads"), days)
    await mine.keep_heads()
    await cleared(log)
    await mine.keep_heads()
    assert (await standing(store, keys)).seq == 10
    days.go(hours=1)
    await mine.keep_heads()
    assert (await standing(store, keys)).seq == 11
    days.go(hours=1)
    await mine.keep_heads()
    assert len((tmp_path / "heads").read_text("utf-8").splitlines()) == 2


async def test_a_torn_line_makes_no_other_worthless(store, keys, days, tmp_path):
    log, _ = await story(store, keys, days)
    path = tmp_path / "heads"
    mine = notary(store, keys, FileAnchor(path), days)
    await mine.keep_heads()
    path.write_bytes(path.read_bytes() + b'{"log": "environ')
    await one_run(log)
    await mine.keep_heads()
    heads, unread = read_heads(path)
    assert {seq for name, seq, _ in heads if name == "environment"} == {10, 12}
    assert len(unread) == 1


async def test_a_failure_is_seen_and_ends(store, keys, days, tmp_path):
    log, _ = await story(store, keys, days)
    mine = notary(store, keys, FileAnchor(tmp_path / "later" / "heads"), days)
    await mine.keep_heads()
    now = await standing(store, keys)
    assert now.failing_since == days.at
    assert "cannot be written: No such file" in now.why
    days.go(hours=3)
    await one_run(log)
    await mine.keep_heads()
    assert (await standing(store, keys)).failing_since == days.at - timedelta(hours=3)
    (tmp_path / "later").mkdir()
    await mine.keep_heads()
    now = await standing(store, keys)
    assert (now.seq, now.failing_since, now.why) == (12, None, "")


async def test_a_store_that_went_back_does_not_go_unnoticed(store, keys, days, tmp_path):
    await story(store, keys, days)
    mine = notary(store, keys, FileAnchor(tmp_path / "heads"), days)
    await mine.keep_heads()
    async with store.pipeline(transaction=True) as pipeline:
        pipeline.xdel(keys.log("environment"), "10-0")
        pipeline.xrevrange(keys.log("environment"), count=1)
        _, ((_, fields),) = await pipeline.execute()
    await store.hset(keys.head("environment"), mapping={"seq": "9", "hash": fields["h"]})
    await mine.keep_heads()
    heads, _ = read_heads(tmp_path / "heads")
    assert [seq for _, seq, _ in heads] == [10, 9]
    assert not verify(await everything(store, keys), heads).holds


class Collector:
    """A web hook that remembers, and fails as it is told."""

    def __init__(self):
        self.heads = []
        self.status = 200
        self.asleep = asyncio.Event()
        self.asleep.set()

    async def take(self, request):
        await self.asleep.wait()
        if self.status == 200:
            self.heads.append(await request.json())
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def hook():
    collector = Collector()
    site = web.Application()
    site.router.add_post("/heads", collector.take)
    async with TestServer(site) as server:
        collector.url = str(server.make_url("/heads?token=hush"))
        yield collector


async def test_a_url_gets_each_head_by_post(store, keys, days, hook):
    log, _ = await story(store, keys, days)
    mine = notary(store, keys, anchor_at(hook.url), days)
    await mine.keep_heads()
    await one_run(log)
    hook.status = 503
    await mine.keep_heads()
    now = await standing(store, keys)
    assert "answered 503" in now.why
    assert "hush" not in now.why
    hook.status = 200
    await mine.keep_heads()
    assert [head["seq"] for head in hook.heads] == [10, 12]
    assert hook.heads[1]["sealed"]["log"] == "r6"


async def test_a_url_that_redirects_or_is_gone_is_a_failure(hook):
    hook.status = 302
    with pytest.raises(NotKept, match="answered 302"):
        await WebAnchor(hook.url).keep({"seq": 1})
    with pytest.raises(NotKept, match="does not answer"):
        await WebAnchor("http://127.0.0.1:1/heads").keep({"seq": 1})


async def test_the_job_engine_does_it_by_itself_and_again(store, store_url, keys, days, hook):
    await story(store, keys, days)
    async with Jobs(store_url, keys.jobs, notary(store, keys, anchor_at(hook.url), days)).open() as jobs:
        working = asyncio.create_task(jobs.work(Idle()))
        async with asyncio.timeout(20):
            while not hook.heads:
                await asyncio.sleep(0.05)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert hook.heads[0]["seq"] == 10


class Idle:
    """A worker without work."""

    async def unfinished(self):
        return ()

    async def tidy(self):
        return None
