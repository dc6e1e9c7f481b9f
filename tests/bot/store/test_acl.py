"""The rules in docs/redis.md, on real servers: the bot works under them, no log can be removed, two holes are found."""

import asyncio
import fnmatch
import itertools
import re
import shutil
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.exceptions import NoPermissionError, ResponseError

from bot.anchor import FileAnchor
from bot.engine.jobs import Jobs
from bot.store.audit import verify
from bot.store.audit_anchor import Notary
from bot.store.audit_archive import Archive
from bot.store.audit_files import read_heads
from bot.store.audit_query import Question, runs_of
from bot.store.audit_signing import Keyring
from bot.store.audit_trim import Trimmer
from bot.store.commit import Spoilt
from bot.store.connect import STORE_DOWN, connect
from bot.store.embedded import EmbeddedStore
from bot.store.health import weaknesses
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from bot.store.views import Views
from bot.view import View
from planner.events import Ended, Ending, LocksTaken
from tests.bot.store.audit_story import KEY, everything, one_run, story
from tests.making import ANA, NOON, approved, asked, granted, planned

PAGE = (Path(__file__).parents[3] / "docs" / "redis.md").read_text("utf-8")
PROD = Keys("prod")


def rules(name):
    (block,) = re.findall(rf"```{name}\n(.*?)```", PAGE, flags=re.DOTALL)
    return block.replace("PASSWORD", "secret").split()


@pytest.fixture(params=["valkey", "redis"])
async def admin(request, tmp_path):
    """A server of our own, empty, with both users; its client may do everything."""
    if request.param == "valkey":
        async with EmbeddedStore(tmp_path).run() as url, users(url) as client:
            yield client
        return
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server on this machine")
    socket = tmp_path / "redis.sock"
    words = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path), "--save", ""]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
    try:
        await answers(f"unix://{socket}")
        async with users(f"unix://{socket}") as client:
            yield client
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def users(url):
    """A client of an administrator, once the users exist."""
    client = connect(url)
    client.url = url
    for block in ("acl-bot", "acl-keeper", "acl-reader"):
        await client.execute_command(*rules(block))
    yield client
    await client.aclose()


async def answers(url):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        client = connect(url, patient=False)
        try:
            await client.ping()
        except STORE_DOWN:
            await asyncio.sleep(0.05)
        else:
            return
        finally:
            await client.aclose()
    pytest.fail("the server does not answer")


def url_of(admin, user):
    return admin.url.replace("unix://", f"unix://{user}:secret@")


@pytest.fixture
async def bot(admin):
    client = connect(url_of(admin, "rollbot"))
    yield client
    await client.aclose()


async def test_the_bot_does_all_its_work(admin, bot, tmp_path):
    log, _ = await story(bot, PROD)
    run = await log.append(await log.open((asked(), planned())), (approved(), granted()))
    async with Leases(bot, PROD).hold(run.id, "w1") as lease:
        run = await log.record(run, (LocksTaken(services=()),), fence=lease.fence, lock=True)
        run = await log.record(run, (Ended(ending=Ending.LEFT, because=""),), fence=lease.fence)
    assert await log.all_holders() == ()
    views = Views(bot, PROD)
    assert await views.hold(run.id, "me", 5.0)
    await views.write(run.id, View(channel="C1", ts="1.2"))
    assert await views.read(run.id)
    await weaknesses(bot)
    await Notary(store=bot, keys=PROD, anchor=FileAnchor(tmp_path / "heads"), signer=None, now=lambda: NOON).keep_heads()
    assert verify(await everything(bot, PROD), read_heads(tmp_path / "heads")[0]).holds


async def test_the_job_engine_works_too(admin):
    done = asyncio.Event()

    class Once:
        async def unfinished(self):
            return ()

        async def tidy(self):
            return None

        async def work(self, run):
            done.set()

    async with Jobs(url_of(admin, "rollbot"), PROD.jobs).open() as jobs:
        working = asyncio.create_task(jobs.work(Once()))
        await jobs.wake("r1")
        async with asyncio.timeout(20):
            await done.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


