"""Pictures in the thread: the plan while it waits, the run when it is over, each once, and never in the way."""

import asyncio

import pytest

from planner.names import RunId
from tests.bot.slack.runs import asking, plan, stories
from tests.bot.slack.stage import Stage, live, stage

R1 = RunId("r1")
TWO = plan(2)


async def pictured(s: Stage, until: str) -> list[dict]:
    """The pictures in the thread once the view says that this one is there, or was left out."""
    while (view := s.views.kept.get(R1)) is None or view.pictures != until:
        await asyncio.sleep(0.01)
    found = [message for message in s.page.view.newest_first() if message.get("thread_ts") == view.ts]
    files = [file for message in found for file in message.get("files", [])]
    return [file for file in files if file["name"].endswith(".png")]


async def test_a_waiting_plan_has_its_picture_with_words_for_those_who_cannot_see_it():
    async with stage() as s, live(s):
        await s.office.runs.open(asking(TWO))
        (picture,) = await pictured(s, "plan")
        assert picture["name"] == "plan-r1.png"
        assert picture["mimetype"] == "image/png"
        assert picture["size"] > 5000
        assert "Wave 1: payment-service 2.0.0 to 1.4.2. Wave 2: order-service" in picture["alt_txt"]


async def test_a_finished_run_has_a_picture_of_what_happened():
    async with stage() as s, live(s):
        first, *rest = [asking(TWO), stories(TWO)["finished"][2:]]
        await s.office.runs.open(first)
        await pictured(s, "plan")
        await s.happen(*rest[0])
        pictures = await pictured(s, "run")
        assert {file["name"] for file in pictures} == {"plan-r1.png", "run-r1.png"}
        assert "order-service: verified" in next(file["alt_txt"] for file in pictures if file["name"] == "run-r1.png")


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_an_answer_that_is_lost_makes_no_second_picture(method: str):
    async with stage() as s, live(s):
        await s.workspace.fault("drop_answer", method=method, times=1)
        await s.office.runs.open(asking(TWO))
        assert len(await pictured(s, "plan")) == 1


async def test_where_slack_takes_no_file_the_run_goes_on_without():
    async with stage() as s, live(s):
        await s.workspace.fault("rate_limit", method="files.getUploadURLExternal", times=5)
        await s.office.runs.open(asking(TWO))
        assert await pictured(s, "plan") == []
        await s.happen(*stories(TWO)["finished"][2:])
        await s.settled()


async def test_two_replicas_make_one_picture():
    async with stage() as s, live(s, "one"), live(s, "two"):
        await s.office.runs.open(asking(TWO))
        assert len(await pictured(s, "plan")) == 1
