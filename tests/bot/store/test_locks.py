"""Locks by hand on the real store: who holds, who waits, what ends a hold, and by whose clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.fencing import Held
from planner.events import Ended, Ending, LocksTaken, Place
from planner.lock_events import LockBroken, Locked, LockExpired, Unlocked, WaitAsked, WaiterCalled
from planner.names import RunId
from tests.making import ANA, GUS, NOON, RAJ, approved, asked, granted, planned

ORDER, PAYMENT, STOCK = "order-service", "payment-service", "stock-service"
PAST, LATER = datetime.now(UTC) - timedelta(seconds=1), datetime.now(UTC) + timedelta(hours=2)


def lock(service=ORDER, by=ANA, until=None, since=NOON):
    return Locked(
        service=service, by=by, reason="looking at it", since=since, until=until, place=Place(channel="C1", thread="7.1")
    )


def waiting(*services, by=RAJ):
    return WaitAsked(services=services, by=by, place=Place(channel="C1"))


def unlocked(service=ORDER, by=ANA):
    return Unlocked(service=service, by=by)


async def taken(log, leases):
    """A run that holds order-service and payment-service."""
    run = await log.append(await log.open((asked(), planned())), (approved(), granted()))
    async with leases.hold(run.id, "w1") as lease:
        return await log.record(run, (LocksTaken(services=(PAYMENT, ORDER)),), fence=lease.fence, lock=True)


async def events(log, kind=object):
    return [entry.event for entry in await log.entries(RunId("environment")) if isinstance(entry.event, kind)]


async def test_a_hold_by_hand_is_read_back_as_it_was_taken(log):
    until = LATER.replace(microsecond=0)
    assert await log.hold(lock(until=until)) == ()
    (holder,) = await log.all_holders()
    assert (holder.service, holder.run, holder.person, holder.reason) == (ORDER, None, ANA, "looking at it")
    assert (holder.since, holder.until, holder.place) == (NOON, until, Place(channel="C1", thread="7.1"))
    assert await events(log) == [lock(until=until)]


async def test_one_person_or_run_at_a_time(log, leases):
    run = await taken(log, leases)
    (holder,) = await log.hold(lock())
    assert holder.run == run.id
    assert await log.hold(lock(STOCK)) == ()
    (holder,) = await log.hold(lock(STOCK, by=RAJ))
    assert holder.person == ANA
    assert len(await events(log, Locked)) == 1


async def test_a_run_cannot_take_what_a_person_holds_and_takes_nothing_then(log, leases):
    await log.hold(lock(PAYMENT, until=LATER))
    run = await log.append(await log.open((asked(), planned())), (approved(), granted()))
    async with leases.hold(run.id, "w1") as lease:
        with pytest.raises(Held) as held:
            await log.record(run, (LocksTaken(services=(PAYMENT, ORDER)),), fence=lease.fence, lock=True)
    assert [(holder.service, holder.person) for holder in held.value.holders] == [(PAYMENT, ANA)]
    assert [holder.service for holder in await log.all_holders()] == [PAYMENT]


async def test_ones_own_hold_takes_new_terms(log):
    await log.hold(lock())
    assert await log.hold(lock(until=LATER)) == ()
    (holder,) = await log.all_holders()
    assert holder.until is not None
    assert await log.hold(lock()) == ()
    assert (await log.all_holders())[0].until is None
    assert await log.expire_holds() == ()


async def test_a_hold_whose_time_is_over_holds_nothing_before_anybody_ended_it(log, leases):
    await log.hold(lock(until=PAST))
    assert await log.holders([ORDER]) == ()
    assert await log.all_holders() == ()
    run = await taken(log, leases)
    assert {holder.run for holder in await log.all_holders()} == {run.id}
    assert len(await events(log, LockExpired)) == 1, "the end of the hold is told before another begins"
    assert await log.expire_holds() == ()


async def test_somebody_else_takes_a_service_whose_hold_is_over(log):
    await log.hold(lock(until=PAST))
    assert await log.hold(lock(by=RAJ)) == ()
    assert [type(event) for event in await events(log)] == [Locked, LockExpired, Locked]


async def test_the_sweep_ends_what_is_over_once_and_nothing_else(log):
    await log.hold(lock(until=PAST))
    await log.hold(lock(PAYMENT, until=LATER))
    await log.hold(lock(STOCK))
    swept = await asyncio.gather(*(log.expire_holds() for _ in range(5)))
    assert sorted(service for each in swept for service in each) == [ORDER]
    assert [event.service for event in await events(log, LockExpired)] == [ORDER]
    assert [holder.service for holder in await log.all_holders()] == [PAYMENT, STOCK]


async def test_only_the_hold_that_was_seen_is_ended(log):
    await log.hold(lock())
    (seen,) = await log.all_holders()
    assert await log.release(unlocked(), seen)
    assert not await log.release(unlocked(), seen)
    await log.hold(lock(by=RAJ))
    broken = LockBroken(service=ORDER, by=GUS, reason="asleep", holder=ANA, held_for="looking at it", place=None)
    assert not await log.release(broken, seen), "it is Raj's now"
    assert [type(event) for event in await events(log)] == [Locked, Unlocked, Locked]


async def test_a_run_that_ends_does_not_free_a_persons_hold(log, leases):
    await log.hold(lock(PAYMENT))
    run = await log.open((asked(), planned()))
    await log.append(run, (Ended(ending=Ending.REJECTED, because="no"),))
    assert [holder.person for holder in await log.all_holders()] == [ANA]


async def test_waiters_are_called_once_and_in_order(log):
    await log.hold(lock())
    for by in (RAJ, GUS, ANA):
        assert await log.wait(waiting(ORDER, by=by))
    await log.wait(waiting(ORDER, by=RAJ))
    await log.release(unlocked(), (await log.all_holders())[0])
    called = await events(log, WaiterCalled)
    assert [(event.waiter, event.position, event.of) for event in called] == [(RAJ, 1, 3), (GUS, 2, 3), (ANA, 3, 3)]
    assert called[0].asked_at == NOON
    await log.hold(lock())
    await log.release(unlocked(), (await log.all_holders())[0])
    assert len(await events(log, WaiterCalled)) == 3


async def test_nobody_waits_for_what_is_free(log):
    assert await log.wait(waiting(ORDER)) == ()
    assert await events(log) == []


async def test_who_waits_for_two_is_called_when_both_are_free(log, leases):
    run = await taken(log, leases)
    await log.hold(lock(STOCK, until=PAST))
    await log.hold(lock(STOCK, by=RAJ))
    await log.wait(waiting(ORDER, STOCK, by=GUS))
    async with leases.hold(run.id, "w1") as lease:
        await log.record(run, (Ended(ending=Ending.LEFT, because=""),), fence=lease.fence)
    assert await events(log, WaiterCalled) == []
    await log.release(unlocked(STOCK, RAJ), (await log.all_holders())[0])
    (called,) = await events(log, WaiterCalled)
    assert (called.waiter, called.services, called.place) == (GUS, (ORDER, STOCK), Place(channel="C1"))


async def test_the_end_of_a_run_an_expiry_and_a_break_all_call(log, leases):
    run = await taken(log, leases)
    await log.wait(waiting(PAYMENT, by=RAJ))
    async with leases.hold(run.id, "w1") as lease:
        await log.record(run, (Ended(ending=Ending.LEFT, because=""),), fence=lease.fence)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    await log.hold(lock(until=soon))
    assert await log.wait(waiting(ORDER, by=GUS))
    while not await log.expire_holds():
        await asyncio.sleep(0.02)
    await log.hold(lock(STOCK))
    await log.wait(waiting(STOCK, by=RAJ))
    broken = LockBroken(service=STOCK, by=GUS, reason="asleep", holder=ANA, held_for="looking at it", place=None)
    await log.release(broken, (await log.all_holders())[0])
    assert [(event.waiter, *event.services) for event in await events(log, WaiterCalled)] == [
        (RAJ, PAYMENT),
        (GUS, ORDER),
        (RAJ, STOCK),
    ]


async def test_many_at_once_one_holds_and_nobody_who_waits_is_forgotten(log):
    people = [ANA, RAJ, GUS]
    answers = await asyncio.gather(*(log.hold(lock(by=by)) for by in people))
    assert sum(not answer for answer in answers) == 1
    (holder,) = await log.all_holders()
    others = [by for by in people if by != holder.person]
    *_, freed = await asyncio.gather(*(log.wait(waiting(ORDER, by=by)) for by in others), log.release(unlocked(), holder))
    assert freed
    waiting_still = len(await events(log, WaitAsked))
    assert len(await events(log, WaiterCalled)) == waiting_still, "whoever began to wait in time was called"


async def test_news_are_the_environments_entries_from_any_point_on(log):
    await log.hold(lock())
    await log.hold(lock(PAYMENT))
    assert await log.newest() == 2
    news = log.news(1)
    assert (await anext(news)).event == lock(PAYMENT)
    coming = asyncio.ensure_future(anext(news))
    await log.hold(lock(STOCK))
    assert (await coming).seq == 3
    await news.aclose()
