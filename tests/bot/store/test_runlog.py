import asyncio

import pytest

from bot.fencing import Fence, Fenced, Held
from bot.store.runlog import RunLog
from commands.ports import Moved
from planner.events import BadCleared, BadMarked, Ended, Ending, LocksTaken, StopAsked
from planner.run import Stage
from tests.making import ANA, NOON, SHOP, approved, asked, granted, planned


async def opened(log):
    return await log.open((asked(), planned()))


async def test_a_run_is_what_its_log_tells(log):
    run = await opened(log)
    again = await log.read(run.id)
    assert again == run
    assert (run.id, run.seq, run.stage) == ("r1", 2, Stage.WAITING)
    assert run.plan == SHOP
    assert await log.open_runs() == ("r1",)
    assert await log.recent(5) == ("r1",)
    assert await log.recent(5, "payment-service") == ("r1",)
    assert await log.recent(5, "ledger-service") == ()


async def test_there_is_no_run_of_an_unknown_name(log):
    assert await log.read("r99") is None
    assert await log.entries("r99") == ()


async def test_what_was_read_before_is_read_on_and_a_log_that_went_back_is_read_anew(log, store, keys):
    run = await log.open((asked(), planned()))
    assert await log.read(run.id) == run
    longer = await RunLog(store, keys, lambda: NOON).append(run, (approved(), granted()))
    assert await log.read(run.id) == longer
    # As after a failover that lost the end.
    for number in (3, 4):
        await store.xdel(keys.log(run.id), f"{number}-0")
    await store.hset(keys.head(run.id), mapping={"seq": str(run.seq), "hash": run.hash})
    assert await log.read(run.id) == run
    await store.delete(keys.log(run.id))
    assert await log.read(run.id) is None


async def test_an_append_is_a_compare_and_set(log):
    run = await opened(log)
    await log.append(run, (approved(), granted()))
    with pytest.raises(Moved):
        await log.append(run, (approved(),))
    assert (await log.read(run.id)).seq == 4


async def test_twenty_at_once_write_once(log):
    run = await opened(log)
    results = await asyncio.gather(*(log.append(run, (approved(), granted())) for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(result, Moved) for result in results) == 1
    assert [entry.event.kind for entry in await log.entries(run.id)].count("granted") == 1


async def test_runs_that_begin_together_all_get_their_place(log):
    runs = await asyncio.gather(*(opened(log) for _ in range(20)))
    assert len({run.id for run in runs}) == 20
    assert set(await log.open_runs()) == {run.id for run in runs}


async def test_a_worker_writes_after_what_people_wrote(log, leases):
    run = await log.append(await opened(log), (approved(), granted()))
    async with leases.hold(run.id, "w1") as lease:
        await log.append(run, (StopAsked(by=ANA),))
        after = await log.record(run, (LocksTaken(services=("payment-service", "order-service")),), fence=lease.fence, lock=True)
    assert after.stop_asked == ANA
    assert after.locked
    assert {holder.service for holder in await log.holders(("order-service", "payment-service", "web-front"))} == {
        "order-service",
        "payment-service",
    }
    assert len(await log.all_holders()) == 2


async def test_a_worker_without_the_lease_writes_nothing(log, leases):
    run = await log.append(await opened(log), (approved(), granted()))
    async with leases.hold(run.id, "w1") as old:
        stale = Fence(run=run.id, epoch=old.fence.epoch)
    async with leases.hold(run.id, "w2"):
        with pytest.raises(Fenced):
            await log.record(run, (LocksTaken(services=()),), fence=stale)
    assert (await log.read(run.id)).seq == run.seq


async def test_locks_are_all_or_none(log, leases):
    first = await log.append(await opened(log), (approved(), granted()))
    second = await log.append(await opened(log), (approved(), granted()))
    async with leases.hold(first.id, "w1") as one, leases.hold(second.id, "w2") as two:
        first = await log.record(first, (LocksTaken(services=()),), fence=one.fence, lock=True)
        with pytest.raises(Held) as held:
            await log.record(second, (LocksTaken(services=()),), fence=two.fence, lock=True)
        assert {holder.run for holder in held.value.holders} == {first.id}
        await log.record(first, (Ended(ending=Ending.LEFT, because=""),), fence=one.fence)
        assert await log.all_holders() == ()
        await log.record(second, (LocksTaken(services=()),), fence=two.fence, lock=True)


async def test_the_end_frees_seals_and_remembers(log, leases):
    run = await log.append(await opened(log), (approved(), granted()))
    bad = BadMarked(service="order-service", version="2.0.0", reason="it failed", run=run.id)
    async with leases.hold(run.id, "w1") as lease:
        run = await log.record(run, (LocksTaken(services=()),), fence=lease.fence, lock=True)
        run = await log.record(run, (Ended(ending=Ending.FINISHED, because=""),), fence=lease.fence, also=(bad,))
    assert await log.open_runs() == ()
    assert await log.all_holders() == ()
    (remembered,) = await log.bad_versions()
    assert (remembered.service, remembered.version, remembered.reason) == ("order-service", "2.0.0", "it failed")
    kinds = [entry.event.kind for entry in await log.entries("environment")]
    assert kinds == ["run_opened", "bad_marked", "run_sealed"]
    await log.note(BadCleared(service="order-service", version="2.0.0", by=ANA, reason="fixed"))
    assert await log.bad_versions() == ()


async def test_the_feed_tells_open_runs_first_and_then_what_grew(log):
    first = await opened(log)
    feed = log.follow()
    assert await anext(feed) == first.id
    coming = asyncio.ensure_future(anext(feed))
    second = await opened(log)
    assert await coming == second.id
    coming = asyncio.ensure_future(anext(feed))
    await log.append(first, (approved(),))
    assert await coming == first.id
    await feed.aclose()


async def test_a_write_whose_answer_was_lost_is_not_written_twice(log, store):
    run = await opened(log)

    # What the library does when the answer is lost: it sends the same commit again.
    original = store.register_script

    def twice(script):
        send = original(script)

        async def call(**arguments):
            await send(**arguments)
            return await send(**arguments)

        return call

    store.register_script = twice
    run = await log.append(run, (approved(), granted()))
    store.register_script = original
    assert run.seq == 4
    assert (await log.read(run.id)).seq == 4
