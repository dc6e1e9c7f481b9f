"""HTTP delivery: signed requests to the bot's address, with Slack's deadlines, retries and silences."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.listening import stop_listening
from bot.workspace.client import PageClient
from bot.workspace.server import Workspace


@dataclass
class Bot:
    """An address that answers what it was told to, and keeps what came."""

    url: str = ""
    answers: list[web.Response | float] = field(default_factory=list)
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.text()))
        answer = self.answers.pop(0) if self.answers else web.Response()
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return web.Response()
        return answer

    async def came(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.requests) < count:
                await asyncio.sleep(0.01)


@pytest.fixture
async def bot(workspace: Workspace) -> AsyncIterator[Bot]:
    bot = Bot()
    site = web.Application()
    site.add_routes([web.post("/slack/events", bot.take)])
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await workspace.request_url(bot.url)
    yield bot
    await workspace.request_url("")
    await stop_listening(runner)


async def test_a_command_is_a_signed_form_and_its_answer_is_shown(workspace: Workspace, page: PageClient, bot: Bot):
    bot.answers.append(web.json_response({"text": "Looking"}))
    assert (await page.command("ana", "deploys", "/rollback payload & more"))["acknowledged"]
    await page.wait_message(lambda m: m["text"] == "Looking" and m["ephemeral"])
    headers, body = bot.requests[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "command=%2Frollback" in body
    assert SignatureVerifier(workspace.signing_secret).is_valid_request(body, headers)


async def test_words_that_are_no_json_are_an_answer_too(page: PageClient, bot: Bot):
    bot.answers.append(web.Response(text="plain"))
    await page.command("ana", "deploys", "/rollback x")
    await page.wait_message(lambda m: m["text"] == "plain")


@pytest.mark.parametrize("answer", [web.Response(status=401), web.Response(status=500), 5.0])
async def test_a_bot_that_fails_is_shown_to_the_person_and_not_asked_again(
    page: PageClient, bot: Bot, answer: web.Response | float
):
    bot.answers.append(answer)
    assert not (await page.command("ana", "deploys", "/rollback x"))["acknowledged"]
    failed = await page.wait_for(lambda frame: frame["type"] == "failed")
    assert ("operation_timeout" if answer == 5.0 else "dispatch_failed") in failed["text"]
    assert len(bot.requests) == 1


async def test_an_event_comes_again_until_it_is_answered(page: PageClient, bot: Bot):
    bot.answers += [web.Response(status=500), web.Response(status=503)]
    await page.say("ana", "deploys", "@rollbot status")
    await bot.came(3)
    mentions = [(headers, json.loads(body)) for headers, body in bot.requests if "app_mention" in body]
    numbers = [headers.get("X-Slack-Retry-Num") for headers, _ in bot.requests]
    assert "1" in numbers
    assert len({body["event_id"] for _, body in mentions}) == 1


async def test_a_late_click_arrives_after_the_person_was_told_that_it_failed(workspace: Workspace, page: PageClient, bot: Bot):
    await page.fault("late")
    assert not (await page.command("ana", "deploys", "/rollback x"))["acknowledged"]
    await bot.came(1)
    await page.fault("duplicate")
    await page.command("ana", "deploys", "/rollback y")
    await bot.came(3)
