"""Several workspaces behind one address: installed with consent, told apart, each spoken to with its own token."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from structlog.testing import capture_logs

from bot.listening import stop_listening
from bot.slack.door import Shut
from bot.slack.http_doors import Doors, OAuth
from bot.slack.http_way import HttpSettings
from bot.slack.live import Live
from bot.store.installations import Installations
from tests.bot.slack.stage import MemorySeen, MemoryViews
from tests.bot.slack.test_http import NOW, SECRET, signed
from tests.commands.fakes import Office

GRANTS: dict[str, dict[str, Any]] = {
    "one": {"team": {"id": "T1", "name": "One"}, "enterprise": None, "access_token": "xoxb-one"},
    "two": {"team": {"id": "T2", "name": "Two"}, "enterprise": None, "access_token": "xoxb-two"},
    "org": {
        "team": None,
        "enterprise": {"id": "E9", "name": "Org"},
        "is_enterprise_install": True,
        "access_token": "xoxb-org",
    },
    "stranger": {"team": {"id": "T666", "name": "Stranger"}, "enterprise": None, "access_token": "xoxb-stranger"},
}


@dataclass
class Slack:
    """Slack for several workspaces: keeps what was called with which token."""

    url: str = ""
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = dict(request.query) | dict(await request.post() if request.content_type != "application/json" else {})
        if request.content_type == "application/json":
            given |= await request.json()
        token = str(given.pop("token", "") or request.headers.get("Authorization", "").removeprefix("Bearer "))
        self.calls.append((method, token, given))
        match method:
            case "oauth.v2.access":
                grant = GRANTS.get(given["code"])
                if grant is None or given["client_secret"] != "sesame":
                    return web.json_response({"ok": False, "error": "invalid_code"})
                about = {"app_id": "A1", "scope": "commands", "bot_user_id": "UBOT", "authed_user": {"id": "UANA"}}
                return web.json_response({"ok": True, **about, **grant})
            case "usergroups.users.list" if token == "xoxb-org" and not given.get("team_id"):
                return web.json_response({"ok": False, "error": "missing_argument"})
            case "usergroups.users.list":
                return web.json_response({"ok": True, "users": ["USUE"]})
            case "conversations.info":
                return web.json_response({"ok": True, "channel": {"id": given["channel"]}})
            case _:
                more = {"bot_id": "B1", "ts": f"{len(self.calls)}.0", "channel": given.get("channel"), "messages": []}
                return web.json_response({"ok": True, "url": "https://x.slack.com/", **more})

    async def hook(self, request: web.Request) -> web.Response:
        self.calls.append(("response_url", "", await request.json()))
        return web.Response(text="ok")

    def made(self, method: str) -> list[tuple[str, dict[str, Any]]]:
        return [(token, given) for name, token, given in self.calls if name == method]


@dataclass
class House:
    slack: Slack
    doors: Doors
    store: Installations
    office: Office
    session: aiohttp.ClientSession

    @property
    def at(self) -> str:
        return f"http://127.0.0.1:{self.doors.way.port}"

    async def visit(self, path: str, cookie: str = "") -> tuple[int, str, str]:
        async with self.session.get(self.at + path, headers={"Cookie": cookie} if cookie else {}) as answer:
            return answer.status, await answer.text(), answer.headers.get("Set-Cookie", "")

    async def begin(self) -> tuple[str, str]:
        """A visit of the install page: the state, and the browser's cookie."""
        status, page, cookie = await self.visit("/slack/install")
        assert status == 200
        link = page.split('<a href="')[1].split('"')[0].replace("&amp;", "&")
        assert link.startswith(self.slack.url.removesuffix("api/") + "oauth/v2/authorize?")
        assert {"Secure", "HttpOnly"} <= {part.strip() for part in cookie.split(";")}
        return parse_qs(urlsplit(link).query)["state"][0], cookie.split(";")[0]

    async def install(self, code: str) -> int:
        state, cookie = await self.begin()
        return (await self.visit(f"/slack/oauth_redirect?{urlencode({'code': code, 'state': state})}", cookie))[0]

    async def post(self, body: bytes, content_type: str = "") -> tuple[int, str]:
        async with self.session.post(
            f"{self.at}/slack/events", data=body, headers=signed(body, content_type=content_type)
        ) as got:
            return got.status, await got.text()

    async def command(self, text: str, team: str, *, channel: str, user: str = "UANA", org: str = "") -> tuple[int, str]:
        fields = {"command": "/rollback", "text": text, "team_id": team, "channel_id": channel, "user_id": user}
        fields |= {"response_url": self.slack.url.replace("/api/", "/hook"), "trigger_id": "1.2.3", "api_app_id": "A1"}
        fields |= {"enterprise_id": org, "is_enterprise_install": "true"} if org else {"is_enterprise_install": "false"}
        return await self.post(urlencode(fields).encode())

    async def called(self, method: str, count: int = 1) -> list[tuple[str, dict[str, Any]]]:
        async with asyncio.timeout(10):
            while len(self.slack.made(method)) < count:
                await asyncio.sleep(0.01)
        return self.slack.made(method)


