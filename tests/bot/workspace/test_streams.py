"""Streams: for whom they grow, what they take, and when Slack gives up on them; and the smaller methods beside them."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.client import PageClient
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.workspace.conftest import DIRECTORY, TIMING

FOR = {"channel": "C0DEPLOY", "recipient_user_id": "U0RAJ", "recipient_team_id": "T0LOCAL"}


class Hours:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
async def workspace(hours: Hours) -> AsyncIterator[Workspace]:
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS, timing=TIMING, clock=hours)
    await workspace.start()
    yield workspace
    await workspace.stop()


async def refused(web: AsyncWebClient, method: str, **arguments: object) -> str:
    with pytest.raises(SlackApiError) as no:
        await web.api_call(method, json=arguments)
    return str(no.value.response["error"])


def text(words: str) -> dict:
    return {"type": "markdown_text", "text": words}


def task(status: str, **more: str) -> dict:
    return {"type": "task_update", "id": "1", "title": "order-service", "status": status, **more}


async def test_a_stream_grows_for_its_recipient_and_for_others_at_its_end(web: AsyncWebClient, page: PageClient):
    ts = (await web.api_call("chat.startStream", json=FOR | {"markdown_text": "Looking"}))["ts"]
    await page.wait_message(lambda m: m["text"] == "Looking")
    await web.api_call(
        "chat.appendStream", json={"channel": "C0DEPLOY", "ts": ts, "chunks": [text(" closer"), task("in_progress")]}
    )
    grown = await page.wait_for(lambda frame: frame["type"] == "stream")
    assert (grown["user"], grown["message"]["text"]) == ("U0RAJ", "Looking closer")
    assert page.view.messages["C0DEPLOY"][ts]["text"] == "Looking"
    end = [task("complete", output="verified"), {"type": "plan_update", "title": "Rolled back"}]
    await web.api_call("chat.stopStream", json={"channel": "C0DEPLOY", "ts": ts, "chunks": end, "blocks": [{"type": "divider"}]})
    whole = await page.wait_message(lambda m: m["ts"] == ts and m["text"] == "Looking closer")
    assert [block["type"] for block in whole["blocks"]] == ["markdown", "plan", "divider"]
    assert whole["blocks"][1]["title"] == "Rolled back"
    assert [(one["task_id"], one["status"]) for one in whole["blocks"][1]["tasks"]] == [("1", "complete")]


async def test_a_stream_needs_a_recipient_and_one_kind_of_news(web: AsyncWebClient):
    assert await refused(web, "chat.startStream", channel="C0DEPLOY") == "missing_recipient_user_id"
    assert await refused(web, "chat.startStream", channel="C0DEPLOY", recipient_user_id="U0RAJ") == "missing_recipient_team_id"
    assert await refused(web, "chat.startStream", **FOR | {"recipient_user_id": "U404"}) == "user_not_found"
    ts = (await web.api_call("chat.startStream", json=FOR))["ts"]
    here = {"channel": "C0DEPLOY", "ts": ts}
    assert await refused(web, "chat.appendStream", **here) == "invalid_arguments"
    assert await refused(web, "chat.appendStream", **here, markdown_text="a", chunks=[text("b")]) == "invalid_arguments"
    for chunk in (
        {"type": "song"},
        {"type": "task_update", "id": "1"},
        task("completed"),
        task("pending", details="x" * 257),
        {"type": "plan_update", "title": "x" * 257},
        {"type": "blocks", "blocks": []},
        "text",
    ):
        assert await refused(web, "chat.appendStream", **here, chunks=[chunk]) == "invalid_chunks"
    assert await refused(web, "chat.appendStream", **here, markdown_text="x" * 12_001) == "msg_too_long"
    assert await refused(web, "chat.appendStream", channel="C0DEPLOY", ts="1.0", markdown_text="x") == "message_not_found"


async def test_while_it_streams_nothing_else_edits_it_and_afterwards_it_may(web: AsyncWebClient):
    ts = (await web.api_call("chat.startStream", json=FOR | {"markdown_text": "a"}))["ts"]
    assert await refused(web, "chat.update", channel="C0DEPLOY", ts=ts, text="b") == "streaming_state_conflict"
    await web.api_call("chat.stopStream", json={"channel": "C0DEPLOY", "ts": ts})
    await web.chat_update(channel="C0DEPLOY", ts=ts, text="b")
    for method in ("chat.appendStream", "chat.stopStream"):
        assert await refused(web, method, channel="C0DEPLOY", ts=ts, markdown_text="c") == "message_not_in_streaming_state"


async def test_a_stream_dies_of_silence_and_of_age_and_an_edit_repairs_it(web: AsyncWebClient, hours: Hours):
    ts = (await web.api_call("chat.startStream", json=FOR | {"markdown_text": "a"}))["ts"]
    for _ in range(10):
        hours.now += 29
        await web.api_call("chat.appendStream", json={"channel": "C0DEPLOY", "ts": ts, "markdown_text": "."})
    hours.now += 29
    assert (
        await refused(web, "chat.appendStream", channel="C0DEPLOY", ts=ts, markdown_text=".") == "message_not_in_streaming_state"
    )
    await web.chat_update(channel="C0DEPLOY", ts=ts, text="repaired")
    silent = (await web.api_call("chat.startStream", json=FOR | {"markdown_text": "a"}))["ts"]
    hours.now += 31
    assert await refused(web, "chat.stopStream", channel="C0DEPLOY", ts=silent) == "message_not_in_streaming_state"


async def test_people_are_found_by_address_and_the_team_says_its_name(web: AsyncWebClient):
    assert (await web.team_info())["team"]["name"] == "Local workspace"
    assert await refused(web, "team.info", team="T404") == "team_not_found"
    assert await refused(web, "users.lookupByEmail", email="nobody@example.com") == "users_not_found"
