"""Socket Mode: the connections of the bot, and how each envelope reaches exactly one of them.

A connection is opened with a ticket that works once. Envelopes go round robin; each must be acknowledged on the same
connection within the deadline. Events that are not are sent again, commands and clicks are not.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.workspace.ack import Ack, NoAck
from bot.workspace.directory import Directory
from bot.workspace.faults import Fault, Faults
from bot.workspace.json_value import Json, as_object
from bot.workspace.timing import Timing

CONNECTIONS = 10


@dataclass(eq=False, slots=True)
class _Connection:
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    draining: bool = False
    waiting: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)


class Sockets:
    """All connections of the bot. `on_change` hears the number of live ones whenever it changes."""

    def __init__(self, directory: Directory, timing: Timing, faults: Faults, on_change: Callable[[int], None]) -> None:
        self._app_id = directory.bot.app_id
        self._timing = timing
        self._faults = faults
        self._on_change = on_change
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []
        self._turn = 0
        self._arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def issue_ticket(self) -> str:
        """Give a ticket that opens one connection."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Use a ticket up; False if it is unknown or was used before."""
        known = ticket in self._tickets
        self._tickets.discard(ticket)
        return known

    @property
    def live(self) -> int:
        """How many connections take envelopes now."""
        return sum(not connection.draining for connection in self._connections)

    async def serve(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, host: str) -> None:
        """Keep one connection until it ends; the eleventh is told too_many_websockets."""
        if len(self._connections) >= CONNECTIONS:
            await socket.send_json(_disconnect_frame("too_many_websockets", host))
            await socket.close()
            return
        connection = _Connection(socket, transport)
        self._connections.append(connection)
        try:
            await socket.send_json(_hello_frame(self._app_id, self.live, host))
            self._changed()
            async for packet in socket:
                if packet.type is WSMsgType.TEXT:
                    _take_ack(connection, packet.data)
        finally:
            self._connections.remove(connection)
            self._changed()

    async def deliver(self, kind: str, payload: Json) -> Ack | NoAck:
        """Send one slash_commands or interactive envelope and wait for its acknowledgement; never sent twice by itself."""
        if self._faults.strikes(Fault.DUPLICATE):
            self._spawn(self._deliver_quietly(kind, payload))
        if self._faults.strikes(Fault.LATE):
            self._spawn(self._deliver_late(kind, payload))
            await asyncio.sleep(self._timing.ack_seconds)
            return NoAck.TIMEOUT
        return await self._send(kind, payload)

    def announce(self, payload: Json) -> None:
        """Send an event in the background, again until it is acknowledged or the retries are used up."""
        self._spawn(self._send_event(payload))
        if self._faults.strikes(Fault.DUPLICATE):
            self._spawn(self._send_event(payload))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to come again and close it when it has not after a moment; none gets new envelopes."""
        for connection in list(self._connections):
            connection.draining = True
            await connection.socket.send_json(_disconnect_frame(reason, "local"))
            self._spawn(self._close_later(connection))
        self._changed()

    def drop(self) -> None:
        """Break every connection without a word, as a failing network does."""
        for connection in list(self._connections):
            connection.draining = True
            if connection.transport is not None:
                connection.transport.abort()
        self._changed()

    async def close(self) -> None:
        """End everything that is under way and close all connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self._connections):
            await connection.socket.close(code=1001, message=b"the workspace stops")

    async def _deliver_quietly(self, kind: str, payload: Json) -> None:
        await self._send(kind, payload)

    async def _deliver_late(self, kind: str, payload: Json) -> None:
        await asyncio.sleep(self._timing.ack_seconds)
        await self._send(kind, payload)

    async def _send_event(self, payload: Json) -> None:
        reason = ""
        for attempt, pause in enumerate((0.0, *self._timing.event_retries)):
            await asyncio.sleep(pause)
            extra: Json = {"retry_attempt": attempt, "retry_reason": reason}
            if isinstance(await self._send("events_api", payload, extra), Ack):
                return
            reason = "timeout"

    async def _send(self, kind: str, payload: Json, extra: Json | None = None) -> Ack | NoAck:
        envelope_id = secrets.token_hex(16)
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        } | (extra or {})
        text = json.dumps(envelope, ensure_ascii=False)
        outcome = NoAck.NOT_CONNECTED
        try:
            async with asyncio.timeout(self._timing.ack_seconds):
                connection = await self._next()
                outcome = NoAck.TIMEOUT
                future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
                connection.waiting[envelope_id] = future
                try:
                    await connection.socket.send_str(text)
                    return await future
                finally:
                    connection.waiting.pop(envelope_id, None)
        except (TimeoutError, ConnectionError):
            return outcome

    async def _next(self) -> _Connection:
        while True:
            ready = [connection for connection in self._connections if not connection.draining]
            if ready:
                self._turn += 1
                return ready[self._turn % len(ready)]
            # A bot that is just reconnecting gets what is left of the deadline.
            self._arrived.clear()
            await self._arrived.wait()

    async def _close_later(self, connection: _Connection) -> None:
        await asyncio.sleep(self._timing.drain_seconds)
        await connection.socket.close()

    def _changed(self) -> None:
        if self.live:
            self._arrived.set()
        self._on_change(self.live)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _take_ack(connection: _Connection, text: str) -> None:
    try:
        frame = as_object(json.loads(text))
    except json.JSONDecodeError:
        return
    future = connection.waiting.pop(str(frame.get("envelope_id")), None)
    if future is not None and not future.done():
        future.set_result(Ack(payload=as_object(frame.get("payload"))))


def _hello_frame(app_id: str, connections: int, host: str) -> Json:
    return {
        "type": "hello",
        "num_connections": connections,
        "debug_info": {"host": host, "build_number": 1, "approximate_connection_time": 18_060},
        "connection_info": {"app_id": app_id},
    }


def _disconnect_frame(reason: str, host: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": host}}
