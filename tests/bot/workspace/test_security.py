"""A page from elsewhere, a rebound name, a guessed token: none of them may read or press."""

import io

import aiohttp
import pytest

from bot.workspace.client import PageClient
from bot.workspace.server import Workspace


def origin(workspace: Workspace) -> str:
    return workspace.url.partition("/?")[0]


def token(workspace: Workspace) -> str:
    return workspace.url.partition("token=")[2]


async def status(workspace: Workspace, path: str, *, method: str = "GET", json: object = None, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, origin(workspace) + path, headers=headers, json=json) as response,
    ):
        return response.status


async def test_the_page_needs_the_token(workspace: Workspace) -> None:
    assert await status(workspace, "/") == 403
    assert await status(workspace, "/?token=guess") == 403
    assert await status(workspace, "/page/socket?token=guess") == 403
    assert await status(workspace, "/page/press", method="POST", json={}) == 403
    assert await status(workspace, "/page/press?token=", method="POST", json={}) == 403


@pytest.mark.parametrize("path", ["/", "/page/socket", "/page/app.js", "/api/auth.test", "/socket", "/nowhere"])
async def test_other_hosts_and_origins_are_refused_everywhere(workspace: Workspace, path: str) -> None:
    path = f"{path}?token={token(workspace)}"
    assert await status(workspace, path, Host="evil.example") == 403
    assert await status(workspace, path, Origin="https://evil.example") == 403
    assert await status(workspace, path, Origin="null") == 403
    assert await status(workspace, path, Origin="http://127.0.0.1:1") == 403


async def test_a_page_elsewhere_cannot_press_even_with_the_token(workspace: Workspace) -> None:
    headers = {"X-Rollbot-Token": token(workspace), "Origin": "https://evil.example"}
    assert await status(workspace, "/page/press", method="POST", json={}, **headers) == 403
    assert await status(workspace, "/page/press", method="POST", json={}, **{"X-Rollbot-Token": token(workspace)}) == 200


async def test_our_own_origin_is_welcome(workspace: Workspace) -> None:
    headers = {"X-Rollbot-Token": token(workspace), "Origin": origin(workspace)}
    assert await status(workspace, "/page/home", method="POST", json={"user": "U0ANA"}, **headers) == 200
    port = origin(workspace).rpartition(":")[2]
    local = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}", "X-Rollbot-Token": token(workspace)}
    assert await status(workspace, "/page/home", method="POST", json={"user": "U0ANA"}, **local) == 200


async def test_answers_carry_a_strict_policy_and_are_not_kept(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session, session.get(workspace.url) as response:
        assert response.headers["Cache-Control"] == "no-store"
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("name", ["../server.py", "%2e%2e/server.py", "..%2f..%2fworkspace%2fserver.py", "nothing.js", ""])
async def test_no_file_outside_the_page_is_served(workspace: Workspace, name: str) -> None:
    assert await status(workspace, f"/page/{name}") in {403, 404}


async def test_bodies_are_bounded(workspace: Workspace) -> None:
    for path in ("/page/say", "/api/chat.postMessage"):
        headers = {"Content-Type": "application/json", "X-Rollbot-Token": token(workspace)}
        big = io.BytesIO(b'{"text": "' + b"x" * 1_100_000 + b'"}')
        async with (
            aiohttp.ClientSession() as session,
            session.post(origin(workspace) + path, data=big, headers=headers) as answer,
        ):
            assert answer.status == 413


async def test_actions_are_json_objects(workspace: Workspace, page: PageClient) -> None:
    async with aiohttp.ClientSession(headers={"X-Rollbot-Token": token(workspace)}) as session:
        for sent, expected in ((b"{", 400), (b"[]", 400)):
            kind = {"Content-Type": "application/json"}
            async with session.post(f"{origin(workspace)}/page/say", data=sent, headers=kind) as response:
                assert response.status == expected and (await response.json())["ok"] is False
        async with session.post(f"{origin(workspace)}/page/say", data={"user": "U0ANA"}) as response:
            assert response.status == 415
        async with session.post(f"{origin(workspace)}/page/dance", json={}) as response:
            assert response.status == 404 and "command" in (await response.json())["error"]


async def test_secrets_are_not_shown_by_accident(workspace: Workspace) -> None:
    assert workspace.bot_token not in repr(vars(workspace)) and workspace.bot_token.startswith("xoxb-local-")
    assert workspace.app_token.startswith("xapp-local-")
