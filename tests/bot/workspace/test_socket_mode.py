"""Socket Mode by its own rules: tickets, one delivery, deadlines, redelivery, disconnects, faults."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.client import PageClient
from bot.workspace.server import Workspace

Body = dict[str, Any]


class RawBot:
    """A bot that sees bare envelopes and acknowledges only when told to."""

    def __init__(self, session: aiohttp.ClientSession, workspace: Workspace) -> None:
        self.session, self.workspace = session, workspace
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def address(self) -> str:
        client = AsyncWebClient(token=self.workspace.app_token, base_url=self.workspace.api_url)
        return str((await client.apps_connections_open(app_token=self.workspace.app_token))["url"])

    async def connect(self) -> tuple[aiohttp.ClientWebSocketResponse, Body]:
        socket = await self.session.ws_connect(await self.address())
        self.sockets.append(socket)
        return socket, await socket.receive_json(timeout=5)


@pytest.fixture
async def raw(workspace: Workspace) -> AsyncIterator[RawBot]:
    async with aiohttp.ClientSession() as session:
        yield RawBot(session, workspace)


async def test_a_connection_says_hello_and_its_ticket_works_once(raw: RawBot) -> None:
    address = await raw.address()
    async with raw.session.ws_connect(address) as socket:
        hello = await socket.receive_json(timeout=5)
        assert hello["type"] == "hello" and hello["num_connections"] == 1
        assert hello["connection_info"]["app_id"] == "A0ROLLBOT" and hello["debug_info"]["approximate_connection_time"] > 0
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await raw.session.ws_connect(address)


async def test_each_envelope_reaches_exactly_one_connection_in_turn(raw: RawBot, page: PageClient) -> None:
    first, _ = await raw.connect()
    second, hello = await raw.connect()
    assert hello["num_connections"] == 2

    async def answer_one(socket: aiohttp.ClientWebSocketResponse) -> Body:
        envelope = await socket.receive_json(timeout=5)
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        return envelope

    answers = asyncio.gather(answer_one(first), answer_one(second))
    await asyncio.gather(page.command("ana", "deploys", "/rollback a"), page.command("ana", "deploys", "/rollback b"))
    envelopes = await answers
    assert {envelope["payload"]["text"] for envelope in envelopes} == {"a", "b"}
    assert all(envelope["type"] == "slash_commands" and envelope["accepts_response_payload"] for envelope in envelopes)


async def test_an_unanswered_command_is_shown_as_failed_and_not_sent_again(raw: RawBot, page: PageClient) -> None:
    socket, _ = await raw.connect()
    answer = await page.command("ana", "deploys", "/rollback order-service")
    assert answer["acknowledged"] is False
    failure = await page.wait_for(lambda frame: frame["type"] == "failed")
    assert failure["user"] == "U0ANA" and "operation_timeout" in failure["text"]
    assert (await socket.receive_json(timeout=5))["type"] == "slash_commands"
    await page.say("ana", "open", "nothing for the bot")
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.05)


async def test_a_command_without_any_bot_says_so(page: PageClient) -> None:
    await page.command("ana", "deploys", "/rollback order-service")
    failure = await page.wait_for(lambda frame: frame["type"] == "failed")
    assert "not connected" in failure["text"] and "dispatch_failed" in failure["text"]


async def test_events_come_again_until_they_are_acknowledged(raw: RawBot, page: PageClient) -> None:
    socket, _ = await raw.connect()
    await page.say("ana", "deploys", "@rollbot status")
    seen: list[Body] = []
    while len(seen) < 5:
        envelope = await socket.receive_json(timeout=5)
        if envelope["payload"]["event"]["type"] == "app_mention":
            seen.append(envelope)
            if len(seen) == 4:
                break
        else:
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
    assert [envelope["retry_attempt"] for envelope in seen] == [0, 1, 2, 3]
    assert seen[1]["retry_reason"] == "timeout" and len({envelope["payload"]["event_id"] for envelope in seen}) == 1
    assert not seen[0]["accepts_response_payload"]


async def test_the_eleventh_connection_is_sent_away(raw: RawBot) -> None:
    for number in range(1, 11):
        _, hello = await raw.connect()
        assert hello["num_connections"] == number
    _, frame = await raw.connect()
    assert frame["type"] == "disconnect" and frame["reason"] == "too_many_websockets"


@pytest.mark.parametrize("kind", ["disconnect", "drop_socket"])
async def test_bolt_comes_back_after_a_lost_connection(
    kind: str, workspace: Workspace, app: AsyncApp, page: PageClient, connected: AsyncSocketModeHandler
) -> None:
    @app.command("/rollback")
    async def on_command(ack: Any) -> None:
        await ack("here again")

    await page.wait_for(lambda frame: frame["type"] == "hello")
    mark = page.mark()
    await page.fault(kind)
    await page.wait_for(lambda frame: frame == {"type": "connection", "bots": 0}, since=mark)
    await page.wait_for(lambda frame: frame == {"type": "connection", "bots": 1}, since=mark, timeout=20)
    await page.command("ana", "deploys", "/rollback x")
    await page.wait_message(lambda message: message["text"] == "here again")


async def test_a_duplicate_arrives_twice(app: AsyncApp, page: PageClient, connected: AsyncSocketModeHandler) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    @app.command("/rollback")
    async def on_command(ack: Any, command: Body) -> None:
        await ack()
        await seen.put(command["trigger_id"])

    await page.fault("duplicate")
    await page.command("ana", "deploys", "/rollback x")
    assert await seen.get() == await seen.get()


async def test_a_bad_answer_to_a_command_is_shown_as_failed(raw: RawBot, page: PageClient) -> None:
    socket, _ = await raw.connect()
    typing = asyncio.create_task(page.command("ana", "deploys", "/rollback x"))
    envelope = await socket.receive_json(timeout=5)
    await socket.send_str("no json")
    await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"blocks": [{"type": "nonsense"}]}})
    assert (await typing)["acknowledged"] is False
    failure = await page.wait_for(lambda frame: frame["type"] == "failed")
    assert "not valid (invalid_blocks)" in failure["text"]
