"""Budgets that replicas share: in sum never more than one replica alone would be given."""

import asyncio

from bot.store.turns import Turns


async def test_replicas_share_one_budget(store, keys):
    one, other = Turns(store, keys), Turns(store, keys)
    waits = [await each.take("edit", 2.0, 3) for _ in range(3) for each in (one, other)]
    assert [round(wait) for wait in waits] == [0, 0, 0, 2, 4, 6]
    assert await other.take("post C1", 2.0, 3) == 0.0


async def test_a_pause_is_heeded_by_all_and_spends_what_was_saved_up(store, keys):
    one, other = Turns(store, keys), Turns(store, keys)
    await one.pause("edit", 30.0, 2.0, 3)
    await one.pause("edit", 5.0, 2.0, 3)
    assert [round(await other.take("edit", 2.0, 3)) for _ in range(3)] == [30, 32, 34]


async def test_twenty_at_once_get_twenty_different_turns(store, keys):
    turns = Turns(store, keys)
    waits = sorted(await asyncio.gather(*(turns.take("edit", 1.0, 1) for _ in range(20))))
    assert [round(wait) for wait in waits] == list(range(20))


async def test_a_budget_is_forgotten_when_it_is_full_again(store, keys):
    await Turns(store, keys).take("edit", 2.0, 3)
    assert 55_000 < await store.pttl(keys.pace("edit")) <= 62_000
