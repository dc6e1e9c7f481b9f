"""The pack of a run in its thread: asked for, brought once, and the answer says where it is."""

import pytest

from tests.bot.slack.stage import live, stage

pytestmark = pytest.mark.usefixtures("each_way")


async def files(s, ts):
    thread = await s.door.client.conversations_replies(channel="C0INCIDENT", ts=ts, limit=200)
    return [file["name"] for message in thread["messages"] for file in message.get("files") or ()]


async def test_the_pack_comes_into_the_thread_once():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.page.command("ben", "incident", "/rollback pack r1")
        await s.whisper("ben", "The pack of run r1 is in its thread")
        brought = [name for name in await files(s, plan["ts"]) if name.startswith("r1-at-")]
        assert sorted(name.rpartition(".")[2] for name in brought) == ["json", "md", "png"]
        await s.page.command("ana", "incident", "/rollback pack r1")
        await s.whisper("ana", "The pack of run r1 is in its thread")
        assert [name for name in await files(s, plan["ts"]) if name.startswith("r1-at-")] == brought


async def test_a_run_that_nobody_knows_is_refused():
    async with stage() as s, live(s):
        await s.page.command("ben", "incident", "/rollback pack r9")
        await s.whisper("ben", "no run r9")
