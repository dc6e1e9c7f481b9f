"""A Slack of our own, written from Slack's documentation alone, to judge the bot from outside.

It answers the Web API and Socket Mode over loopback, keeps every call, holds every message to the documented limits, and
breaks down where a test says so. It shares nothing with the bot or with the local workspace.
"""

import asyncio
import itertools
import json
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable
from typing import TypeVar

from aiohttp import WSMsgType, web

from bot.listening import stop_listening
from tests.scenarios.slack_limits import findings, window_findings
from tests.scenarios.slack_values import (
    ANA,
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    CHANNEL,
    PEOPLE,
    TEAM,
    Call,
    Json,
    Limited,
    Lost,
    Private,
    Refused,
    buttons,
    everything,
    page,
    person,
    read_arguments,
    typed,
)

T = TypeVar("T")


class Slack:
    """The emulator.

    `faults` holds what befalls the next calls of a method, `down` cuts every connection; `broken` are the limits that a message
    broke, `impatient` the calls that came sooner than Retry-After allows.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.messages: dict[str, Json] = {}
        self.private: list[Private] = []
        self.broken: list[str] = []
        self.faults: defaultdict[str, deque[Limited | Lost]] = defaultdict(deque)
        self.down = False
        self.impatient: list[str] = []
        self._patience: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._sockets: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self._acks: dict[str, asyncio.Future[Json]] = {}
        self.files: dict[str, bytes] = {}
        self.windows: dict[str, Json] = {}
        self._triggers: dict[str, float] = {}
        self._askers: dict[str, tuple[str, str, int]] = {}
        self._seconds = itertools.count(int(time.time()))
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        self.origin = ""

    # --- what a test uses ---

    async def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.origin = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Hang up and close."""
        await self.cut()
        await stop_listening(self._runner)

    async def cut(self) -> None:
        """Close every socket, as a Slack does that breaks down."""
        for socket in list(self._sockets):
            await socket.close()

    async def until(self, what: str, look: Callable[[], T | None], patience: float = 25) -> T:
        """What `look` finds, as soon as it finds something."""
        try:
            async with asyncio.timeout(patience):
                while not (found := look()):
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            told = "\n".join(m["text"] for m in self.messages.values())
            told += "\n".join(f"\n[to {p.user}] {p.text}" for p in self.private)
            raise AssertionError(f"{what} did not come within {patience:g} s. All that was said:\n{told}") from None

    @property
    def has_sockets(self) -> bool:
        """Whether a bot is connected."""
        return bool(self._sockets)

    async def connected(self) -> None:
        """Return when a bot's socket is open."""
        await self.until("the bot's socket", lambda: self._sockets)

    async def command(self, text: str, user: str = ANA) -> Json:
        """Type `/rollback TEXT`; what came with the acknowledgement."""
        return await self.deliver("slash_commands", typed(text, user, self._answer_url(user), self._trigger()))

    def press(self, ts: str, label: str, user: str, **instead: str) -> Json:
        """What Slack sends when somebody presses the button that begins with this label; `instead` changes what it carries."""
        message = self.messages[ts]
        button = next((button for button in buttons(message) if button["text"]["text"].startswith(label)), None)
        assert button is not None, f"there is no button {label} on: {message['text']}"
        carried = {"action_id": button["action_id"], "value": button["value"], **instead}
        now = f"{time.time():.6f}"
        return {
            "type": "block_actions", "user": person(user),
            "team": {"id": TEAM, "domain": "judge"}, "enterprise": None, "is_enterprise_install": False, "api_app_id": "A1",
            "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": False},
            "channel": {"id": CHANNEL, "name": "ops"}, "message": message, "state": {"values": {}},
            "trigger_id": self._trigger(), "response_url": self._answer_url(user),
            "actions": [{**carried, "block_id": "b", "type": "button", "action_ts": now, "text": button["text"]}],
        }  # fmt: skip

    async def window(self, since: int = 0) -> Json:
        """The window that was opened after number `since`."""
        return await self.until("a window", lambda: list(self.windows.values())[since] if len(self.windows) > since else None)

    async def submit(self, view: Json, text: str, user: str) -> None:
        """Write this into every text box of a window, and press its button; the bot must take it."""
        boxes = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
        values = {name: {e["action_id"]: {"type": e["type"], "value": text}} for name, e in boxes.items() if "text" in e["type"]}
        payload = {
            "type": "view_submission", "team": {"id": TEAM, "domain": "judge"}, "user": person(user), "api_app_id": "A1",
            "trigger_id": self._trigger(), "view": {**view, "state": {"values": values}, "hash": "1"}, "response_urls": [],
            "is_enterprise_install": False, "enterprise": None,
        }  # fmt: skip
        answer = await self.deliver("interactive", payload)
        assert "errors" not in answer, answer

    async def deliver(self, kind: str, payload: Json) -> Json:
        """Send one envelope and wait for its acknowledgement, which must come within three seconds."""
        envelope = uuid.uuid4().hex
        answer = self._acks[envelope] = asyncio.get_running_loop().create_future()
        body = {"envelope_id": envelope, "type": kind, "payload": payload, "accepts_response_payload": kind == "slash_commands"}
        await self._sockets[-1].send_str(json.dumps(body))
        try:
            async with asyncio.timeout(3):
                return await answer
        except TimeoutError:
            raise AssertionError(f"{kind} was not acknowledged within three seconds") from None

    async def told(self, user: str, *words: str, since: int = 0) -> Private:
        """The private message to somebody, from number `since` on, that has all the words."""
        return await self.until(
            f"a private message to {user} with {words}",
            lambda: next((p for p in self.private[since:] if p.user == user and all(word in p.text for word in words)), None),
        )

    async def says(self, ts: str, *words: str) -> Json:
        """The message when it has all the words."""
        return await self.until(
            f"{words} in the message",
            lambda: self.messages[ts] if all(w in everything(self.messages[ts]) for w in words) else None,
        )

    async def plan(self, number: int = 1) -> str:
        """The ts of the message with the `number`th plan, once it has its buttons."""

        def look() -> str | None:
            posted = [ts for ts, message in self.messages.items() if "thread_ts" not in message]
            return posted[number - 1] if len(posted) >= number and buttons(self.messages[posted[number - 1]]) else None

        return await self.until("a plan with buttons", look)

    def thread(self, ts: str) -> list[str]:
        """Every line of the thread, in order."""
        told = [message["text"] for message in self.messages.values() if message.get("thread_ts") == ts]
        return [line for text in told for line in text.splitlines()]

    async def tells(self, ts: str, *words: str) -> str:
        """The whole thread once all the words stand in it."""

        def look() -> str | None:
            text = "\n".join(self.thread(ts))
            return text if all(word in text for word in words) else None

        return await self.until(f"{words} in the thread", look)

    # --- the Web API ---

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=4_000_000)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._call),
                web.get("/socket/{ticket}", self._socket),
                web.post("/answer/{id}", self._answer),
                web.post("/upload/{id}", self._upload),
            ]
        )
        return app

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments = await read_arguments(request)
        if self.down:
            return self._hang_up(request)
        self.calls.append(Call(method=method, arguments=arguments))
        fault = self.faults[method].popleft() if self.faults[method] else None
        try:
            if time.monotonic() < self._patience.get(method, 0):
                self.impatient.append(f"{method} was called again before the time that Retry-After gave")
            if isinstance(fault, Limited):
                self._patience[method] = time.monotonic() + fault.retry_after
                headers = {"Retry-After": str(fault.retry_after)}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            handler = self._granted(method, request.headers.get("Authorization", "").removeprefix("Bearer "), arguments)
            answer = {"ok": True, **handler(self, arguments)}
        except Refused as refused:
            answer = {"ok": False, "error": str(refused)}
        finally:
            self._changed.set()
        return self._hang_up(request) if isinstance(fault, Lost) else web.json_response(answer)

    def _granted(self, method: str, token: str, arguments: Json) -> Callable[["Slack", Json], Json]:
        if (token or arguments.get("token")) != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            raise Refused("invalid_auth")
        if method not in _METHODS:
            self.broken.append(f"{method} is called, and nobody granted it")
            raise Refused("unknown_method")
        return _METHODS[method]

    def _hang_up(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    def _auth_test(self, _: Json) -> Json:
        return {"url": self.origin, "team": "Judge", "team_id": TEAM, "user": "rollbot", "user_id": BOT, "bot_id": "B1"}

    def _open(self, _: Json) -> Json:
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return {"url": f"{self.origin.replace('http', 'ws')}/socket/{ticket}"}

    def _users_info(self, arguments: Json) -> Json:
        name = PEOPLE.get(arguments["user"])
        if name is None:
            raise Refused("user_not_found")
        return {
            "user": {"id": arguments["user"], "name": name.split()[0].lower(), "real_name": name, "profile": {"real_name": name}}
        }

    def _bots_info(self, arguments: Json) -> Json:
        return {"bot": {"id": arguments["bot"], "app_id": "A1", "name": "rollbot"}}

    def _post(self, arguments: Json) -> Json:
        self._held(arguments, "chat.postMessage")
        parent = arguments.get("thread_ts")
        if parent is not None and parent not in self.messages:
            raise Refused("thread_not_found")
        ts = f"{next(self._seconds)}.000100"
        kept = {key: arguments[key] for key in _KEPT if arguments.get(key) is not None}
        self.messages[ts] = {"type": "message", "ts": ts, "user": BOT, "bot_id": "B1", **kept}
        return {"channel": CHANNEL, "ts": ts, "message": self.messages[ts]}

    def _update(self, arguments: Json) -> Json:
        self._held(arguments, "chat.update", update=True)
        if arguments["ts"] not in self.messages:
            raise Refused("message_not_found")
        message = self.messages[arguments["ts"]]
        message |= {"text": arguments["text"], "blocks": arguments["blocks"]}
        return {"channel": CHANNEL, "ts": arguments["ts"], "text": arguments["text"]}

    def _ephemeral(self, arguments: Json) -> Json:
        self._held(arguments, "chat.postEphemeral")
        self.private.append(Private(user=arguments["user"], text=arguments["text"], blocks=arguments["blocks"]))
        return {"message_ts": f"{next(self._seconds)}.000200"}

    def _trigger(self) -> str:
        name = uuid.uuid4().hex
        self._triggers[name] = time.monotonic()
        return name

    def _open_window(self, arguments: Json) -> Json:
        given = self._triggers.pop(arguments["trigger_id"], None)
        if given is None:
            raise Refused("invalid_trigger_id")
        if time.monotonic() - given > 3:
            raise Refused("expired_trigger_id")
        return self._keep_window(f"V{len(self.windows)}", arguments["view"])

    def _update_window(self, arguments: Json) -> Json:
        if arguments.get("view_id") not in self.windows:
            raise Refused("not_found")
        return self._keep_window(arguments["view_id"], arguments["view"])

    def _keep_window(self, name: str, view: Json | str) -> Json:
        shown = json.loads(view) if isinstance(view, str) else view
        self.broken += [f"a window: {finding}" for finding in window_findings(shown)]
        self.windows[name] = {**shown, "id": name, "hash": "1", "root_view_id": name, "team_id": TEAM, "app_id": "A1"}
        return {"view": self.windows[name]}

    def _upload_url(self, arguments: Json) -> Json:
        if not arguments.get("filename") or int(arguments.get("length", 0)) < 1:
            raise Refused("invalid_arguments")
        name = f"F{len(self.files)}"
        self.files[name] = b""
        return {"upload_url": f"{self.origin}/upload/{name}", "file_id": name}

    def _uploaded(self, arguments: Json) -> Json:
        given = arguments["files"]
        files = json.loads(given) if isinstance(given, str) else given
        if arguments.get("channel_id") != CHANNEL or not all(self.files.get(file["id"]) for file in files):
            raise Refused("file_not_found")
        return {"files": [{"id": file["id"], "title": file.get("title", "")} for file in files]}

    async def _upload(self, request: web.Request) -> web.Response:
        self.files[request.match_info["id"]] = await request.read()
        return web.Response(text="OK")

    def _channel(self, arguments: Json) -> Json:
        if arguments["channel"] != CHANNEL:
            raise Refused("channel_not_found")
        return {"channel": {"id": CHANNEL, "name": "ops", "is_channel": True, "is_archived": False, "is_member": True}}

    def _history(self, arguments: Json) -> Json:
        found = [m for m in self.messages.values() if "thread_ts" not in m and float(m["ts"]) > float(arguments.get("oldest", 0))]
        return page(list(reversed(found)), arguments)

    def _replies(self, arguments: Json) -> Json:
        if arguments["ts"] not in self.messages:
            raise Refused("thread_not_found")
        return page([m for m in self.messages.values() if arguments["ts"] in (m["ts"], m.get("thread_ts"))], arguments)

    def _held(self, arguments: Json, what: str, *, update: bool = False) -> None:
        if arguments.get("channel") != CHANNEL:
            raise Refused("channel_not_found")
        self.broken += [f"{what}: {finding}" for finding in findings(arguments, update=update)]

    # --- response_url and Socket Mode ---

    def _answer_url(self, user: str) -> str:
        name = uuid.uuid4().hex
        self._askers[name] = (user, CHANNEL, 5)
        return f"{self.origin}/answer/{name}"

    async def _answer(self, request: web.Request) -> web.Response:
        if self.down:
            return self._hang_up(request)
        user, channel, left = self._askers[request.match_info["id"]]
        if not left:
            return web.Response(status=404, text="used_url")
        self._askers[request.match_info["id"]] = (user, channel, left - 1)
        body = await request.json()
        self.broken += [f"response_url: {finding}" for finding in findings(body)]
        if body.get("response_type") != "ephemeral":
            self.broken.append("an answer to one person was shown to all")
        self.private.append(Private(user=user, text=body["text"], blocks=body.get("blocks", [])))
        self._changed.set()
        return web.Response(text="ok")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        ticket = request.match_info["ticket"]
        if self.down or ticket not in self._tickets:
            return self._hang_up(request)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}, "debug_info": {}})
        self._sockets.append(socket)
        self._changed.set()
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            body = json.loads(frame.data)
            waiting = self._acks.pop(body.get("envelope_id", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(body.get("payload") or {})
        self._sockets.remove(socket)
        return socket


_KEPT = ("text", "blocks", "metadata", "thread_ts", "reply_broadcast")
"""What a message keeps of how it was posted."""
_METHODS: dict[str, Callable[[Slack, Json], Json]] = {
    "auth.test": Slack._auth_test,
    "apps.connections.open": Slack._open,
    "users.info": Slack._users_info,
    "bots.info": Slack._bots_info,
    "chat.postMessage": Slack._post,
    "chat.update": Slack._update,
    "chat.postEphemeral": Slack._ephemeral,
    "conversations.info": Slack._channel,
    "files.getUploadURLExternal": Slack._upload_url,
    "files.completeUploadExternal": Slack._uploaded,
    "views.open": Slack._open_window,
    "views.update": Slack._update_window,
    "conversations.history": Slack._history,
    "conversations.replies": Slack._replies,
}
