"""The page's protocol: the first frame, what people may do, and the side panel."""

import re
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import page_api
from bot.workspace.client import PageClient, PageRefusedError
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.workspace.conftest import DIRECTORY, TIMING


async def test_hello_tells_all_that_a_page_draws(workspace: Workspace, web: AsyncWebClient) -> None:
    await web.chat_postMessage(channel="C0DEPLOY", text="before")
    async with PageClient(workspace.url) as page:
        hello = page.view.hello
        assert hello["team"]["id"] == "T0LOCAL" and hello["bot"]["id"] == "U0ROLLBOT" and hello["panel"] is None
        assert hello["people"][1] == {
            "id": "U0RAJ",
            "name": "raj",
            "real_name": "Raj Patel",
            "title": "",
            "groups": ["sre"],
            "is_guest": False,
        }
        assert hello["commands"][0] == {
            "command": "/rollback",
            "description": "Roll a service back",
            "usage_hint": "SERVICE [to VERSION]",
        }
        assert hello["messages"]["C0DEPLOY"][0]["text"] == "before"
        assert [message["text"] for message in page.view.newest_first()] == ["before"]


async def test_all_pages_see_the_same(workspace: Workspace, page: PageClient) -> None:
    async with PageClient(workspace.url) as other:
        ts = await page.say("ana", "#deploys", "hello")
        seen = await other.wait_message(lambda message: message["ts"] == ts)
        assert seen["user"] == "U0ANA" and seen["channel"] == "C0DEPLOY"


async def test_people_are_told_why_not(page: PageClient) -> None:
    for user, channel, text, words in (
        ("ana", "deploys", "/rolback x", "is not a valid command"),
        ("ana", "old", "/rollback x", "archived"),
        ("U0RAJ", "G0SECRET", "/rollback x", "sees no channel"),
        ("gus", "open", "/rollback x", "is a guest"),
    ):
        with pytest.raises(PageRefusedError, match=words):
            await page.command(user, channel, text)
    with pytest.raises(PageRefusedError, match="nothing to send"):
        await page.say("ana", "deploys", "  ")
    with pytest.raises(PageRefusedError, match="no fault"):
        await page.fault("earthquake")
    with pytest.raises(LookupError, match="no person"):
        await page.say("eve", "deploys", "x")
    with pytest.raises(PageRefusedError, match="not supported in threads"):
        await page._act("command", user="U0ANA", channel="C0DEPLOY", text="/rollback x", thread_ts="1.000001")


async def test_somebody_who_writes_in_a_public_channel_joins_it(page: PageClient) -> None:
    await page.say("raj", "open", "hello")
    frame = await page.wait_for(lambda frame: frame["type"] == "channel")
    assert frame["channel"]["members"] == ["U0ANA", "U0RAJ"]


async def test_a_direct_message_appears_as_a_channel(page: PageClient, web: AsyncWebClient) -> None:
    await web.chat_postMessage(channel="U0RAJ", text="for you")
    message = await page.wait_message(lambda message: message["text"] == "for you")
    assert page.view.channels[message["channel"]]["is_im"] is True
    with pytest.raises(PageRefusedError, match="sees no channel"):
        await page.say("ana", message["channel"], "let me in")


async def test_the_panel_is_asked_while_a_page_looks_and_sent_when_it_changed() -> None:
    asked = 0

    async def panel() -> dict[str, object]:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise OSError("the shop is away")
        return {"asked": 1 if asked < 4 else 4}

    workspace = Workspace(DIRECTORY, rates=NO_LIMITS, timing=TIMING, panel=panel)
    await workspace.start()
    try:
        assert asked == 0
        async with PageClient(workspace.url) as page:
            assert page.view.hello["panel"] == {"asked": 1}
            frame = await page.wait_for(lambda frame: frame["type"] == "panel")
            assert frame["panel"] == {"asked": 4} and page.view.panel == {"asked": 4}
    finally:
        await workspace.stop()


async def test_a_taken_port_is_an_os_error_and_stop_works_twice(workspace: Workspace) -> None:
    port = int(workspace.api_url.split(":")[2].partition("/")[0])
    second = Workspace(DIRECTORY)
    with pytest.raises(OSError):
        await second.start(port=port)
    await second.stop()
    await workspace.stop()
    await workspace.stop()


async def test_waiting_fails_clearly_when_the_workspace_goes_away(workspace: Workspace) -> None:
    async with PageClient(workspace.url) as page:
        with pytest.raises(TimeoutError, match="nothing that was waited for"):
            await page.wait_for(lambda frame: False, timeout=0.01)
        await workspace.stop()
        with pytest.raises(ConnectionError):
            await page.wait_for(lambda frame: False)


async def test_the_page_itself_is_served(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session, session.get(workspace.url) as response:
        assert response.status == 200 and response.content_type == "text/html"


def test_every_emoji_that_the_bot_writes_is_drawn():
    """A machine without an emoji font shows boxes for the others: three in the morning is no time to guess."""
    folder = Path(page_api.__file__).parent / "page"
    script, drawings = (folder / "emoji.js").read_text("utf-8"), (folder / "emoji.svg").read_text("utf-8")
    names = {found[1].rstrip("\ufe0f"): found[0] for found in re.findall(r'(\w+): "([^"\x00-\x7f]+)"', script)}
    shared = dict(re.findall(r'(\w+): "(\w+)"', script))
    bot = Path(page_api.__file__).parent.parent / "slack" / "render"
    signs = re.compile("[\u2300-\u24ff\u25b6\u2614-\u27bf\U0001f300-\U0001faff]")
    written = {sign for file in bot.glob("*.py") for sign in signs.findall(file.read_text("utf-8"))}
    assert len(written) > 20
    missing = {sign for sign in written if f'id="{shared.get(names.get(sign, ""), names.get(sign, ""))}"' not in drawings}
    assert missing == set()
