"""Streams for the person who asked: they say what happens, are renewed in time, and their troubles touch nothing else."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.slack.limiter import Limiter
from bot.slack.narrator import Narrator, Rhythm
from planner.events import Choice, Decided, Ended, Ending, Halted, Person, StepVerified
from planner.names import ActorId, RunId
from tests.bot.slack.runs import asking, asking_for, checking, failing, granting, plan, settling, starting
from tests.bot.slack.stage import live, stage
from tests.commands.fakes import ANA

QUICK = Rhythm(gap=0.0, silence=5.0, life=100.0)


class Hasty(Limiter):
    """Waits for nobody."""

    async def turn(self, key, pace):
        del key, pace
        await asyncio.sleep(0)


@asynccontextmanager
async def narrated(rhythm=QUICK):
    async with stage() as s:
        teller = Narrator(
            desk=s.office.desk,
            client=s.door.client,
            views=s.views,
            team="T0LOCAL",
            owner="one",
            rhythm=rhythm,
            limiter=Hasty(),
        )
        async with live(s, narrator=teller):
            message = await s.plan("order-service")
            await s.settled()
            yield s, message


def streams(s):
    return [call for call in s.workspace.calls if "Stream" in call.method]


async def called(s, method, *words):
    """The newest call of this method that has these words, once it was made."""
    async with asyncio.timeout(10):
        while True:
            for call in reversed(s.workspace.calls):
                if call.method == method and all(word in str(call.arguments) for word in words):
                    return call
            await asyncio.sleep(0.01)


async def begin(s):
    run = await s.office.runs.read(RunId("r1"))
    await s.happen(*granting(run.plan), *starting(run.plan))
    return run


async def finish(s, run):
    for move in run.plan.moves:
        await s.happen(*asking_for(move), *settling(move.service), *checking(move.service), StepVerified(step=move.service))
    await s.happen(Ended(ending=Ending.FINISHED, because=""))


async def test_who_asked_sees_each_step_and_the_last_state_is_left_in_the_thread():
    async with narrated() as (s, message):
        run = await begin(s)
        started = await called(s, "chat.startStream")
        assert started.arguments["recipient_user_id"] == "UANA"
        assert started.arguments["thread_ts"] == message["ts"]
        await s.happen(*asking_for(run.plan.moves[0]), *settling("payment-service"), checking("payment-service")[0])
        await called(s, "chat.appendStream", "checkout works: 1 measurement, the last pass: 200")
        await s.happen(checking("payment-service")[1], StepVerified(step="payment-service"))
        move = run.plan.moves[1]
        await s.happen(*asking_for(move), *settling(move.service), *checking(move.service), StepVerified(step=move.service))
        await s.happen(Ended(ending=Ending.FINISHED, because=""))
        await called(s, "chat.stopStream", "2 of 2 steps, finished")
        assert all(call.answer.get("ok") for call in streams(s))
        shown = await s.page.wait_message(lambda m: "2 of 2 steps, finished" in str(m.get("blocks")))
        tasks = next(block for block in shown["blocks"] if block["type"] == "plan")["tasks"]
        assert [task["status"] for task in tasks] == ["complete", "complete"]


async def test_a_stopped_run_ends_its_stream_and_one_that_goes_on_begins_another():
    async with narrated() as (s, _):
        run = await begin(s)
        await called(s, "chat.startStream")
        await s.happen(*failing(run.plan.moves[0]))
        await called(s, "chat.stopStream", "stopped: it waits for a choice")
        await s.happen(Decided(by=run.asked.by, choice=Choice.RETRY))
        async with asyncio.timeout(10):
            while len(s.calls("chat.startStream")) < 2:
                await asyncio.sleep(0.01)


async def test_a_stream_is_begun_anew_before_it_dies():
    async with narrated(Rhythm(gap=0.0, silence=0.02, life=0.05)) as (s, _):
        await begin(s)
        async with asyncio.timeout(10):
            while len(s.calls("chat.startStream")) < 3:
                await asyncio.sleep(0.01)
        assert all(call.answer.get("ok") for call in streams(s))


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize("fault", ["rate_limit", "drop_answer"])
async def test_whatever_breaks_the_run_is_shown_all_the_same(method, fault):
    async with narrated() as (s, _):
        await s.workspace.fault(fault, method=method, times=100)
        await finish(s, await begin(s))
        await s.page.wait_message(lambda m: "*Finished*" in str(m.get("blocks")))
        await s.settled()


async def test_a_stream_that_slack_gave_up_is_replaced_by_a_line_that_says_where_to_look():
    async with narrated() as (s, message):
        run = await begin(s)
        started = await called(s, "chat.startStream")
        ts = started.answer["ts"]
        await s.door.client.chat_stopStream(channel="C0INCIDENT", ts=ts)
        await s.happen(*asking_for(run.plan.moves[0]))
        replaced = await s.page.wait_message(lambda m: "broke off" in str(m.get("text")))
        assert (replaced["ts"], replaced["thread_ts"]) == (ts, message["ts"])
        count = len(streams(s))
        await s.happen(*settling("payment-service"), Halted(because="so"))
        await s.settled()
        assert len(streams(s)) == count, "it is not tried again for this run"


@pytest.mark.parametrize(("size", "who"), [(1, ANA.person), (51, ANA.person), (2, Person(id=ActorId("cli:ana"), name="ana"))])
async def test_nothing_is_streamed_of_one_step_of_too_many_or_to_somebody_at_a_terminal(size, who):
    async with narrated() as (s, _):
        made = plan(size)
        first, *rest = asking(made)
        run = await s.office.runs.open([replace(first, by=who), *rest, *granting(made), *starting(made)])
        await s.settled(run.id)
        assert streams(s) == []
