"""What everything that is a `commands.ports.Runs` must do, whether it lives in memory or in Redis.

Each test takes a `Runs` that is empty. Run them all with `pytest.mark.parametrize("must", CONTRACT, ids=name)`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from commands.ports import Moved, Runs
from planner.events import (
    Approved,
    Asked,
    BadCleared,
    BadMarked,
    Ended,
    Ending,
    Granted,
    Person,
    Place,
    Planned,
    RunEvent,
)
from planner.lock_events import Locked, ReleaseAsked
from planner.names import ActorId, RunId, ServiceName, Version
from planner.plan import Move, Plan, Request, Risk, Strategy, Target
from planner.run import Run, Stage, replay
from tests.commands.fakes import NOON

Must = Callable[[Runs], Awaitable[None]]
ORDER, PAYMENT, STOCK = ServiceName("order-service"), ServiceName("payment-service"), ServiceName("stock-service")
ANA = Person(id=ActorId("UANA"), name="Ana <Ana>")
BEN = Person(id=ActorId("UBEN"), name="Ben")


def beginning(*services: ServiceName) -> list[RunEvent]:
    names = services or (ORDER, PAYMENT)
    old, new = Version("1.4.2"), Version("2.0.0")
    plan = Plan(
        digest="sha256:" + "ab" * 32,
        strategy=Strategy.PARTIAL,
        target=Target(service=names[0], from_version=new, to_version=old),
        moves=tuple(Move(service=name, from_version=new, to_version=old, wave=1, because=("“why” & <so>",)) for name in names),
        waves=(names,),
        risk=Risk(success=0.97, expected_seconds=12.0, p90_seconds=30.0),
        facts=dict.fromkeys(names, new),
    )
    asked = Asked(by=ANA, words=names[0], request=Request(service=names[0]), place=Place(channel="C1"), reason="schön — 🙂")
    return [asked, Planned(plan=plan, approvals=1, expires_at=NOON + timedelta(minutes=20))]


async def opens_a_run_that_can_be_read_back(runs: Runs) -> None:
    events = beginning()
    run = await runs.open(events)
    assert (run.stage, run.seq) == (Stage.WAITING, 2)
    assert [entry.event for entry in await runs.entries(run.id)] == events
    assert await runs.read(run.id) == run


async def numbers_entries_from_one_and_chains_them(runs: Runs) -> None:
    run = await runs.open(beginning())
    run = await runs.append(run, [Approved(by=ANA, digest=run.plan.digest), Granted(approvals=1)])
    entries = await runs.entries(run.id)
    assert [entry.seq for entry in entries] == [1, 2, 3, 4]
    assert len({entry.hash for entry in entries}) == 4
    assert replay(run.id, entries) == run == await runs.read(run.id)
    assert run.hash == entries[-1].hash != ""


async def knows_no_run_that_was_never_opened(runs: Runs) -> None:
    assert await runs.read(RunId("r99")) is None
    assert await runs.entries(RunId("r99")) == ()


async def writes_only_if_nobody_wrote_since(runs: Runs) -> None:
    old = await runs.open(beginning())
    new = await runs.append(old, [Approved(by=ANA, digest=old.plan.digest)])
    with pytest.raises(Moved):
        await runs.append(old, [Granted(approvals=1)])
    assert await runs.read(old.id) == new


async def lets_one_of_many_writers_win(runs: Runs) -> None:
    run = await runs.open(beginning())
    answers = await asyncio.gather(*(runs.append(run, [Granted(approvals=1)]) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, Run) for answer in answers) == 1
    assert sum(isinstance(answer, Moved) for answer in answers) == 19
    assert len(await runs.entries(run.id)) == 3


async def writes_all_events_or_none(runs: Runs) -> None:
    run = await runs.open(beginning())
    await runs.append(run, [Approved(by=ANA, digest=run.plan.digest)])
    with pytest.raises(Moved):
        await runs.append(run, [Approved(by=ANA, digest=run.plan.digest), Granted(approvals=1)])
    assert len(await runs.entries(run.id)) == 3


async def gives_every_run_its_own_name(runs: Runs) -> None:
    opened = await asyncio.gather(*(runs.open(beginning()) for _ in range(8)))
    assert len({run.id for run in opened}) == 8
    assert all(run.id[0] == "r" and run.id[1:].isdigit() for run in opened)


async def lists_open_runs_oldest_first_until_they_end(runs: Runs) -> None:
    opened = [await runs.open(beginning()) for _ in range(11)]
    assert await runs.open_runs() == tuple(run.id for run in opened)
    await runs.append(opened[4], [Ended(ending=Ending.REJECTED, because="no", by=ANA)])
    assert await runs.open_runs() == tuple(run.id for run in opened if run is not opened[4])


async def lists_recent_runs_newest_first_and_by_service(runs: Runs) -> None:
    first = await runs.open(beginning(ORDER, PAYMENT))
    second = await runs.open(beginning(STOCK))
    assert set(await runs.recent(10)) == {first.id, second.id}
    assert len(await runs.recent(1)) == 1
    assert await runs.recent(10, PAYMENT) == (first.id,)
    assert await runs.recent(10, STOCK) == (second.id,)
    assert await runs.recent(10, ServiceName("ghost")) == ()


async def remembers_bad_versions_until_they_are_cleared(runs: Runs) -> None:
    mark = BadMarked(service=ORDER, version=Version("2.0.0"), reason="loses carts", by=ANA)
    await runs.note(mark)
    await runs.note(BadMarked(service=PAYMENT, version=Version("1.0.0"), reason="slow"))
    assert [(bad.service, bad.version, bad.reason) for bad in await runs.bad_versions()] == [
        (ORDER, "2.0.0", "loses carts"),
        (PAYMENT, "1.0.0", "slow"),
    ]
    await runs.note(BadCleared(service=ORDER, version=Version("2.0.0"), by=ANA, reason="fixed"))
    assert [bad.service for bad in await runs.bad_versions()] == [PAYMENT]


async def asks_a_holder_once_for_a_while(runs: Runs) -> None:
    hold = Locked(service=ORDER, by=ANA, reason="looking", since=datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    assert await runs.hold(hold) == ()
    (held,) = await runs.holders([ORDER])
    event = ReleaseAsked(service=ORDER, by=BEN, holder=ANA, wanted="to roll it back")
    assert [await runs.ask(event, held) for _ in range(2)] == [True, False]
    assert await runs.ask(replace(event, by=ANA), held)
    # A hold that was taken anew is another one.
    assert await runs.hold(replace(hold, since=hold.since + timedelta(seconds=1))) == ()
    (newer,) = await runs.holders([ORDER])
    assert await runs.ask(event, newer)


async def holds_nothing_while_a_run_waits(runs: Runs) -> None:
    await runs.open(beginning())
    assert await runs.holders([ORDER, PAYMENT]) == ()
    assert await runs.all_holders() == ()


CONTRACT: tuple[Must, ...] = (
    opens_a_run_that_can_be_read_back,
    numbers_entries_from_one_and_chains_them,
    knows_no_run_that_was_never_opened,
    writes_only_if_nobody_wrote_since,
    lets_one_of_many_writers_win,
    writes_all_events_or_none,
    gives_every_run_its_own_name,
    lists_open_runs_oldest_first_until_they_end,
    lists_recent_runs_newest_first_and_by_service,
    remembers_bad_versions_until_they_are_cleared,
    asks_a_holder_once_for_a_while,
    holds_nothing_while_a_run_waits,
)


def name(must: Must) -> str:
    """The name of one rule, for test ids."""
    return getattr(must, "__name__", "rule")