@pytest.fixture
async def house(store, keys) -> AsyncIterator[House]:
    async with opened(Installations(store, keys)) as found:
        yield found


@asynccontextmanager
async def opened(installations: Installations, names: tuple[str, ...] = ("T1", "T2", "E9")) -> AsyncIterator[House]:
    slack = Slack()
    site = web.Application()
    site.add_routes([web.route("*", "/api/{method}", slack.api), web.post("/hook", slack.hook)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    office, views = Office(), MemoryViews()
    doors = Doors(
        desk=office.desk,
        views=views,
        api_url=slack.url,
        http=HttpSettings(secret=SecretStr(SECRET), port=0, clock=lambda: NOW),
        oauth=OAuth(client_id="1.2", client_secret=SecretStr("sesame"), names=frozenset(names)),
        installations=installations,
        states=installations,
        seen=MemorySeen(),
    )
    await doors.start()
    live = Live(desk=office.desk, client=doors.client, feed=office.runs, views=views, owner="one", edit_interval=0.05)
    task = asyncio.create_task(live.run())
    try:
        async with aiohttp.ClientSession() as session:
            yield House(slack, doors, installations, office, session)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await doors.stop()
        await stop_listening(runner)


async def test_each_workspace_is_answered_with_its_own_token(house: House):
    assert await house.install("one") == 200
    assert await house.install("two") == 200
    assert (await house.command("order-service", "T1", channel="C1"))[0] == 200
    assert (await house.command("payment-service", "T2", channel="C2"))[0] == 200
    spoken: set[tuple[str, str]] = set()
    async with asyncio.timeout(10):
        while len(spoken) < 2:
            await asyncio.sleep(0.01)
            spoken = {(token, given["channel"]) for token, given in house.slack.made("chat.postMessage")}
    assert spoken == {("xoxb-one", "C1"), ("xoxb-two", "C2")}
    for token, given in house.slack.made("conversations.info"):
        assert token == {"C1": "xoxb-one", "C2": "xoxb-two"}[given["channel"]]


async def test_another_replica_knows_who_speaks_in_a_channel(house: House):
    await house.install("two")
    await house.command("order-service", "T2", channel="C2")
    await house.called("chat.postMessage")
    async with opened(house.store) as other:
        await other.doors.client.chat_postMessage(channel="C2", text="x")
        assert other.slack.made("chat.postMessage")[-1][0] == "xoxb-two"
        with pytest.raises(SlackApiError, match="not_installed"):
            await other.doors.client.chat_postMessage(channel="C404", text="x")


async def test_an_organisations_token_says_which_workspace_it_means(house: House):
    assert await house.install("org") == 200
    assert (await house.command("order-service", "T77", channel="C9", org="E9"))[0] == 200
    (token, given), *_ = await house.called("usergroups.users.list")
    assert (token, given["team_id"]) == ("xoxb-org", "T77")
    assert (await house.called("chat.postMessage"))[0][0] == "xoxb-org"


async def test_a_workspace_that_did_not_install_is_told_so_and_nothing_happens(house: House):
    await house.install("one")
    status, text = await house.command("order-service", "T2", channel="C2")
    assert status == 200
    assert "not installed in this workspace" in text
    assert await house.office.runs.recent(5) == ()


async def test_only_those_that_are_named_may_install_and_the_token_is_given_back(house: House):
    with capture_logs() as logs:
        assert await house.install("stranger") == 500
    assert house.slack.made("auth.revoke")[0][0] == "xoxb-stranger"
    assert await house.store.find("T666") is None
    assert "xoxb" not in str(logs)


async def test_a_name_taken_off_the_list_is_locked_out(house: House):
    await house.install("two")
    async with opened(house.store, ("T1",)) as stricter:
        status, text = await stricter.command("order-service", "T2", channel="C2")
        assert (status, "not installed" in text) == (200, True)


async def test_a_state_is_good_once_for_ten_minutes_and_for_one_browser(house: House, store, keys):
    state, cookie = await house.begin()
    way_back = f"/slack/oauth_redirect?{urlencode({'code': 'one', 'state': state})}"
    assert (await house.visit(way_back))[0] == 400
    assert (await house.visit(way_back, "slack-app-oauth-state=other"))[0] == 400
    assert (await house.visit(way_back, cookie))[0] == 200
    assert (await house.visit(way_back, cookie))[0] == 401
    made_up = f"/slack/oauth_redirect?{urlencode({'code': 'two', 'state': 'made-up'})}"
    assert (await house.visit(made_up, "slack-app-oauth-state=made-up"))[0] == 401
    assert await house.store.find("T2") is None
    fresh, _ = await house.begin()
    left = await store.pttl(keys.oauth_state(fresh))
    assert 590_000 < left <= 600_000


async def test_twenty_ways_back_at_once_install_once(house: House):
    state, cookie = await house.begin()
    way_back = f"/slack/oauth_redirect?{urlencode({'code': 'one', 'state': state})}"
    answers = await asyncio.gather(*(house.visit(way_back, cookie) for _ in range(20)))
    assert sorted(status for status, _, _ in answers) == [200] + [401] * 19
    assert len(house.slack.made("oauth.v2.access")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?error=access_denied",
        "?error=%3Cscript%3E",
        "?code=",
        "?state=&code=one",
        "?code=one&state=%00%ff",
        "?state=" + "x" * 5000,
    ],
)
async def test_hostile_ways_back_cost_nothing(house: House, query: str):
    status, text, _ = await house.visit(f"/slack/oauth_redirect{query}", "slack-app-oauth-state=")
    assert status < 500
    assert "<script>" not in text
    assert house.slack.made("oauth.v2.access") == []


async def test_no_token_code_or_secret_is_logged(house: House, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    with capture_logs() as logs:
        await house.install("one")
        await house.install("bad-code")
        await house.command("order-service", "T1", channel="C1")
        await house.called("chat.postMessage")
    everything = str(logs) + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith(("bot", "slack_oauth"))
    )
    for secret in ("xoxb-one", "sesame", "bad-code", SECRET):
        assert secret not in everything
    assert "xoxb" not in repr(await house.store.find("T1"))


async def test_a_workspace_that_removed_the_app_is_forgotten(house: House):
    await house.install("one")
    given = {"team_id": "T1", "enterprise_id": None, "is_enterprise_install": False, "user_id": "UBOT"}
    event = {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T1",
        "event": {"type": "app_uninstalled"},
        "authorizations": [given],
    }
    assert (await house.post(json.dumps(event).encode(), "application/json"))[0] == 200
    assert await house.store.find("T1") is None


async def test_slack_may_verify_the_address_before_anybody_installed(house: House):
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert await house.post(body, "application/json") == (200, json.dumps({"challenge": "abc"}))


async def test_nobody_may_install_where_nobody_is_named(store, keys):
    installations = Installations(store, keys)
    with pytest.raises(Shut, match="ROLLBOT_SLACK_TEAMS"):
        Doors(
            desk=Office().desk,
            views=MemoryViews(),
            api_url="http://127.0.0.1:9/api/",
            http=HttpSettings(secret=SecretStr(SECRET)),
            oauth=OAuth(client_id="1.2", client_secret=SecretStr("sesame"), names=frozenset()),
            installations=installations,
            states=installations,
        )
