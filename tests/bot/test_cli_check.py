"""`rollbot check` tells the reasons of a silent bot apart, each with its cure, and shows no secret."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot import clock
from bot.cli.check import findings
from bot.cli.finding import Mark
from bot.listening import stop_listening
from bot.settings import Mode, Settings, SettingsError, load
from bot.slack.web import web_client
from bot.store.keys import Keys
from bot.store.replicas import Replicas
from bot.workspace.directory import Bot
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.slack.stage import DIRECTORY, stage
from tests.bot.test_serving import CATALOG


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS)
    await workspace.start()
    yield workspace
    await workspace.stop()


@pytest.fixture
def given(workspace: Workspace, tmp_path: Path, store_url: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    catalog = tmp_path / "services.json"
    catalog.write_text(json.dumps(CATALOG))
    return {
        "catalog": catalog,
        "state_dir": tmp_path,
        "redis_url": store_url,
        "environment": f"c{abs(hash(request.node.name)) % 10**8}",
        "policy": {"approvers": {"users": ["UBEN"], "groups": ["SSRE"]}},
        "slack_api_url": workspace.api_url,
        "slack_bot_token": workspace.bot_token,
        "slack_app_token": workspace.app_token,
        "slack_signing_secret": workspace.signing_secret,
    }


async def said(given: dict[str, Any], mark: Mark | None = None) -> str:
    return "\n".join([f"{f.about} {f.text}" async for f in findings(Settings(**given)) if mark in (None, f.mark)])


@pytest.mark.parametrize("mode", list(Mode))
async def test_where_all_is_well_it_says_as_whom_and_where(given: dict[str, Any], mode: Mode):
    told = await said(given | {"mode": mode})
    assert "connected as @rollbot (U0ROLLBOT) in Local workspace (T0LOCAL)" in told
    assert ("Socket Mode opens" in told) is (mode is Mode.SOCKET)
    assert ("/slack/events" in told) is (mode is Mode.HTTP)
    assert await said(given | {"mode": mode}, Mark.MISSING) == ""
    assert "another bot" not in told


async def test_tokens_that_are_wrong_are_told_apart(given: dict[str, Any]):
    told = await said(given | {"slack_bot_token": "xoxb-other", "slack_app_token": "xapp-other"}, Mark.MISSING)
    assert "SLACK_BOT_TOKEN: invalid_auth: the token is not valid here" in told
    assert "SLACK_APP_TOKEN: invalid_auth" in told
    told = await said(given | {"slack_bot_token": None, "slack_app_token": None}, Mark.MISSING)
    assert "SLACK_BOT_TOKEN is not set" in told
    assert "SLACK_APP_TOKEN is not set" in told
    told = await said(given | {"slack_signing_secret": "", "mode": "http"}, Mark.MISSING)
    assert "SLACK_SIGNING_SECRET is not set" in told


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-A1-2-deadbeef", "app-level token, which belongs in SLACK_APP_TOKEN"),
        ("SLACK_BOT_TOKEN", "xoxp-1-2-3-deadbeef", "user token"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxb-1-deadbeef", "token rotation"),
        ("SLACK_BOT_TOKEN", "8f742231b10e8888abcd99deadbeef85", "signing secret"),
        ("SLACK_APP_TOKEN", "xoxb-1-2-deadbeef", "bot token, which belongs in SLACK_BOT_TOKEN"),
        ("SLACK_APP_TOKEN", "https://hooks.slack.com/services/deadbeef", "incoming webhook"),
    ],
)
def test_a_token_of_another_kind_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str, words: str):
    monkeypatch.setenv(name, wrong)
    with pytest.raises(SettingsError) as trouble:
        load()
    assert words in str(trouble.value)
    assert "deadbeef" not in str(trouble.value)


async def test_scopes_that_are_missing_and_the_reinstall_are_named(given: dict[str, Any]):
    poor = Workspace(replace(DIRECTORY, scopes=("commands", "chat:write", "users:read")), rates=NO_LIMITS)
    await poor.start()
    try:
        changed = {"slack_api_url": poor.api_url, "slack_bot_token": poor.bot_token, "slack_app_token": poor.app_token}
        told = await said(given | changed, Mark.MISSING)
        assert "scopes are missing" in told
        assert "usergroups:read" in told
        assert "reinstall" in told
        assert "SSRE: Slack says missing_scope" in await said(given | changed, Mark.WARN)
    finally:
        await poor.stop()


async def test_approvers_that_slack_does_not_know_are_named(given: dict[str, Any]):
    policy = {"approvers": {"users": ["U404", "cli:ana"], "groups": ["S404"]}}
    told = await said(given | {"policy": policy}, Mark.WARN)
    assert "approver U404: Slack says user_not_found" in told
    assert "approver group S404: Slack says no_such_subteam" in told
    assert "cli:ana" not in told


async def test_another_bot_on_the_same_app_is_noticed(given: dict[str, Any]):
    async with stage() as other:
        changed = {
            "slack_api_url": other.workspace.api_url,
            "slack_bot_token": other.workspace.bot_token,
            "slack_app_token": other.workspace.app_token,
        }
        told = await said(given | changed, Mark.WARN)
        assert "1 more connections are open although nobody serves here" in told


async def test_beside_our_own_bot_no_socket_is_opened(given: dict[str, Any], workspace: Workspace, store):
    replicas = Replicas(store, Keys(given["environment"]), clock.now)
    await replicas.beat("host-1", 1)
    told = await said(given)
    assert "serving now: host-1" in told
    assert "another bot" not in told
    assert workspace.bots == 0
    await replicas.beat("host-1", 2)
    assert "another bot uses this app" in await said(given, Mark.WARN)


async def test_two_tokens_of_two_apps_are_told(given: dict[str, Any], workspace: Workspace):
    """One address for two apps, as Slack is: the app-level token's calls go to the other one."""
    other = Workspace(replace(DIRECTORY, bot=Bot(app_id="A0OTHER")), rates=NO_LIMITS)
    await other.start()

    async def forward(request: web.Request) -> web.Response:
        of_app = request.match_info["method"] == "apps.connections.open"
        at, token = (other, other.app_token) if of_app else (workspace, workspace.bot_token)
        client = web_client(token, at.api_url)
        answer = await client.api_call(request.match_info["method"], data=dict(await request.post()) | {"token": token})
        return web.json_response(answer.data)

    site = web.Application()
    site.add_routes([web.post("/api/{method}", forward), web.get("/api/{method}", forward)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        api = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        told = await said(given | {"slack_api_url": api}, Mark.MISSING)
        assert "the tokens belong to two apps: SLACK_BOT_TOKEN to A0ROLLBOT, SLACK_APP_TOKEN to A0OTHER" in told
    finally:
        await stop_listening(runner)
        await other.stop()


async def test_mistakes_of_runtimes_and_checks_are_named(given: dict[str, Any], tmp_path: Path):
    catalog = json.loads(json.dumps(CATALOG))
    catalog["services"][0]["runtime"] = {"kind": "local_process", "comand": ["x"]}
    catalog["services"][0]["checks"] = [{"name": "checkout", "probe": "http", "url": "ftp://x"}]
    given["catalog"].write_text(json.dumps(catalog))
    told = await said(given, Mark.WARN) + await said(given, Mark.MISSING)
    assert "comand" in told
    assert "“checkout”: url" in told


async def test_no_secret_is_ever_shown(given: dict[str, Any], workspace: Workspace):
    everything = await said(given) + await said(
        given | {"slack_bot_token": "xoxb-deadbeef", "redis_url": "redis://:hunter2@127.0.0.1:1"}
    )
    for secret in (workspace.bot_token, workspace.app_token, workspace.signing_secret, "deadbeef", "hunter2"):
        assert secret not in everything


async def test_several_workspaces_need_a_secret_and_names(given: dict[str, Any]):
    several = given | {"mode": "http", "slack_client_id": "1.2", "slack_bot_token": None}
    assert "SLACK_CLIENT_SECRET is not set" in await said(several, Mark.MISSING)
    assert "nobody may install" in await said(several | {"slack_client_secret": "sesame"}, Mark.MISSING)
    told = await said(several | {"slack_client_secret": "sesame", "slack_teams": ["T1", "E9"]})
    assert "T1, E9 may install at /slack/install" in told
    assert "SLACK_BOT_TOKEN" not in told
