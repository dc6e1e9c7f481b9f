import asyncio

import pytest

from bot.store.replicas import Replicas, strangers
from bot.store.seen import Seen
from tests.commands.fakes import Clock


async def test_those_that_gave_a_sign_of_life_are_there_and_those_that_left_are_not(store, keys):
    clock = Clock()
    replicas = Replicas(store, keys, clock)
    await replicas.beat("one", 1)
    await replicas.beat("two", 2)
    assert [(one.name, one.connections) for one in await replicas.live()] == [("one", 1), ("two", 2)]
    await replicas.leave("one")
    assert [one.name for one in await replicas.live()] == ["two"]
    clock.go(31)
    assert await replicas.live() == ()
    clock.go(600)
    await replicas.beat("three", 0)
    assert list(await store.hgetall(keys.replicas)) == ["three"]


async def test_connections_that_are_nobodys_of_ours_are_strangers(store, keys):
    replicas = Replicas(store, keys, Clock())
    await replicas.beat("one", 1)
    await replicas.beat("two", 3)
    live = await replicas.live()
    assert strangers(live, 1) == 0
    assert strangers(live, 2) == 0
    assert strangers(live, 3) == 1
    assert strangers((), 0) == 0
    assert strangers((), 1) == 0


@pytest.mark.parametrize("at_once", [1, 20])
async def test_an_event_is_new_once_however_many_ask_at_once(store, keys, at_once):
    seen = Seen(store, keys)
    for event in ("Ev1", "Ev2"):
        answers = await asyncio.gather(*(seen.first(event) for _ in range(at_once)))
        assert sum(answers) == 1
    assert not await seen.first("Ev1")
