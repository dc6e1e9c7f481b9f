"""`rollbot serve` against a local Slack, both ways in: what it says at its start, when it is ready, and what it refuses."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot import serving
from bot.settings import CannotStart, Mode, Settings
from bot.workspace.client import PageClient
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.slack.stage import DIRECTORY

CATALOG = {
    "version": 1,
    "services": [
        {
            "name": "order-service",
            "current": "2.0.0",
            "runtime": {"kind": "local_process", "command": ["sleep", "60"]},
            "releases": [
                {"version": "1.4.2", "deployed_at": "2026-11-01T10:00:00Z", "verified": "good"},
                {"version": "2.0.0", "deployed_at": "2026-11-20T10:00:00Z"},
            ],
        }
    ],
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[None]:
    task = asyncio.create_task(serving.serve(settings))
    ports = [settings.ops_port]
    try:
        async with asyncio.timeout(20):
            while not task.done():
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", ports[0])
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                await writer.wait_closed()
                break
        if task.done():
            await task
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS)
    await workspace.start()
    yield workspace
    await workspace.stop()


@pytest.fixture
def settings(workspace: Workspace, tmp_path: Path, store_url: str, request: pytest.FixtureRequest) -> Settings:
    catalog = tmp_path / "services.json"
    catalog.write_text(json.dumps(CATALOG))
    given: dict[str, Any] = {
        "catalog": catalog,
        "state_dir": tmp_path,
        "redis_url": store_url,
        "environment": f"s{abs(hash(request.node.name)) % 10**8}",
        "policy": {"approvers": {"users": ["UBEN"]}},
        "ops_port": free_port(),
        "http_port": free_port(),
        "slack_api_url": workspace.api_url,
        "slack_bot_token": workspace.bot_token,
        "slack_app_token": workspace.app_token,
        "slack_signing_secret": workspace.signing_secret,
    }
    return Settings(**given)


async def get(settings: Settings, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{settings.ops_port}{path}") as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_command_is_answered_counted_and_the_log_says_as_whom(workspace: Workspace, settings: Settings, mode: Mode):
    settings = settings.model_copy(update={"mode": mode})
    with capture_logs() as logs:
        async with running(settings), PageClient(workspace.url) as page:
            if mode is Mode.HTTP:
                await workspace.request_url(f"http://127.0.0.1:{settings.http_port}/slack/events")
            await page.command("ana", "incident", "/rollback order-service")
            plan = await page.wait_message(lambda m: "Approve" in str(m.get("blocks")))
            await page.press("guest", plan, "rollbot:approve")
            await page.wait_message(lambda m: m.get("shown_to") == "UGUEST")
            assert await get(settings, "/readyz") == (200, "slack: ok\nstore: ok\n")
            _, metrics = await get(settings, "/metrics")
    for line in (
        'rollbot_commands_total{verb="plan"} 1.0',
        'rollbot_presses_total{button="approve"} 1.0',
        'rollbot_refusals_total{code="not_allowed"} 1.0',
        'rollbot_ack_seconds_count{kind="command"} 1.0',
        'rollbot_ack_seconds_count{kind="block_actions"} 1.0',
        'rollbot_slack_calls_total{method="chat.postMessage",result="ok"} ',
        "rollbot_store_reachable 1.0",
        "rollbot_slack_connected 1.0",
        "rollbot_open_runs 1.0",
    ):
        assert line in metrics, line
    assert "UANA" not in metrics
    assert "order-service" not in metrics
    said = next(entry for entry in logs if entry["event"] == "connected to slack")
    assert (said["user"], said["team"], said["mode"]) == ("@rollbot (U0ROLLBOT)", "Local workspace (T0LOCAL)", mode.value)
    for secret in (workspace.bot_token, workspace.app_token, workspace.signing_secret):
        assert secret not in str(logs)


async def test_a_socket_that_breaks_is_seen_in_readyz(workspace: Workspace, settings: Settings):
    async with running(settings):
        await workspace.stop()
        async with asyncio.timeout(20):
            while (await get(settings, "/readyz"))[0] == 200:
                await asyncio.sleep(0.05)
        status, text = await get(settings, "/readyz")
        assert status == 503
        assert "slack: NOT READY: the last frame from Slack came" in text
        assert (await get(settings, "/healthz"))[0] == 200


async def test_scopes_that_are_missing_are_told_with_their_cure(settings: Settings):
    poor = Workspace(replace(DIRECTORY, scopes=("commands", "chat:write", "users:read")), rates=NO_LIMITS)
    await poor.start()
    changed = {"slack_api_url": poor.api_url, "slack_bot_token": poor.bot_token, "slack_app_token": poor.app_token}
    try:
        with capture_logs() as logs:
            async with running(Settings(**(settings.model_dump() | changed))):
                await until(logs, "scopes are missing")
    finally:
        await poor.stop()
    told = next(entry for entry in logs if "scopes are missing" in entry["event"])
    assert "usergroups:read" in told["scopes"]
    assert "reinstall" in told["event"]


async def test_another_bot_on_the_same_app_is_noticed_and_a_replica_of_ours_is_not(workspace: Workspace, settings: Settings):
    with capture_logs() as logs:
        async with running(settings):
            await until(logs, "slack says hello")
            again = settings.model_copy(update={"ops_port": free_port(), "environment": "elsewhere"})
            async with running(again):
                await until(logs, "another bot uses this Slack app")


@pytest.mark.parametrize("mode", list(Mode))
async def test_it_does_not_start_with_what_cannot_work(workspace: Workspace, settings: Settings, mode: Mode):
    wrong = {"mode": mode, "slack_app_token": "xapp-wrong", "slack_signing_secret": "", "slack_bot_token": workspace.bot_token}
    with pytest.raises(CannotStart, match="SLACK_APP_TOKEN" if mode is Mode.SOCKET else "SLACK_SIGNING_SECRET"):
        await serving.serve(Settings(**(settings.model_dump() | wrong)))


async def test_a_port_that_is_taken_is_told(workspace: Workspace, settings: Settings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.http_port))
        other.listen()
        with pytest.raises(CannotStart, match="ROLLBOT_HTTP_PORT"):
            await serving.serve(settings.model_copy(update={"mode": Mode.HTTP}))


async def until(logs: list[Any], words: str) -> None:
    async with asyncio.timeout(15):
        while not any(words in str(entry["event"]) for entry in logs):
            await asyncio.sleep(0.02)


async def test_several_workspaces_are_served_without_a_token_of_ours(settings: Settings):
    several = {
        "mode": Mode.HTTP,
        "slack_bot_token": None,
        "slack_client_id": "1.2",
        "slack_client_secret": "sesame",
        "slack_teams": ("T0LOCAL",),
    }
    with capture_logs() as logs:
        async with running(Settings(**(settings.model_dump() | several))), aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{settings.http_port}/slack/install") as page:
                assert page.status == 200
                assert "client_id=1.2" in await page.text()
            assert await get(settings, "/readyz") == (200, "slack: ok\nstore: ok\n")
            await until(logs, "connected to slack")
    assert "sesame" not in str(logs)
