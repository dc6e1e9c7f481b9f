"""The settle watch: what goes on after a run has ended, by the log alone, whoever looks."""

import asyncio
from datetime import timedelta

import pytest

from planner.events import Choice, Decided, LocksTaken
from planner.watch_events import WatchEnded, WatchLooked
from tests.bot.engine.test_verifying import Bench
from tests.integrations.fake_runtime import Fault
from tests.making import ANA, NOON, SHOP, approved, asked, granted, planned

MINUTES = 30


@pytest.fixture
def bench(log, leases):
    return Bench(log, leases, settle=MINUTES * 60.0)


async def watched(bench, run, minutes=range(MINUTES + 1)):
    """Let so much time go by, a look each minute, and what the log says of it."""
    for minute in minutes:
        bench.now = NOON + timedelta(minutes=minute)
        await bench.worker.work(run.id)
    return [entry.event for entry in await bench.log.afterwards(run.id)]


def ends(events):
    return [event for event in events if isinstance(event, WatchEnded)]


async def test_a_finished_run_is_watched_and_the_watch_ends_well(bench):
    run = await bench.play()
    assert run.ended.watch_until == NOON + timedelta(minutes=MINUTES)
    assert await bench.log.open_runs() == ()
    events = await watched(bench, run)
    (end,) = ends(events)
    assert (end.verdict, end.looks) == ("pass", 30)
    assert "order-service 1.4.2" in end.because
    looks = [event for event in events if isinstance(event, WatchLooked)]
    assert {(reading.service, reading.check) for reading in looks[0].readings} == {
        ("payment-service", ""),
        ("order-service", ""),
        ("payment-service", "answers"),
        ("order-service", "answers"),
        ("web-front", "answers"),
        ("ledger-service", "answers"),
    }
    assert await watched(bench, run, [40]) == events
    assert await bench.log.watches() == ()


async def test_whoever_looks_says_when_to_look_next_and_the_sweep_finds_it_too(bench):
    run = await bench.play()
    assert await bench.worker.work(run.id) == NOON + timedelta(seconds=60)
    assert await bench.worker.unfinished() == ()
    bench.now = NOON + timedelta(seconds=61)
    assert await bench.worker.unfinished() == (run.id,)
    assert await bench.worker.work(run.id) == NOON + timedelta(seconds=121)


async def test_a_release_that_somebody_brings_back_is_found_and_said_at_once(bench):
    run = await bench.play()
    await watched(bench, run, range(5))
    bench.runtime.move("order-service", "2.0.0")
    (end,) = ends(await watched(bench, run, [6]))
    assert end.verdict == "fail"
    assert "order-service: 2.0.0 runs, 1.4.2 should: somebody or something deployed it" in end.because
    assert end.asked_by == ANA


async def test_a_check_that_begins_to_fail_ends_it(bench):
    run = await bench.play()
    bench.dial.bad["order-service"] = True
    (end,) = ends(await watched(bench, run, [1]))
    assert (end.verdict, end.because) == ("fail", "order-service: answers: 1 of 1 failed: order-service said fail")


async def test_a_neighbour_counts_only_if_it_was_well_before(bench):
    bench.dial.bad["ledger-service"] = True
    run = await bench.play()
    assert ends(await watched(bench, run, [1])) == []
    bench.dial.bad["web-front"] = True
    (end,) = ends(await watched(bench, run, [2]))
    assert (end.verdict, end.because.split(":")[0]) == ("fail", "web-front")


async def test_what_another_run_takes_over_is_watched_no_more(bench):
    run = await bench.play()
    newer = await bench.log.open((asked(), planned()))
    newer = await bench.log.append(newer, (approved(), granted()))
    lease = bench.worker.leases
    async with lease.hold(newer.id, "other") as hold:
        await bench.log.record(newer, (LocksTaken(services=tuple(m.service for m in SHOP.moves)),), fence=hold.fence, lock=True)
    bench.runtime.move("order-service", "2.0.0")
    (end,) = ends(await watched(bench, run, [1]))
    assert (end.verdict, "taken all of it over" in end.because) == ("inconclusive", True)


async def test_a_watch_that_nobody_kept_tells_nothing(bench):
    run = await bench.play()
    (end,) = ends(await watched(bench, run, [MINUTES + 5]))
    assert (end.verdict, "only 1 of 30 looks were made" in end.because) == ("inconclusive", True)


async def test_what_cannot_be_asked_at_the_end_is_inconclusive(bench):
    run = await bench.play()
    await watched(bench, run, range(MINUTES))
    bench.runtime.fault("order-service", Fault.SILENT, times=50)
    (end,) = ends(await watched(bench, run, [MINUTES]))
    assert (end.verdict, "order-service: what runs could not be asked" in end.because) == ("inconclusive", True)


async def test_many_workers_at_once_end_it_once(bench):
    run = await bench.play()
    bench.now = NOON + timedelta(minutes=MINUTES)
    await asyncio.gather(*(bench.worker.work(run.id) for _ in range(8)))
    events = [entry.event for entry in await bench.log.afterwards(run.id)]
    assert len(ends(events)) == 1


async def test_a_run_that_was_left_is_not_watched(bench):
    bench.runtime.fault("order-service", Fault.REJECTED)
    run = await bench.play()
    run = await bench.go_on(await bench.log.append(run, (Decided(by=ANA, choice=Choice.LEAVE),)))
    assert (run.ending, run.ended.watch_until) == ("left", None)
    assert await bench.log.watches() == ()


async def test_zero_means_no_watch(log, leases):
    bench = Bench(log, leases)
    run = await bench.play()
    assert run.ended.watch_until is None
    assert await bench.log.watches() == ()
