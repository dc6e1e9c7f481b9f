"""HTTP mode before the hostile: nothing unsigned gets further than 401, nothing signed is lost, nothing costs a 500."""

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.slack.http_guard import FRESH, MOST_BODY, NotSlack, Unreadable, check, kind_of, read, sign
from bot.slack.http_way import HttpSettings, HttpWay
from bot.slack.once import only_once
from tests.bot.slack.stage import MemorySeen

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_790_000_000.0


@dataclass
class Site:
    """A listening bot, what it heard, and a way to call it with whatever headers."""

    way: HttpWay
    heard: list[dict]

    async def post(self, body: bytes, headers: dict[str, str] | list[tuple[str, str]], path: str = "/slack/events") -> int:
        async with aiohttp.ClientSession() as session:
            address = f"http://127.0.0.1:{self.way.port}{path}"
            async with session.post(address, data=io.BytesIO(body), headers=CIMultiDict(headers)) as answer:
                await answer.read()
                return answer.status

    async def raw(self, *lines: bytes, body: bytes = b"") -> int:
        """Bytes that no client library would send."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.way.port)
        head = [b"POST /slack/events HTTP/1.1", b"Host: x", b"Connection: close", *lines, f"Content-Length: {len(body)}".encode()]
        writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        await writer.drain()
        status = (await reader.readline()).split()
        writer.close()
        await writer.wait_closed()
        return int(status[1])


@asynccontextmanager
async def site(clock: float = NOW) -> AsyncIterator[Site]:
    heard: list[dict] = []

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-1")

    app = AsyncApp(authorize=authorize, request_verification_enabled=False)
    app.middleware(only_once(MemorySeen()))

    @app.command("/rollback")
    async def command(ack, body):
        heard.append(body)
        await ack()

    @app.event("app_mention")
    async def event(body):
        heard.append(body)

    @app.action("go")
    async def action(ack, body):
        heard.append(body)
        await ack()

    way = HttpWay(HttpSettings(secret=SecretStr(SECRET), port=0, clock=lambda: clock))
    await way.open(app)
    try:
        yield Site(way, heard)
    finally:
        await way.close()


def signed(body: bytes, *, stamp: str = str(int(NOW)), secret: str = SECRET, content_type: str = "") -> dict[str, str]:
    kind = content_type or "application/x-www-form-urlencoded"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(secret, stamp, body), "Content-Type": kind}


def typed(text: str) -> bytes:
    return urlencode({"command": "/rollback", "text": text, "user_id": "U1", "channel_id": "C1", "team_id": "T1"}).encode()


async def test_a_signed_command_is_heard_whatever_stands_in_it():
    async with site() as s:
        # Bolt takes any body in which "payload" stands for a press, and would lose the first of these.
        texts = ["payload-service", "{}", "", "<!channel> ‮ payload=", "a" * 12_000]
        for text in texts:
            assert await s.post(typed(text), signed(typed(text))) == 200
        assert [said["text"] for said in s.heard] == texts


HEADERS = [
    "",
    " ",
    "v0=",
    "v0",
    "v1=" + "0" * 64,
    "v0=" + "g" * 64,
    "v0=" + "0" * 63,
    "v0=" + "0" * 65,
    "V0=" + "0" * 64,
    "0" * 64,
    "v0=" + "A" * 64,
    "null",
    "v0=é" + "0" * 62,
    "v0=" + "٠" * 64,
    "x" * 4000,
    "v0=" + "0" * 64,
]
STAMPS = [
    "",
    " ",
    "0",
    "-1",
    "+1",
    "1e9",
    "nan",
    "inf",
    "0x10",
    "१२३",
    "1.5",
    "9" * 12,
    "9" * 400,
    "null",
    "²",
    str(int(NOW)) + " 1",
    "1_790_000_000",
]


async def test_hundreds_of_hostile_headers_are_turned_away_and_never_cost_a_500(caplog: pytest.LogCaptureFixture):
    body = typed("order-service")
    good = signed(body)
    tried = 0
    async with site() as s:
        for signature in [*HEADERS, good["X-Slack-Signature"]]:
            for stamp in [*STAMPS, str(int(NOW))]:
                lines = [b"X-Slack-Signature: " + signature.encode(), b"X-Slack-Request-Timestamp: " + stamp.encode()]
                status = await s.raw(*lines, b"Content-Type: application/x-www-form-urlencoded", body=body)
                whole = signature == good["X-Slack-Signature"] and stamp == str(int(NOW))
                assert status == (200 if whole else 401), (signature, stamp)
                tried += 1
        assert tried > 280
        for missing in (["X-Slack-Signature"], ["X-Slack-Request-Timestamp"], list(good)):
            assert await s.post(body, {name: text for name, text in good.items() if name not in missing}) == 401
        doubled = [*good.items(), ("X-Slack-Signature", good["X-Slack-Signature"])]
        assert await s.post(body, doubled) == 401
        assert len(s.heard) == 1
    assert SECRET not in caplog.text
    assert good["X-Slack-Signature"] not in caplog.text


async def test_an_old_request_sent_again_is_refused_and_so_is_one_from_the_future():
    body = typed("order-service")
    async with site() as s:
        for off, status in ((0, 200), (-FRESH, 200), (FRESH, 200), (-FRESH - 1, 401), (FRESH + 1, 401), (-86_400, 401)):
            assert await s.post(body, signed(body, stamp=str(int(NOW) + off))) == status
        assert await s.post(body + b"&text=payment", signed(body)) == 401
        assert await s.post(body, signed(body, secret="another")) == 401


async def test_a_body_has_bounds():
    async with site() as s:
        huge = b"text=" + b"a" * MOST_BODY
        assert await s.post(huge, signed(huge)) == 413

        async def endless():
            for _ in range(60):
                yield b"a" * 65_536

        async with aiohttp.ClientSession() as session:
            address = f"http://127.0.0.1:{s.way.port}/slack/events"
            async with session.post(address, data=endless(), headers=signed(b"")) as answer:
                assert answer.status == 413
        many = "&".join(f"a{number}=1" for number in range(5000)).encode()
        assert await s.post(many, signed(many)) == 400
        assert s.heard == []


BROKEN = [
    b"",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b"[" * 200_000,
    b'{"a":' * 5_000,
    b'{"type": {}}',
    b'{"type": []}',
]


async def test_what_is_signed_and_makes_no_sense_is_no_500():
    async with site() as s:
        for body in BROKEN:
            for content_type in ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
                for sent in (body, b"payload=" + body):
                    assert await s.post(sent, signed(sent, content_type=content_type)) in (200, 400, 404), (
                        content_type,
                        sent[:20],
                    )
        assert s.heard == []


async def test_other_doors_are_closed():
    async with site() as s:
        body = typed("x")
        assert await s.post(body, signed(body), path="/") == 404
        assert await s.post(body, signed(body), path="/slack/install") == 404
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{s.way.port}/slack/events") as answer:
            assert answer.status == 405


async def test_slack_may_verify_the_address():
    async with site() as s:
        body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a", "token": "x"}).encode()
        async with aiohttp.ClientSession() as session:
            address = f"http://127.0.0.1:{s.way.port}/slack/events"
            async with session.post(address, data=body, headers=signed(body, content_type="application/json")) as answer:
                assert (answer.status, await answer.json()) == (200, {"challenge": "3eZbrw1a"})


async def test_an_event_that_comes_again_is_answered_and_done_once():
    async with site() as s:
        event = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {"type": "app_mention", "user": "U1"}}
        body = json.dumps(event).encode()
        headers = signed(body, content_type="application/json")
        assert await s.post(body, headers) == 200
        for number in ("1", "2", "3"):
            again = {**headers, "X-Slack-Retry-Num": number, "X-Slack-Retry-Reason": "http_timeout"}
            assert await s.post(body, again) == 200
        other = json.dumps(event | {"event_id": "Ev2"}).encode()
        assert await s.post(other, signed(other, content_type="application/json")) == 200
        async with asyncio.timeout(5):
            while len(s.heard) < 2:
                await asyncio.sleep(0.01)
        assert [said["event_id"] for said in s.heard] == ["Ev1", "Ev2"]


async def test_an_event_goes_through_where_nobody_can_say_whether_it_came_before():
    class Gone:
        async def first(self, event: str) -> bool:
            raise ConnectionError

    went: list[str] = []

    async def further() -> None:
        went.append("on")

    assert await only_once(Gone())({"type": "event_callback", "event_id": "Ev1"}, further) is None
    assert went == ["on"]


async def test_the_age_of_the_last_request_is_known_only_from_real_ones():
    async with site() as s:
        assert s.way.age() is None
        assert await s.post(b"x", {"X-Slack-Signature": "v0=x", "X-Slack-Request-Timestamp": "1"}) == 401
        assert s.way.age() is None
        assert await s.post(typed("x"), signed(typed("x"))) == 200
        age = s.way.age()
        assert age is not None
        assert age < 60
        assert await s.way.connected()
    assert not await s.way.connected()


def proxy(headers: list[tuple[str, str]]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(headers))


@given(st.text(), st.text(), st.binary(max_size=200))
def test_whatever_the_headers_say_the_answer_is_not_slack(signature: str, stamp: str, body: bytes):
    with pytest.raises(NotSlack):
        check(proxy([("x-slack-signature", signature), ("x-slack-request-timestamp", stamp)]), body, SECRET, time.time())


@given(st.binary(max_size=2000), st.integers(min_value=0, max_value=10**11))
def test_what_was_signed_is_taken_and_one_changed_byte_is_not(body: bytes, at: int):
    stamp = str(at)
    headers = [("X-Slack-Signature", sign(SECRET, stamp, body)), ("X-Slack-Request-Timestamp", stamp)]
    check(proxy(headers), body, SECRET, float(at))
    for changed in (body + b"x", b"x" + body, body[:-1] if body else b"y"):
        with pytest.raises(NotSlack):
            check(proxy(headers), changed, SECRET, float(at))


def test_an_empty_secret_never_opens():
    body = b"x"
    headers = [("X-Slack-Signature", sign("", "5", body)), ("X-Slack-Request-Timestamp", "5")]
    with pytest.raises(ValueError, match="empty"):
        check(proxy(headers), body, "", 5.0)


@given(st.sampled_from(["application/json", "application/x-www-form-urlencoded", "", "x/y"]), st.binary(max_size=500))
def test_reading_gives_values_or_says_that_it_cannot(content_type: str, body: bytes):
    try:
        said = read(content_type, body)
    except Unreadable:
        return
    assert isinstance(said, dict)
    assert kind_of(said)


def test_nothing_that_was_sent_is_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NotSlack) as trouble:
        check(proxy([("X-Slack-Signature", "v0=" + "a" * 64), ("X-Slack-Request-Timestamp", "7")]), b"xoxb-1-2-3", SECRET, 7.0)
    assert "xoxb" not in str(trouble.value)
    assert "a" * 64 not in str(trouble.value)
