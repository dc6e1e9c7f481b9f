"""Places where no plan belongs: each is told privately, with what to do; looking and asking work everywhere."""

from dataclasses import replace

import pytest

from bot.slack.places import Places
from bot.workspace.directory import Channel
from planner.events import CommandRefused
from planner.refusal import Code
from tests.bot.slack.stage import DIRECTORY, live, stage

ELSEWHERE = (
    Channel(id="C0SHARED", name="shared", is_ext_shared=True, members=("UANA", "UBEN", "U0ROLLBOT")),
    Channel(id="C0PUBLIC", name="public", members=("UANA",)),
    Channel(id="C0OLD", name="old", is_archived=True, members=("UANA", "U0ROLLBOT")),
)
PLACES = replace(DIRECTORY, channels=(*DIRECTORY.channels, *ELSEWHERE))


@pytest.mark.parametrize(("channel", "words"), [("C0SHARED", "shared with another organisation"), ("DANA", "direct message")])
async def test_no_plan_is_posted_where_the_wrong_people_would_see_it(channel: str, words: str):
    async with stage(directory=PLACES) as s, live(s):
        await s.page.home("ana")
        await s.page.wait_for(lambda frame: "DANA" in str(frame))
        await s.page.command("ana", channel, "/rollback order-service")
        await s.whisper("ana", words, "--dry-run", "Ask again in")
        assert await s.office.runs.open_runs() == ()
        (noted,) = [event for event in s.office.runs.environment if isinstance(event, CommandRefused)]
        assert noted.code is Code.WRONG_PLACE
        await s.page.command("ana", channel, "/rollback order-service --dry-run")
        await s.whisper("ana", "Dry run")


async def test_a_public_channel_needs_no_invitation():
    async with stage(directory=PLACES) as s, live(s):
        plan = await s.plan(channel="public")
        assert plan["channel"] == "C0PUBLIC"


async def test_an_archived_channel_is_told_as_such_and_remembered():
    async with stage(directory=PLACES) as s:
        places = Places(s.door.client)
        for _ in range(2):
            found = await places.unfit("C0OLD")
            assert found is not None
            assert "archived" in found.message
        assert len(s.calls("conversations.info")) == 1


async def test_where_slack_cannot_be_asked_the_place_counts_as_fit():
    async with stage() as s:
        await s.workspace.fault("rate_limit", method="conversations.info", times=1)
        places = Places(s.door.client)
        assert await places.unfit("C0INCIDENT") is None
        assert await places.unfit("C0SECRET") is None
        assert await places.unfit("") is None
