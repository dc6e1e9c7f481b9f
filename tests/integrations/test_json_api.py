"""Every way in which an HTTP API can answer, or not, and what follows from it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.listening import stop_listening
from integrations import json_api
from integrations.errors import OutcomeUnknown, Rejected, Unavailable
from integrations.json_api import JsonApi, Missing
from tests.integrations.local_process.conftest import free_port

TOKEN = "very-secret-token"


class Server:
    """Answers as it is told to; remembers the headers it was sent."""

    def __init__(self) -> None:
        self.answer = lambda request: web.json_response({"ok": True})
        self.seen: list[str | None] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request.headers.get("X-Token"))
        found = self.answer(request)
        return await found if asyncio.iscoroutine(found) else found


@pytest.fixture
async def served() -> AsyncIterator[tuple[Server, JsonApi]]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = JsonApi("Thing", f"http://127.0.0.1:{runner.addresses[0][1]}/", timeout=0.5, secret={"X-Token": TOKEN})
    yield server, api
    await api.close()
    await stop_listening(runner)


async def _hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _slow(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(100):
        await answer.write(b" ")
        await asyncio.sleep(0.6)
    return answer


async def _drips(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(100):
        await answer.write(b" ")
        await asyncio.sleep(0.2)
    return answer


async def _cut(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b'{"ok": ')
    return await _hang_up(request)


def _status(status: int):
    return lambda request: web.Response(status=status, text=f"no, {TOKEN}")


@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        (_status(400), Rejected, Rejected),
        (_status(401), Rejected, Rejected),
        (_status(403), Rejected, Rejected),
        (_status(404), Missing, Missing),
        (_status(409), Rejected, Rejected),
        (_status(410), Rejected, Rejected),
        (_status(422), Rejected, Rejected),
        (_status(429), Unavailable, Unavailable),
        (_status(500), Unavailable, OutcomeUnknown),
        (_status(503), Unavailable, OutcomeUnknown),
        (_hang_up, Unavailable, OutcomeUnknown),
        (_slow, Unavailable, OutcomeUnknown),
        (_drips, Unavailable, OutcomeUnknown),
        (_cut, Unavailable, OutcomeUnknown),
        (lambda request: web.Response(text="<html>"), Rejected, Rejected),
        (lambda request: web.Response(text="[" * 100_000), Rejected, Rejected),
        (lambda request: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), Rejected, Rejected),
    ],
)
async def test_each_answer_has_one_meaning_and_tells_no_secret(served, answer, on_read, on_write):
    server, api = served
    server.answer = answer
    for ask, error in ((api.get, on_read), (api.put, on_write)):
        with pytest.raises(error) as caught:
            await ask("/v1/thing")
        assert type(caught.value) is error
        assert str(caught.value).startswith("Thing at 127.0.0.1:")
        assert TOKEN not in str(caught.value)
    assert set(server.seen) == {TOKEN}


async def test_an_answer_that_never_ends_is_cut_off(served, monkeypatch):
    server, api = served
    monkeypatch.setattr(json_api, "LARGEST", 1000)
    server.answer = lambda request: web.json_response(["x" * 2000])
    with pytest.raises(Rejected, match="longer than 1000 bytes"):
        await api.get("/")


async def test_nobody_there_is_told_before_anything_was_sent():
    api = JsonApi("Thing", f"http://ana:hunter22@127.0.0.1:{free_port()}", timeout=0.5)
    for ask in (api.get, api.put):
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            await ask("/")
        assert "hunter22" not in str(caught.value)
    await api.close()


async def test_an_answer_without_a_body_is_nothing(served):
    server, api = served
    server.answer = lambda request: web.Response()
    assert (await api.put("/")).body is None
