"""What a worker does while nobody decides, and for what belongs to no run: reminders, holds by hand, second looks."""

from datetime import UTC, datetime, timedelta

import pytest

from planner.consent import BrokeGlass, Reminder
from planner.events import Ending, Planned
from planner.lock_events import Locked, LockExpired
from planner.names import RunId
from planner.run import Stage
from tests.bot.engine.test_worker import Bench
from tests.making import ANA, NOON, SHOP, asked, granted

HALF, LATE = NOON + timedelta(minutes=10), NOON + timedelta(minutes=16)


@pytest.fixture
def bench(log, leases):
    return Bench(log, leases)


async def waiting(bench):
    reminders = (Reminder(at=HALF, groups=("SSRE",)), Reminder(at=LATE, groups=("SDUTY",), escalated=True))
    planned = Planned(plan=SHOP, approvals=1, expires_at=NOON + timedelta(minutes=20), reminders=reminders)
    return await bench.log.open((asked(), planned))


async def test_people_are_called_once_at_each_time_and_the_run_expires_after_that(bench):
    run = await waiting(bench)
    for now, unfinished, kinds in (
        (NOON, (), []),
        (HALF, (run.id,), ["reminded"]),
        (HALF, (), ["reminded"]),
        (LATE, (run.id,), ["reminded", "reminded"]),
        (LATE, (), ["reminded", "reminded"]),
        (NOON + timedelta(minutes=20), (run.id,), ["reminded", "reminded", "ended"]),
    ):
        bench.now = now
        assert await bench.worker.unfinished() == unfinished
        after = await bench.work(run)
        assert (await bench.kinds(run))[2:] == kinds
    assert after.ending is Ending.EXPIRED
    assert [event.escalated for event in after.reminded] == [False, True]


async def test_a_bot_that_slept_through_the_reminders_sends_the_last_one_only(bench):
    run = await waiting(bench)
    bench.now = LATE + timedelta(minutes=1)
    assert [event.reminder for event in (await bench.work(run)).reminded] == [1]


async def test_a_run_that_a_persons_hold_blocks_touches_nothing_and_says_whose_it_is(bench):
    await bench.log.hold(Locked(service="payment-service", by=ANA, reason="watching it", since=NOON))
    run = await bench.work(await bench.granted())
    assert run.ending is Ending.BLOCKED
    assert "payment-service is held by Ana" in run.because
    assert bench.effects == []


async def test_a_hold_that_is_over_is_no_obstacle_and_is_tidied_up(bench):
    over = datetime.now(UTC) - timedelta(seconds=1)
    await bench.log.hold(Locked(service="payment-service", by=ANA, reason="watching it", since=NOON, until=over))
    await bench.log.hold(Locked(service="ledger-service", by=ANA, reason="watching it", since=NOON, until=over))
    assert (await bench.work(await bench.granted())).ending is Ending.FINISHED
    await bench.worker.tidy()
    told = [entry.event for entry in await bench.log.entries(RunId("environment"))]
    assert [event.service for event in told if isinstance(event, LockExpired)] == ["payment-service", "ledger-service"]


async def test_what_was_started_past_its_approvals_owes_a_second_look(bench):
    run = await bench.log.open((asked(), Planned(plan=SHOP, approvals=2, expires_at=NOON + timedelta(minutes=20))))
    run = await bench.log.append(run, (BrokeGlass(by=ANA, reason="nobody answers"), granted()))
    assert await bench.log.second_looks() == (run.id,)
    run = await bench.work(run)
    assert (run.stage, run.ending) == (Stage.ENDED, Ending.FINISHED)
    assert any(f"/rollback reviewed {run.id}" in duty for duty in run.ended.obligations)
    assert await bench.log.second_looks() == (run.id,)