LOG = PROD.log("r1")
REMOVALS = [
    ("XDEL", LOG, "1-0"),
    ("XTRIM", LOG, "MAXLEN", "0"),
    ("XSETID", LOG, "999-0"),
    ("DEL", LOG),
    ("UNLINK", LOG),
    ("EXPIRE", LOG, "1"),
    ("PEXPIREAT", LOG, "1"),
    ("RENAME", LOG, PROD.view("x")),
    ("RENAME", PROD.view("x"), LOG),
    ("MOVE", LOG, "1"),
    ("COPY", PROD.view("x"), LOG, "REPLACE"),
    ("SET", LOG, ""),
    ("GETDEL", LOG),
    ("RESTORE", LOG, "0", "x", "REPLACE"),
    ("SORT", PROD.open, "STORE", LOG),
    ("SUNIONSTORE", LOG, PROD.open),
    ("ZUNIONSTORE", LOG, "1", PROD.runs),
    ("BITOP", "NOT", LOG, PROD.epoch),
    ("PFMERGE", LOG, PROD.view("x")),
    ("GEOSEARCHSTORE", LOG, PROD.runs, "FROMLONLAT", "0", "0", "BYRADIUS", "1", "m"),
    ("XGROUP", "CREATE", LOG, "g", "0"),
    ("DEL", PROD.head("r1")),
    ("HDEL", PROD.head("r1"), "seq"),
    ("DEL", PROD.trimmed),
    ("HSET", PROD.trimmed, "seq", "1"),
]
ANYWHERE = [
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("SWAPDB", "0", "1"),
    ("CONFIG", "SET", "maxmemory", "1"),
    ("SHUTDOWN",),
    ("ACL", "SETUSER", "rollbot", "+@all"),
    ("FUNCTION", "FLUSH"),
    ("REPLICAOF", "NO", "ONE"),
    ("MIGRATE", "h", "1", LOG, "0", "1"),
]


async def test_no_command_removes_a_log(admin, bot):
    await story(bot, PROD)
    before = await everything(bot, PROD)
    for command in [*REMOVALS, *ANYWHERE]:
        with pytest.raises(NoPermissionError):
            await bot.execute_command(*command)
    for command in REMOVALS:
        script = f"return redis.call({', '.join(repr(word) for word in command)})"
        with pytest.raises(ResponseError):
            await bot.execute_command("EVAL", script, "1", LOG)
        with pytest.raises(ResponseError):
            await bot.execute_command("EVAL", script, "0")
    assert await everything(bot, PROD) == before


async def kept_heads(store, path):
    """Heads as an anchor keeps them, which whoever attacks the store does not reach."""
    await Notary(store=store, keys=PROD, anchor=FileAnchor(path), signer=None, now=lambda: NOON).keep_heads()
    return read_heads(path)[0]


async def test_first_hole_a_log_emptied_by_maxlen(admin, bot, tmp_path):
    await story(bot, PROD)
    heads = await kept_heads(bot, tmp_path / "heads")
    await bot.execute_command("XADD", PROD.log("environment"), "MAXLEN", "=", "0", "*", "b", "x", "h", "y")
    assert not verify(await everything(bot, PROD)).holds
    report = verify(await everything(bot, PROD), heads)
    assert ("environment", 10) in {(finding.log, finding.seq) for finding in report.findings}


async def test_a_whole_new_history_without_a_flaw_is_found_by_heads_and_by_the_key(admin, bot, tmp_path):
    """Who may append and empty can put another history in the place of the true one. The chain alone holds then."""
    await story(bot, PROD)
    heads = await kept_heads(bot, tmp_path / "heads")
    await admin.flushall()
    await one_run(RunLog(admin, PROD, lambda: NOON))
    await one_run(RunLog(admin, PROD, lambda: NOON))
    new = await everything(admin, PROD)
    assert verify(new).holds
    assert not verify(new, heads).holds
    report = verify(new, keyring=Keyring("prod", [KEY]))
    assert (report.signed, report.unsigned) == (0, 4)


