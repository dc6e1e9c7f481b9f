"""Many who ask at once share one look, and nobody is told what was seen before they asked."""

import asyncio

import pytest

from bot.together import Together
from integrations.errors import Unavailable
from tests.commands.fakes import shop


class World:
    """Counts looks; each waits until it is let go, and fails where it is told to."""

    def __init__(self) -> None:
        self.looks = 0
        self.at_once = 0
        self.most = 0
        self.go = asyncio.Event()
        self.fault: Exception | None = None

    async def __call__(self):
        self.looks += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        number = self.looks
        await self.go.wait()
        self.at_once -= 1
        if self.fault:
            raise self.fault
        return number, shop()


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_crowd_shares_a_look_and_who_comes_later_gets_a_later_one():
    world = World()
    together = Together(world)
    first = [asyncio.create_task(together()) for _ in range(50)]
    await turns()
    later = [asyncio.create_task(together()) for _ in range(50)]
    await turns()
    assert world.looks == 1
    world.go.set()
    assert {number for number, _ in await asyncio.gather(*first)} == {1}
    assert {number for number, _ in await asyncio.gather(*later)} == {2}
    assert (await together())[0] == 3
    assert world.most == 1


async def test_a_look_that_fails_fails_for_all_who_wait_and_for_nobody_after():
    world = World()
    together = Together(world)
    world.go.set()
    world.fault = Unavailable("the catalog is gone")
    found = await asyncio.gather(*(together() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [Unavailable] * 3
    world.fault = None
    assert (await together())[0] == 2


async def test_who_gives_up_takes_nothing_from_the_others():
    world = World()
    together = Together(world)
    impatient, patient = asyncio.create_task(together()), asyncio.create_task(together())
    await turns()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    world.go.set()
    assert (await patient)[0] == 1
