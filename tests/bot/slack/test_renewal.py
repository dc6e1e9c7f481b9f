"""Tokens that end: renewed once before they do, by one replica, kept whole, and readable by nobody who only has the store."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.installation import Installation
from bot.listening import stop_listening
from bot.slack.renewal import Credentials, Renewing
from bot.slack.tasks import Tasks
from bot.slack.web import web_client
from bot.store.installations import Installations
from bot.store.safe import CannotOpen, Safe

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ONE = Installation(
    team_id="T1",
    team="One",
    enterprise_id="",
    is_org=False,
    token="xoxe.xoxb-0",
    bot_user_id="UBOT",
    scopes=("commands",),
    installed_by="UANA",
    at=NOW,
    refresh_token="xoxe-1-0",
    expires_at=NOW + timedelta(hours=12),
)
KEYS = ("a" * 32, "b" * 32)


class Slack:
    """Takes each refresh token once, as Slack does."""

    def __init__(self) -> None:
        self.url = ""
        self.given = 0
        self.valid = {"xoxe-1-0"}
        self.answer = asyncio.Event()
        self.answer.set()
        self.error = ""

    async def access(self, request: web.Request) -> web.Response:
        said = await request.post()
        await self.answer.wait()
        if self.error:
            return web.json_response({"ok": False, "error": self.error})
        if said["refresh_token"] not in self.valid or said["client_secret"] != "sesame":
            return web.json_response({"ok": False, "error": "invalid_refresh_token"})
        self.valid.remove(str(said["refresh_token"]))
        self.given += 1
        self.valid.add(f"xoxe-1-{self.given}")
        pair = {"access_token": f"xoxe.xoxb-{self.given}", "refresh_token": f"xoxe-1-{self.given}", "expires_in": 43200}
        return web.json_response({"ok": True, "token_type": "bot", **pair})


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@asynccontextmanager
async def slack() -> AsyncIterator[Slack]:
    found, site = Slack(), web.Application()
    site.add_routes([web.post("/api/oauth.v2.access", found.access)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield found
    finally:
        await stop_listening(runner)


def replica(store, keys, to: Slack, clock: Clock) -> tuple[Renewing, Tasks]:
    tasks = Tasks()
    credentials = Credentials(client=web_client(None, to.url), client_id="1.2", client_secret="sesame")
    return Renewing(Installations(store, keys, Safe(KEYS[:1])), credentials, tasks, now=clock), tasks


async def test_a_token_is_renewed_before_it_ends_while_the_old_one_still_answers(store, keys):
    async with slack() as there:
        clock = Clock()
        one, tasks = replica(store, keys, there, clock)
        await one.save(ONE)
        clock.at = NOW + timedelta(hours=9, minutes=59)
        assert (await one.find("T1")).token == "xoxe.xoxb-0"
        assert there.given == 0
        clock.at = NOW + timedelta(hours=10)
        there.answer.clear()
        assert (await one.find("T1")).token == "xoxe.xoxb-0", "nobody waits while it still works"
        there.answer.set()
        await tasks.drain(5)
        found = await one.find("T1")
        assert (found.token, found.refresh_token, found.expires_at) == ("xoxe.xoxb-1", "xoxe-1-1", clock.at + timedelta(hours=12))
        clock.at = found.expires_at
        assert (await one.find("T1")).token == "xoxe.xoxb-2", "whoever comes after the end waits for the next one"


async def test_many_replicas_renew_once(store, keys):
    async with slack() as there:
        clock = Clock()
        replicas = [replica(store, keys, there, clock) for _ in range(4)]
        await replicas[0][0].save(ONE)
        clock.at = NOW + timedelta(hours=12)
        found = await asyncio.gather(*(one.find("T1") for one, _ in replicas for _ in range(5)))
        assert {installation.token for installation in found} == {"xoxe.xoxb-1"}
        assert there.given == 1
        for _, tasks in replicas:
            await tasks.drain(5)


async def test_a_new_pair_never_overwrites_a_newer_installation(store, keys):
    async with slack() as there:
        clock = Clock()
        one, tasks = replica(store, keys, there, clock)
        await one.save(ONE)
        clock.at = NOW + timedelta(hours=11)
        there.answer.clear()
        await one.find("T1")
        newer = replace(ONE, token="xoxe.xoxb-new", refresh_token="xoxe-1-new", expires_at=clock.at + timedelta(hours=12))
        await one.save(newer)
        there.answer.set()
        await tasks.drain(5)
        assert await one.find("T1") == newer


async def test_a_store_that_is_away_does_not_lose_the_pair(store, keys):
    async with slack() as there:
        clock = Clock()
        one, tasks = replica(store, keys, there, clock)
        await one.save(ONE)
        clock.at = NOW + timedelta(hours=11)
        kept, fails = one._kept.renewed, 3

        async def away(old, new):
            nonlocal fails
            fails -= 1
            if fails >= 0:
                raise ConnectionError
            return await kept(old, new)

        async def at_once(_):
            await asyncio.sleep(0)

        one._kept.renewed, one._sleep = away, at_once
        await one.find("T1")
        await tasks.drain(5)
        assert (await one.find("T1")).token == "xoxe.xoxb-1"


async def test_a_refresh_token_that_slack_refuses_is_not_asked_again_at_once_and_the_cure_is_logged(store, keys):
    async with slack() as there:
        clock = Clock()
        one, tasks = replica(store, keys, there, clock)
        await one.save(replace(ONE, refresh_token="xoxe-1-gone"))
        clock.at = NOW + timedelta(hours=11)
        with capture_logs() as logs:
            for _ in range(5):
                assert (await one.find("T1")).token == "xoxe.xoxb-0"
                await tasks.drain(5)
        assert [line["log_level"] for line in logs] == ["error"]
        assert "/slack/install" in logs[0]["event"]
        assert "xoxe" not in str(logs)


async def test_the_store_holds_no_token_that_can_be_read(store, keys):
    kept = Installations(store, keys, Safe(KEYS[:1]))
    await kept.save(ONE)
    raw = await store.hgetall(keys.installed)
    assert "xox" not in str(raw)
    assert await kept.find("T1") == ONE
    with capture_logs() as logs:
        assert await Installations(store, keys, Safe(KEYS[1:])).find("T1") is None
        assert await Installations(store, keys).find("T1") is None
    assert all("ROLLBOT_TOKEN_KEY" in line["event"] for line in logs)
    # Another workspace's entry in this one's place is nobody's.
    await store.hset(keys.installed, mapping={"T2": raw["T1"]})
    assert await kept.find("T2") is None


async def test_what_stood_there_plain_or_under_an_older_key_is_encrypted_with_the_newest(store, keys):
    await Installations(store, keys).save(ONE)
    await Installations(store, keys, Safe(KEYS[1:])).save(replace(ONE, team_id="T2"))
    both = Installations(store, keys, Safe(KEYS))
    assert [await both.reseal(), await both.reseal()] == [2, 0]
    newest = Installations(store, keys, Safe(KEYS[:1]))
    assert (await newest.find("T1")).token == (await newest.find("T2")).token == ONE.token
    assert await Installations(store, keys).reseal() == 0


async def test_what_was_stored_before_tokens_could_end_is_still_read(store, keys):
    said = json.dumps({"team_id": "T1", "team": "One", "enterprise_id": "", "is_org": False, "token": "xoxb-1"})
    more = {"bot_user_id": "U", "scopes": ["commands"], "installed_by": "UANA", "at": NOW.isoformat()}
    await store.hset(keys.installed, mapping={"T1": json.dumps(json.loads(said) | more)})
    found = await Installations(store, keys).find("T1")
    assert (found.token, found.refresh_token, found.expires_at) == ("xoxb-1", "", None)


@pytest.mark.parametrize("change", [lambda text: text[:-5] + "AAAA=", lambda text: text[:20], lambda _: "fernet:é"])
def test_a_changed_text_opens_for_nobody(change):
    safe = Safe(KEYS)
    with pytest.raises(CannotOpen) as raised:
        safe.open(change(safe.close("xoxb-secret")))
    assert "xox" not in str(raised.value)
