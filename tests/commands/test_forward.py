"""The way forward again: kept with a finished rollback, offered as long as the world is as it was left."""

from dataclasses import replace

import pytest

from commands.reply import Opened, Refused, Reply
from commands.table import answer
from planner.events import Ended, Ending
from planner.names import RunId, ServiceName, Version
from planner.planning import way_forward
from planner.refusal import Code
from planner.run import Run
from planner.snapshot import Snapshot
from tests.bot.slack.runs import doing, granting, starting
from tests.commands.fakes import ANA, BEN, Office, call


def code(reply: Reply) -> Code:
    assert isinstance(reply, Refused)
    return reply.refusal.code


def moved(world: Snapshot, run: Run) -> Snapshot:
    """The world after this run's plan."""
    return replace(world, current={**world.current, **{move.service: move.to_version for move in run.plan.moves}})


async def finished(office: Office) -> Run:
    reply = await answer(office.desk, call(ANA, "order-service"))
    assert isinstance(reply, Opened)
    run = reply.run
    events = [*granting(run.plan), *starting(run.plan), *(event for move in run.plan.moves for event in doing(move))]
    run = await office.runs.append(run, [*events, Ended(ending=Ending.FINISHED, because="")])
    office.world = moved(office.world, run)
    return run


async def test_a_finished_rollback_can_be_taken_back_over_the_same_states():
    office = Office()
    first = await finished(office)
    bad = {ServiceName("order-service"): {Version("2.0.0"): "rolled back by run r1"}}
    office.world = replace(office.world, bad=bad)
    reply = await answer(office.desk, call(ANA, "forward r1 the fault is mended"))
    assert isinstance(reply, Opened)
    run = reply.run
    assert run.plan.digest == way_forward(first.plan).digest
    assert run.plan.waves == tuple(reversed(first.plan.waves))
    assert run.asked is not None
    assert run.asked.forward_of == "r1"
    assert run.asked.reason == "the fault is mended"
    assert any("2.0.0 is remembered as bad" in warning for warning in run.plan.warnings)
    assert run.planned is not None
    assert "takes back run r1, which Ana asked for" in run.planned.findings[0]
    approved = await answer(office.desk, call(BEN, "approve r2"))
    assert "You approved run r2" in str(approved)


async def test_where_something_went_live_since_there_is_no_way_forward():
    office = Office()
    await finished(office)
    office.world = replace(office.world, current={**office.world.current, ServiceName("order-service"): Version("2.0.0")})
    reply = await answer(office.desk, call(ANA, "forward r1"))
    assert code(reply) is Code.STALE
    assert "order-service runs 2.0.0 now" in str(reply)


@pytest.mark.parametrize("ending", [None, Ending.REJECTED, Ending.LEFT, Ending.UNDONE])
async def test_only_a_finished_rollback_has_one(ending: Ending | None):
    office = Office()
    reply = await answer(office.desk, call(ANA, "order-service"))
    assert isinstance(reply, Opened)
    if ending is not None:
        await office.runs.append(reply.run, [Ended(ending=ending, because="")])
    assert code(await answer(office.desk, call(ANA, "forward r1"))) is Code.STALE


async def test_a_way_forward_is_not_taken_back_but_rolled_back_anew():
    office = Office()
    await finished(office)
    reply = await answer(office.desk, call(ANA, "forward r1"))
    assert isinstance(reply, Opened)
    await office.runs.append(reply.run, [Ended(ending=Ending.FINISHED, because="")])
    again = await answer(office.desk, call(ANA, "forward r2"))
    assert code(again) is Code.STALE
    assert "/rollback order-service to 1.4.2" in str(again)


@pytest.mark.parametrize("words", ["forward", "forward order-service", "forward r99"])
async def test_words_that_mean_no_run(words: str):
    assert code(await answer(Office().desk, call(ANA, words))) in {Code.BAD_COMMAND, Code.UNKNOWN_RUN}


async def test_the_run_that_is_taken_back_stays_as_it_was():
    office = Office()
    first = await finished(office)
    await answer(office.desk, call(ANA, "forward r1"))
    assert await office.runs.read(RunId("r1")) == first
