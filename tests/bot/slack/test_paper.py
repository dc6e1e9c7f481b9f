"""A plan of hundreds of services: a short message, a file in the thread, and pages where Slack takes no file."""

import asyncio

import pytest

from bot.slack.paper import DONE
from bot.slack.render.paper import is_long, pages, paper
from planner.names import RunId
from tests.bot.slack.runs import HOSTILE, asking, at, plan
from tests.bot.slack.stage import Stage, live, stage

R1 = RunId("r1")


async def settled(s: Stage) -> None:
    while (view := s.views.kept.get(R1)) is None or view.paper != DONE:
        await asyncio.sleep(0.01)
    await s.settled()


def in_thread(s: Stage) -> list[dict]:
    ts = s.views.kept[R1].ts
    return [message for message in s.page.view.newest_first() if message.get("thread_ts") == ts and message["ts"] != ts]


def papers(s: Stage) -> list[dict]:
    """The files in the thread that are no pictures."""
    files = [file for message in in_thread(s) for file in message.get("files", [])]
    return [file for file in files if file["name"].endswith(".md")]


async def test_a_long_plan_goes_into_its_thread_as_a_file():
    async with stage() as s, live(s):
        await s.office.runs.open(asking(plan(500)))
        await s.page.wait_message(lambda m: m.get("files"), timeout=30)
        (file,) = papers(s)
        assert file["name"].startswith("plan-r1-5f5f")
        assert file["size"] == len(paper(at(asking(plan(500)), "r1")).encode())


@pytest.mark.parametrize("answer", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_an_answer_that_is_lost_makes_no_second_file(answer: str):
    async with stage() as s, live(s):
        await s.workspace.fault("drop_answer", method=answer, times=1)
        await s.office.runs.open(asking(plan(100)))
        await settled(s)
        assert len(papers(s)) == 1


async def test_where_no_file_is_taken_pages_tell_it_all():
    async with stage() as s:
        await s.workspace.fault("rate_limit", method="files.getUploadURLExternal", times=3)
        async with live(s):
            await s.office.runs.open(asking(plan(60)))
            run = at(asking(plan(60)), "r1")
            assert is_long(run.plan)
            await settled(s)
            told = str(in_thread(s))
            assert all(f"`{move.service}`" in told for move in run.plan.moves)
            assert not papers(s)
            assert len([m for m in in_thread(s) if "The whole plan, page" in m["text"]]) == len(pages(run.plan))


def test_a_short_plan_needs_no_paper():
    assert not is_long(plan(2))


def test_paper_and_pages_bear_hostile_words():
    of = plan(500, text=HOSTILE, hazards=500, grouped=True)
    text = paper(at(asking(of)))
    assert all(move.service in text for move in of.moves)
    assert 1 < len(pages(of)) <= 30
    assert "<!channel" not in "".join(pages(of))