async def test_second_hole_a_log_ended_by_the_largest_id(admin, bot, tmp_path):
    log, _ = await story(bot, PROD)
    heads = await kept_heads(bot, tmp_path / "heads")
    largest = "18446744073709551615-18446744073709551615"
    await bot.execute_command("XADD", PROD.log("r3"), largest, "b", "x", "h", "y")
    run = await log.read("r5")
    assert run.seq == 4
    report = verify(await everything(bot, PROD), heads)
    assert ("r3", 5, "cannot be read") in {(finding.log, finding.seq, finding.text) for finding in report.findings}
    await bot.execute_command("XADD", PROD.log("environment"), largest, "b", "x", "h", "y")
    with pytest.raises(Spoilt, match="rollbot audit verify"):
        await log.append(run, (Ended(ending=Ending.LEFT, because=""),))
    assert (await log.read("r5")).seq == 4, "half of a change was written"
    assert not verify(await everything(bot, PROD), heads).holds


async def test_the_keeper_can_trim_and_the_bot_cannot(admin, bot, tmp_path):
    log, days = await story(bot, PROD, key=None)

    def trimmer(store):
        log = RunLog(store, PROD, days)
        archive = Archive(tmp_path / "old")
        return Trimmer(store=store, keys=PROD, log=log, archive=archive, by=ANA, signer=None, keyring=Keyring("prod", ()))

    with pytest.raises(ResponseError):
        _ = [moved async for moved in trimmer(bot).trim(days.at)]
    assert {record.log for record in await everything(bot, PROD)} == {"environment", "r1", "r2", "r3", "r4", "r5"}
    keeper = connect(url_of(admin, "rollbot-keeper"))
    moved = [moved async for moved in trimmer(keeper).trim(days.at)]
    await keeper.aclose()
    assert [segment.runs for segment in moved] == [3]
    assert verify(await everything(bot, PROD)).holds
    await one_run(log)


async def test_the_reader_verifies_and_queries_and_changes_and_sees_nothing_else(admin, bot):
    await story(bot, PROD)
    await bot.hset(PROD.installed, mapping={"T1": "token"})
    reader = connect(url_of(admin, "rollbot-reader"))
    try:
        assert verify(await everything(reader, PROD)).holds
        assert await runs_of(reader, PROD, Question(by="U_GUS", service="stock-service")) == ("r2",)
        for command in [("HGETALL", PROD.installed), ("XADD", LOG, "*", "b", "x"), ("SET", PROD.epoch, "1"), *REMOVALS]:
            with pytest.raises(NoPermissionError):
                await reader.execute_command(*command)
            script = f"return redis.call({', '.join(repr(word) for word in command)})"
            with pytest.raises(ResponseError):
                await reader.execute_command("EVAL", script, "1", command[1])
    finally:
        await reader.aclose()


async def test_the_keeper_sees_no_tokens(admin):
    keeper = connect(url_of(admin, "rollbot-keeper"))
    with pytest.raises(NoPermissionError):
        await keeper.hgetall(PROD.installed)
    await keeper.aclose()


def test_every_key_of_the_bot_is_in_the_rules():
    patterns = [word[2:] if word.startswith("(~") else word[1:] for word in rules("acl-bot") if word.lstrip("(").startswith("~")]
    patterns.remove("{rollbot:prod}:*")
    made = []
    for name, member in vars(Keys).items():
        if name.startswith("_") or name in ("environment", "tag"):
            continue
        if isinstance(member, property):
            made.append(getattr(PROD, name))
        elif callable(member):
            count = member.__code__.co_argcount - 1
            made.append(getattr(PROD, name)(*itertools.repeat("x", count)))
    assert len(made) > 15
    assert [key for key in made if not any(fnmatch.fnmatchcase(key, pattern) for pattern in patterns)] == []
