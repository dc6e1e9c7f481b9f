"""Writers who share a log all get their turns: nobody who has just written has an advantage over those who have not."""

import asyncio

import pytest

from bot.store.audit import verify
from bot.store.commit import Commit
from bot.store.connect import connect
from bot.store.runlog import RunLog
from planner.events import CommandRefused, StopAsked
from planner.refusal import Code
from tests.bot.store.audit_story import everything
from tests.making import ANA, NOON, asked, planned

WRITERS, EACH = 16, 25
REFUSED = CommandRefused(by=ANA, words="/rollback moon", code=Code.UNKNOWN_SERVICE, message="there is no moon")


@pytest.fixture
async def logs(store_url, keys):
    """As many connections as writers."""
    stores = [connect(store_url) for _ in range(WRITERS)]
    yield [RunLog(store, keys, lambda: NOON) for store in stores]
    for store in stores:
        await store.aclose()


async def until_the_first_is_done(writes) -> list[int]:
    """Everybody writes as fast as they can; how much each had written when the first had written all."""
    done = [0] * WRITERS

    async def write(number: int) -> None:
        for _ in range(EACH):
            await writes(number)
            done[number] += 1

    tasks = [asyncio.create_task(write(number)) for number in range(WRITERS)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    then = sorted(done)
    await asyncio.gather(*tasks)
    return then


async def test_sixteen_workers_each_with_a_run_of_its_own(logs, store, keys):
    """As runs are written: nobody is in anybody's way."""
    runs = [await log.open((asked(), planned())) for log in logs]

    async def write(number: int) -> None:
        runs[number] = await logs[number].append(runs[number], (StopAsked(by=ANA),))

    then = await until_the_first_is_done(write)
    assert then[0] >= EACH // 2, then
    assert verify(await everything(store, keys)).holds


async def test_sixteen_writers_of_the_environments_log(logs, store, keys):
    await until_the_first_is_done(lambda number: logs[number].note(REFUSED))
    report = verify(await everything(store, keys))
    assert report.holds
    assert report.heads["environment"][0] == WRITERS * EACH


async def test_whoever_was_too_late_tries_again_at_once_and_whoever_was_first_must_ask(store_url, keys, monkeypatch):
    """So the one who has just written never has the advantage, and nobody starves."""
    first, second = (RunLog(connect(store_url), keys, lambda: NOON) for _ in range(2))
    sent: list[str] = []
    carry_out, head = Commit.carry_out, RunLog._head
    crossed = False

    async def told_carry_out(commit, redis, *more):
        nonlocal crossed
        if redis is second._redis and not crossed:
            crossed = True
            await first.note(REFUSED)
        sent.append("first writes" if redis is first._redis else "second writes")
        return await carry_out(commit, redis, *more)

    async def told_head(log, chain):
        sent.append("first asks" if log is first else "second asks")
        return await head(log, chain)

    monkeypatch.setattr(Commit, "carry_out", told_carry_out)
    monkeypatch.setattr(RunLog, "_head", told_head)
    await second.note(REFUSED)
    await first.note(REFUSED)
    assert sent == [
        "second asks",
        "first asks",
        "first writes",
        "second writes",  # too late
        "second writes",
        "first asks",
        "first writes",
    ]
    for log in (first, second):
        await log._redis.aclose()
