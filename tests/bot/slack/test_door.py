"""Getting in: through no proxy to this machine, refused in words, patient with a Slack that is not there yet."""

import asyncio

import pytest
from pydantic import SecretStr

from bot.slack.door import Door, Shut
from bot.slack.http_way import HttpSettings
from bot.slack.web import web_client
from bot.workspace.client import PageClient
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.slack.stage import DIRECTORY, MemoryViews, stage
from tests.commands.fakes import Office


def door(workspace: Workspace, **other: str) -> Door:
    tokens = {"bot_token": workspace.bot_token, "app_token": workspace.app_token, "api_url": workspace.api_url} | other
    return Door(desk=Office().desk, views=MemoryViews(), **tokens)


async def test_a_proxy_in_the_environment_does_not_stand_before_this_machine(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with stage() as s:
        await s.page.command("ana", "incident", "/rollback help")
        await s.whisper("ana", "Rollbot plans a rollback")
        assert await s.door.connected()
    assert web_client("xoxb-1", "https://slack.com/api/").proxy == "http://127.0.0.1:9"


@pytest.mark.parametrize("token", ["bot_token", "app_token"])
async def test_a_wrong_token_is_refused_in_words(token: str):
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS)
    await workspace.start()
    try:
        with pytest.raises(Shut, match="SLACK_BOT_TOKEN" if token == "bot_token" else "SLACK_APP_TOKEN"):
            await door(workspace, **{token: "xoxb-wrong" if token == "bot_token" else "xapp-wrong"}).start()
    finally:
        await workspace.stop()


async def test_it_waits_for_a_slack_that_is_not_there_yet():
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS)
    await workspace.start()
    port = int(workspace.api_url.split(":")[2].split("/")[0])
    way_in = door(workspace)
    await workspace.stop()
    starting = asyncio.create_task(way_in.start())
    await asyncio.sleep(0)
    assert not starting.done()
    await workspace.start(port=port)
    try:
        await starting
        assert await way_in.connected()
    finally:
        await way_in.stop()
        await workspace.stop()
    assert not await way_in.connected()


async def test_it_says_as_whom_it_is_connected():
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS)
    await workspace.start()
    try:
        who = await door(workspace).identify()
        assert (who.name, who.team, who.user_id) == ("rollbot", "Local workspace", "U0ROLLBOT")
    finally:
        await workspace.stop()


async def test_a_dropped_connection_is_made_again():
    async with stage() as s:
        await s.workspace.fault("disconnect")
        async with asyncio.timeout(20):
            while s.workspace.bots != 1 or not await s.door.connected():
                await asyncio.sleep(0.02)
        async with PageClient(s.workspace.url) as page:
            await page.command("ana", "incident", "/rollback help")
        await s.whisper("ana", "Rollbot plans a rollback")


def test_an_empty_signing_secret_opens_no_door():
    with pytest.raises(Shut, match="empty"):
        Door(
            desk=Office().desk,
            views=MemoryViews(),
            bot_token="xoxb-1",
            api_url="http://127.0.0.1:9/api/",
            http=HttpSettings(secret=SecretStr("")),
        )
