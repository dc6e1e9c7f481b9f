"""Every order in which an old worker that believes in its lease and a new one can do one step, against the real scripts.

What each does is what the engine does: the old one writes its intent, asks, writes the answer; the new one takes the lease,
reads, looks at the world, and goes on as the log says. Between any two of these the other one may come.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.engine import steps
from bot.engine.hand import Hand
from bot.engine.worker import Turn, Worker
from bot.fencing import Fence, LeaseLost, Overtaken
from bot.store.keys import Keys
from bot.store.leases import Lease, Leases
from bot.store.runlog import RunLog
from integrations.survey import survey
from planner.events import LeaseTaken, LocksTaken, Surveyed
from planner.run import StepState
from tests.bot.chaos.target import Target
from tests.bot.engine.test_worker import FAST, Shelf
from tests.making import NOON, approved, asked, granted, plan, planned

ONE = plan({"payment-service": ("3.0.0", "2.2.0")})


@dataclass
class Baton:
    """Lets two workers go one move at a time, in an order given from outside; afterwards whoever is left goes on alone."""

    order: str
    moves: list[str] = field(default_factory=list)
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    async def turn(self, who: str) -> None:
        gate = self.waiting[who] = asyncio.get_running_loop().create_future()
        self.go()
        await gate
        self.moves.append(who)

    def end(self, who: str) -> None:
        self.done.add(who)
        self.go()

    def go(self) -> None:
        """Let the next one move, once everybody who is not done has come to wait."""
        if len(self.waiting) + len(self.done) < 2 or not self.waiting:
            return
        wanted = self.order[len(self.moves)] if len(self.moves) < len(self.order) else "n"
        who = wanted if wanted in self.waiting else next(iter(self.waiting))
        self.waiting.pop(who).set_result(None)


class GatedLog(RunLog):
    """Waits for its turn before every write; `fenced` False takes the fence away, as if the store did not check."""

    def __init__(self, store, keys, baton, who, fenced) -> None:
        super().__init__(store, keys, lambda: NOON)
        self.baton, self.who, self.fenced = baton, who, fenced

    async def record(self, run, events, *, fence, **how):
        await self.baton.turn(self.who)
        if not self.fenced:
            fence = Fence(run=run.id, epoch=int(await self._redis.hget(self._keys.lease(run.id), "epoch")))
        return await super().record(run, events, fence=fence, **how)


class GatedTarget(Target):
    """Waits for its turn before every request and every look."""

    def gate(self, baton, who):
        self.baton, self.who = baton, who
        return self

    async def before_apply(self) -> None:
        await self.baton.turn(self.who)

    async def observe(self, *arguments, **named):
        await self.baton.turn(self.who)
        return await super().observe(*arguments, **named)


class OneStep(Turn):
    """Goes on until the step's request is answered for; gates are not asked."""

    async def go(self) -> None:
        while (step := self.hand.run.steps["payment-service"]).state in (
            StepState.PENDING,
            StepState.INTENDED,
            StepState.UNKNOWN,
        ):
            for action in self._next(await self.hand.catch_up()):
                if self.hand.run.steps["payment-service"] == step:
                    await self._do(action)


async def play(store, keys: Keys, order: str, *, fenced: bool, target: dict[str, bool]) -> tuple[str, list[tuple[str, ...]]]:
    """The order in which they really went, and what was done."""
    plain = RunLog(store, keys, lambda: NOON)
    run = await plain.append(await plain.open((asked("payment-service"), planned(ONE))), (approved(), granted()))
    world = Target(store, keys.environment)
    await world.place({"payment-service": "3.0.0", "order-service": "2.0.0", "ledger-service": "1.1.0"})
    # The old worker's lease is over as far as the store is concerned, and it does not know.
    dead = await Leases(store, keys, ttl=0.001)._take(run.id, "old")
    old_lease = Lease(run=run.id, owner="old", epoch=dead.epoch, take_over=False, sure_until=float("inf"))
    run = await plain.record(run, (LeaseTaken(worker="old", epoch=dead.epoch, take_over=False),), fence=dead.fence)
    run = await plain.record(run, (LocksTaken(services=("payment-service",)),), fence=dead.fence, lock=True)
    run = await plain.record(run, (Surveyed(facts=ONE.facts),), fence=dead.fence)
    while await store.hget(keys.lease(run.id), "until") >= "".join(map(str, await now_ms(store))):
        await asyncio.sleep(0.001)
    baton = Baton(order)

    def turn(who: str, lease: Lease) -> Turn:
        log = GatedLog(store, keys, baton, who, fenced)
        runtime = GatedTarget(store, keys.environment, **target).gate(baton, who)
        worker = Worker(
            runs=log,
            leases=Leases(store, keys),
            survey=lambda: survey(Shelf(), {"fake": Target(store, keys.environment)}, {}, limit=5),
            runtimes={"fake": runtime},
            probes={},
            now=lambda: NOON,
            max_parallel=4,
            pace=FAST,
            name=who,
        )
        return OneStep(worker=worker, hand=Hand(log, lease, run))

    async def old() -> None:
        try:
            mine = turn("o", old_lease)
            step = mine.hand.run.steps["payment-service"]
            stand = mine._stand(await mine._look_at_world(), step)
            await steps.issue(mine.hand, step, stand, FAST, lambda run: True)
        except (LeaseLost, Overtaken):
            pass
        finally:
            baton.end("o")

    async def new() -> None:
        try:
            await baton.turn("n")
            lease = await Leases(store, keys, ttl=30)._take(run.id, "new")
            mine = turn("n", lease)
            await mine.hand.record(LeaseTaken(worker="new", epoch=lease.epoch, take_over=True))
            await mine.go()
        finally:
            baton.end("n")

    async with asyncio.timeout(10):
        await asyncio.gather(old(), new())
    assert (await plain.read(run.id)).steps["payment-service"].state in (StepState.ACCEPTED, StepState.FAILED)
    return "".join(baton.moves), await world.effects()


async def now_ms(store) -> tuple[int]:
    seconds, microseconds = await store.time()
    return (seconds * 1000 + microseconds // 1000,)


async def orders(store, keys: Keys, *, fenced: bool, **target: bool) -> AsyncIterator[tuple[str, list[tuple[str, ...]]]]:
    """Plays every order there is: each time a choice that was not turned round yet is."""
    todo, seen = [""], {""}
    while todo:
        order = todo.pop()
        moves, effects = await play(store, Keys(f"{keys.environment}-{len(seen)}-{order}"), order, fenced=fenced, target=target)
        yield moves, effects
        for at in range(len(order), len(moves)):
            other = moves[:at] + ("o" if moves[at] == "n" else "n")
            if other not in seen:
                seen.add(other)
                todo.append(other)


@pytest.mark.parametrize("remembers", [True, False])
async def test_no_order_does_anything_twice(store, keys, remembers):
    """Also where the world remembers no keys: the expected release alone is enough against a late request."""
    played = set()
    async for moves, effects in orders(store, keys, fenced=True, remembers=remembers):
        assert len(effects) == 1, (moves, effects)
        played.add(moves)
    assert len(played) > 30


@pytest.mark.parametrize("fenced", [True, False])
async def test_without_the_worlds_help_some_order_does_it_twice(store, keys, fenced):
    """The test is not blind; and fencing in the store alone is not enough, for the world does not read it."""
    async for _, effects in orders(store, keys, fenced=fenced, compares=False, remembers=False):
        if len(effects) > 1:
            return
    pytest.fail("no order did anything twice")
