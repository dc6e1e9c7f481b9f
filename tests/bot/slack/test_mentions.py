"""@rollbot in channels and threads: the same grammar, answered where it was said, and only once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.mentions import said
from planner.events import Approved
from planner.names import RunId
from planner.run import Stage as RunStage
from tests.bot.slack.stage import live, stage


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U0ROLLBOT> approve", "approve"),
        ("<@U0ROLLBOT|rollbot>: approve", "approve"),
        ("hey <@U0ROLLBOT>, status", "status"),
        ("approve <@U0ROLLBOT>", "approve"),
        ("<@U0ROLLBOT>", ""),
        ("<@U0ROLLBOT> reject ask <@UBEN|ben>", "reject ask <@UBEN|ben>"),
    ],
)
def test_what_was_said_to_the_bot(text: str, words: str):
    assert said(text, "U0ROLLBOT") == words


@given(st.text())
def test_any_text_is_read(text: str):
    said(text, "U0ROLLBOT")
    said(text, "")


async def test_approve_in_a_thread_means_that_run():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.settled()
        await s.page.say("guest", "incident", "@rollbot approve", thread_ts=plan["ts"])
        await s.whisper("guest", "You may not approve run r1")
        await s.page.say("ana", "incident", "@rollbot status", thread_ts=plan["ts"])
        shown = await s.whisper("ana", "The whole plan")
        assert shown["thread_ts"] == plan["ts"]
        await s.workspace.fault("duplicate", times=1)
        await s.page.say("ben", "incident", "@rollbot approve", thread_ts=plan["ts"])
        await s.whisper("ben", "You approved run r1")
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.stage is RunStage.GRANTED
        entries = await s.office.runs.entries(RunId("r1"))
        assert sum(isinstance(entry.event, Approved) for entry in entries) == 1


async def test_elsewhere_a_mention_is_a_command():
    async with stage() as s, live(s):
        await s.page.say("ana", "incident", "@rollbot order-service --reason slow")
        await s.whisper("ana", "Plan posted", "r1")
        first = await s.page.say("ana", "incident", "anything")
        await s.page.say("ana", "incident", "@rollbot aprove r1", thread_ts=first)
        await s.whisper("ana", "Did you mean")
        await s.page.say("ana", "incident", "@rollbot")
        await s.whisper("ana", "Rollbot plans a rollback")
