"""HTTP delivery: the bot as a request URL, called with signed requests as Slack calls it.

Commands come as a form, clicks as a form with one field `payload`, events as JSON. A command or click is sent once; an event is
sent again, with the number of the retry, until it is answered with 2xx.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine
from urllib.parse import urlencode

import aiohttp

from bot.workspace.ack import Ack, NoAck
from bot.workspace.faults import Fault, Faults
from bot.workspace.json_value import Json, as_object
from bot.workspace.timing import Timing


class RequestUrl:
    """One address that gets everything. `clock` gives the seconds that stand in the signature."""

    def __init__(self, url: str, secret: str, timing: Timing, faults: Faults, clock: Callable[[], float]) -> None:
        self._url = url
        self._secret = secret
        self._timing = timing
        self._faults = faults
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(self, kind: str, payload: Json) -> Ack | NoAck:
        """Send one command or click and wait for its answer; never sent twice by itself."""
        if self._faults.strikes(Fault.DUPLICATE):
            self._spawn(self._quietly(kind, payload))
        if self._faults.strikes(Fault.LATE):
            self._spawn(self._late(kind, payload))
            await asyncio.sleep(self._timing.ack_seconds)
            return NoAck.TIMEOUT
        return await self._send(kind, payload)

    def announce(self, payload: Json) -> None:
        """Send an event in the background, again until it is answered or the retries are used up."""
        self._spawn(self._send_event(payload))
        if self._faults.strikes(Fault.DUPLICATE):
            self._spawn(self._send_event(payload))

    async def close(self) -> None:
        """End everything that is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _quietly(self, kind: str, payload: Json) -> None:
        await self._send(kind, payload)

    async def _late(self, kind: str, payload: Json) -> None:
        await asyncio.sleep(self._timing.ack_seconds)
        await self._send(kind, payload)

    async def _send_event(self, payload: Json) -> None:
        headers: dict[str, str] = {}
        for attempt, pause in enumerate((0.0, *self._timing.event_retries)):
            await asyncio.sleep(pause)
            outcome = await self._send("events_api", payload, headers)
            if isinstance(outcome, Ack):
                return
            reason = "http_timeout" if outcome is NoAck.TIMEOUT else "http_error"
            headers = {"X-Slack-Retry-Num": str(attempt + 1), "X-Slack-Retry-Reason": reason}

    async def _send(self, kind: str, payload: Json, headers: dict[str, str] | None = None) -> Ack | NoAck:
        content_type, body = _body(kind, payload)
        stamp = str(int(self._clock()))
        signed = hmac.new(self._secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        sent = {"Content-Type": content_type, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signed}"}
        if self._session is None:
            # trust_env stays off: a company proxy must not see loopback traffic.
            self._session = aiohttp.ClientSession()
        try:
            async with (
                asyncio.timeout(self._timing.ack_seconds),
                self._session.post(self._url, data=body, headers=sent | (headers or {}), allow_redirects=False) as answer,
            ):
                text = await answer.text()
                if not 200 <= answer.status < 300:
                    return NoAck.NOT_CONNECTED
                return Ack(payload=_said(answer.content_type, text))
        except TimeoutError:
            return NoAck.TIMEOUT
        except (aiohttp.ClientError, OSError, ValueError):
            return NoAck.NOT_CONNECTED

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _body(kind: str, payload: Json) -> tuple[str, bytes]:
    match kind:
        case "slash_commands":
            return "application/x-www-form-urlencoded", urlencode(payload).encode()
        case "interactive":
            return "application/x-www-form-urlencoded", urlencode({"payload": json.dumps(payload)}).encode()
        case _:
            return "application/json", json.dumps(payload).encode()


def _said(content_type: str, text: str) -> Json:
    if not text:
        return {}
    return as_object(json.loads(text)) if content_type == "application/json" else {"text": text}
