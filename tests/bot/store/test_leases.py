import asyncio

import pytest

from bot.fencing import LeaseLost
from bot.store.leases import Leases


async def test_one_worker_at_a_time(leases):
    async with leases.hold("r1", "w1") as first, leases.hold("r1", "w2") as second:
        assert first is not None
        assert not first.take_over
        assert second is None


async def test_a_lease_given_back_is_free_and_the_next_number_is_larger(leases):
    async with leases.hold("r1", "w1") as first:
        pass
    async with leases.hold("r1", "w2") as second:
        assert second.fence.epoch > first.fence.epoch
        assert not second.take_over


async def test_a_lease_not_renewed_is_taken_over(store, keys):
    dying = Leases(store, keys, ttl=0.2)
    await dying._call("r1", "take", "w1", "200")
    while True:
        async with Leases(store, keys, ttl=5).hold("r1", "w2") as lease:
            if lease is not None:
                assert lease.take_over
                return
        await asyncio.sleep(0.02)


async def test_a_lease_outlives_its_time_while_it_is_renewed(store, keys):
    async with Leases(store, keys, ttl=0.4).hold("r1", "w1") as lease:
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < began + 1.0:
            await asyncio.sleep(0.05)
            lease.check()


async def test_a_worker_whose_lease_was_taken_is_stopped_at_once(store, keys):
    leases = Leases(store, keys, ttl=0.4)
    with pytest.raises(LeaseLost):
        async with leases.hold("r1", "w1"):
            await store.hset(keys.lease("r1"), mapping={"epoch": "1"})
            await asyncio.sleep(30)


async def test_a_worker_that_slept_does_not_trust_its_lease(leases):
    async with leases.hold("r1", "w1") as lease:
        lease.check()
        lease.sure_until = 0.0
        with pytest.raises(LeaseLost):
            lease.check()


async def test_numbers_grow_even_when_the_last_one_was_lost(leases, store, keys):
    async with leases.hold("r1", "w1") as first:
        pass
    await store.delete(keys.epoch)
    async with leases.hold("r1", "w2") as second:
        assert second.fence.epoch > first.fence.epoch
