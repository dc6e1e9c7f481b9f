"""Turns: a burst, then a steady pace, and a pause when Slack asks for one."""

import asyncio

from bot.slack.limiter import Limiter, Pace


class Time:
    """Time that passes by being waited for."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


PACE = Pace(interval=2.0, burst=3)


async def turns(limiter: Limiter, time: Time, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        await limiter.turn("edit", PACE)
        taken.append(round(time.now - 100.0, 3))
    return taken


async def test_a_burst_and_then_a_steady_pace():
    time = Time()
    limiter = Limiter(clock=time.clock, sleep=time.sleep)
    assert await turns(limiter, time, 6) == [0, 0, 0, 2, 4, 6]


async def test_rest_saves_up_a_burst_and_no_more():
    time = Time()
    limiter = Limiter(clock=time.clock, sleep=time.sleep)
    await turns(limiter, time, 4)
    time.now = 200.0
    assert await turns(limiter, time, 4) == [100, 100, 100, 102]


async def test_a_pause_holds_everybody_back():
    time = Time()
    limiter = Limiter(clock=time.clock, sleep=time.sleep)
    await limiter.pause("edit", 30.0, PACE)
    assert await turns(limiter, time, 2) == [30, 32]


async def test_other_keys_are_not_held_back():
    time = Time()
    limiter = Limiter(clock=time.clock, sleep=time.sleep)
    await limiter.pause("post C1", 30.0, PACE)
    assert await turns(limiter, time, 1) == [0]


async def test_nobody_is_forgotten_when_many_wait():
    limiter = Limiter()
    pace = Pace(interval=0.001, burst=1)
    async with asyncio.timeout(10):
        await asyncio.gather(*(limiter.turn("edit", pace) for _ in range(50)))


class Broken:
    """A shared budget whose store is away."""

    async def take(self, key, interval, burst):
        await asyncio.sleep(0)
        raise ConnectionError

    async def pause(self, key, seconds, interval, burst):
        await asyncio.sleep(0)
        raise ConnectionError


async def test_without_the_store_each_replica_keeps_to_its_own_budget():
    time = Time()
    limiter = Limiter(Broken(), clock=time.clock, sleep=time.sleep)
    assert await turns(limiter, time, 4) == [0, 0, 0, 2]
    await limiter.pause("edit", 30.0, PACE)
    assert await turns(limiter, time, 1) == [32]
