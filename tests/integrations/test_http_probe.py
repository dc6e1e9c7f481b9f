"""HTTP checks against real servers on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from integrations.http_probe import HttpProbe, problems
from planner.facts import Check
from planner.verdict import Measurement, Outcome

Serve = Callable[[bytes | None], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server that sends these bytes to everybody, hangs (`None`) or hangs up (nothing), and gives its address."""
    servers: list[asyncio.Server] = []
    never = asyncio.Event()

    async def start(answer: bytes | None) -> str:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await never.wait()
            writer.write(answer or b"")
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/checkout"

    yield start
    never.set()
    for server in servers:
        server.close()
        await server.wait_closed()


def _http(body: Any, status: int = 200) -> bytes:
    text = body if isinstance(body, str) else json.dumps(body)
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(text.encode())}\r\n\r\n{text}".encode()


async def _measure(**settings: Any) -> Measurement:
    check = Check(name="checkout works", probe="http", settings=settings)
    return await HttpProbe().measure(check)


@pytest.mark.parametrize(
    ("body", "status", "expect"),
    [
        ({"ok": True, "order": 7}, 200, {"status": 200, "json": {"ok": True}, "max_latency": "30s"}),
        ({"deep": {"list": [{"a": 1, "b": 2}]}}, 200, {"json": {"deep": {"list": [{"a": 1}]}}}),
        ("all is well", 204, {}),
        ("all is well", 200, {"contains": "is well"}),
        ("gone", 410, {"status": [404, 410]}),
    ],
)
async def test_an_answer_as_expected_passes(serve: Serve, body: Any, status: int, expect: dict[str, Any]):
    seen = await _measure(url=await serve(_http(body, status)), expect=expect)
    assert seen.outcome is Outcome.PASS, seen.seen
    assert seen.seen.startswith(f"{status} in ")


@pytest.mark.parametrize(
    ("body", "status", "expect", "said"),
    [
        ({"ok": False}, 500, {"status": 200}, 'answered 500, expected 200; it said: {"ok": false}'),
        ("", 302, {}, "answered 302, expected 200 to 299"),
        ({"ok": False}, 200, {"json": {"ok": True}}, "answered 200, but ok is false, expected true"),
        ({"ok": 1}, 200, {"json": {"ok": True}}, "ok is 1, expected true"),
        ({"a": {"b": [1]}}, 200, {"json": {"a": {"b": [1, 2]}}}, "a.b is [1], expected [1, 2]"),
        ({"a": [{"b": 1}]}, 200, {"json": {"a": [{"b": 2}]}}, "a[0].b is 1, expected 2"),
        ({}, 200, {"json": {"ok": True}}, "ok is missing"),
        ("no json", 200, {"json": {"ok": True}}, "it is no JSON"),
        ("all is well", 200, {"contains": "on fire"}, 'it does not contain "on fire"'),
        ({"ok": True}, 200, {"max_latency": "0.001ms"}, "0 ms allowed"),
        ("password=hunter22222", 500, {}, "answered 500"),
    ],
)
async def test_an_answer_that_differs_fails_and_says_how(serve: Serve, body: Any, status: int, expect: dict[str, Any], said: str):
    seen = await _measure(url=await serve(_http(body, status)), expect=expect)
    assert seen.outcome is Outcome.FAIL
    assert said in seen.seen
    assert "hunter2" not in seen.seen


async def test_no_answer_in_time_and_a_broken_answer_fail(serve: Serve):
    slow = await _measure(url=await serve(None), timeout="100ms")
    assert (slow.outcome, slow.seen) == (Outcome.FAIL, "no answer within 100 ms")
    broken = await _measure(url=await serve(b""))
    assert (broken.outcome, broken.seen) == (Outcome.FAIL, "the connection broke before the answer")
    endless = await _measure(url=await serve(_http("x" * 1_100_000)))
    assert endless.outcome is Outcome.FAIL
    assert "longer than" in endless.seen


async def test_no_connection_is_an_error_and_no_verdict(unused_tcp_port: int):
    refused = await _measure(url=f"http://127.0.0.1:{unused_tcp_port}/")
    assert refused.outcome is Outcome.ERROR
    assert refused.seen.startswith(f"could not reach 127.0.0.1:{unused_tcp_port}")
    unknown = await _measure(url="http://no-such-host.invalid/")
    assert unknown.outcome is Outcome.ERROR
    odd = await _measure(url=f"http://127.0.0.1:{unused_tcp_port}/", headers={"a": "line\nbreak"})
    assert odd.outcome is Outcome.ERROR


async def test_proxy_variables_do_not_matter_on_this_machine(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await _measure(url=await serve(_http("fine")))).outcome is Outcome.PASS


async def test_settings_that_cannot_be_used_are_named_early_and_never_pass():
    settings = {"url": "127.0.0.1", "expect": {"statsu": 200, "max_latency": 5}, "timeout": "0s"}
    lines = problems(Check(name="c", probe="http", settings=settings))
    assert [line.split(":")[0] for line in lines] == ["url", "timeout", "expect.max_latency", "expect.statsu"]
    text = "\n".join(lines)
    assert "expect.statsu: there is no such key; did you mean status?" in text
    assert "expect.max_latency: 5 is no duration" in text
    assert "timeout: must be more than nothing" in text
    assert "url: '127.0.0.1' is no http:// or https:// address" in text
    assert (await _measure(**settings)).outcome is Outcome.ERROR
