"""A thousand presses of one plan's buttons, doubled, out of order and late, over two replicas and a real store: one decision."""

import asyncio
import random
from collections import Counter

import pytest

from bot.store.connect import connect
from bot.store.runlog import RunLog
from commands import approve, reject
from commands.ports import Call, Desk
from commands.reply import Refused, Said
from planner.approval import Actor
from planner.events import Ended, Granted, Person
from planner.names import ActorId
from planner.policy import Policy
from planner.refusal import Code
from planner.snapshot import Snapshot
from tests.bot.engine.test_worker import ORDER, PAYMENT, Bench
from tests.making import NOON, asked, planned

PEOPLE = [Actor(person=Person(id=ActorId(f"U{number:02}"), name=f"Person {number}")) for number in range(25)]
APPROVERS, GUESTS = PEOPLE[:20], PEOPLE[20:]
POLICY = Policy(users=frozenset(person.id for person in APPROVERS))


class Woken:
    def __init__(self) -> None:
        self.runs: list[str] = []

    async def wake(self, run) -> None:
        self.runs.append(run)

    async def wake_at(self, run, when) -> None:
        pass


async def blind() -> Snapshot:
    """Nobody sees the world here, so no press plans anew; the worker looks for itself."""
    return Snapshot(services={}, current={}, unseen=frozenset({"order-service", "payment-service"}))


@pytest.fixture
async def desks(store_url, keys):
    """Two replicas, each with a connection of its own."""
    stores, woken = [connect(store_url) for _ in range(2)], Woken()
    made = []
    for one in stores:
        runs = RunLog(one, keys, lambda: NOON)
        made.append(Desk(runs=runs, wake=woken, survey=blind, policy=POLICY, now=lambda: NOON, environment="test"))
    yield made
    for one in stores:
        await one.aclose()


@pytest.mark.parametrize("seed", [1, 2])
async def test_one_decision(desks, log, leases, seed):
    chance, bench = random.Random(seed), Bench(log, leases)
    run = await log.open((asked(), planned()))
    right, wrong = run.plan.digest.removeprefix("sha256:")[:16], "0" * 16
    presses = [(approve.act, who, approve.Approve(run=run.id, digest=right)) for who in APPROVERS]
    presses += [(approve.act, who, approve.Approve(run=run.id, digest=wrong)) for who in APPROVERS]
    presses += [(approve.act, who, approve.Approve(run=run.id, digest=right)) for who in GUESTS]
    presses += [(reject.act, who, reject.Reject(run=run.id)) for who in APPROVERS]
    presses = (presses * (1000 // len(presses) + 1))[:1000]
    chance.shuffle(presses)
    replies = []

    async def press(number: int) -> None:
        act, who, intent = presses[number]
        replies.append(await act(chance.choice(desks), Call(actor=who, place=None, words=""), intent))

    async def some(first: int, last: int) -> None:
        """Twenty at once, as fast as they are answered."""
        waiting = iter(range(first, last))

        async def one_after_the_other() -> None:
            for number in waiting:
                await press(number)

        await asyncio.gather(*(one_after_the_other() for _ in range(20)))

    await some(0, 700)
    await bench.work(run)
    await some(700, 1000)  # the run is over by now

    events = [entry.event for entry in await log.entries(run.id)]
    decided = [event for event in events if isinstance(event, Granted | Ended)]
    assert Counter(type(event) for event in decided) in ({Granted: 1, Ended: 1}, {Ended: 1})
    told = Counter("done" if isinstance(reply, Said) else reply.refusal.code for reply in replies)
    assert all(isinstance(reply, Said | Refused) for reply in replies)
    assert told["done"] == 1, told
    assert told[Code.UNAVAILABLE] == 0, told
    assert sum(told.values()) == 1000
    if isinstance(decided[0], Granted):
        assert bench.effects == [PAYMENT, ORDER]
    else:
        assert bench.effects == []
    # Whoever goes on pressing does not make the log grow: one entry for each person, button and answer at most.
    assert len(events) < 150, len(events)
