"""The page's side of the workspace: its files, its stream of frames, and the actions of the people who sit before it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web

from bot.workspace.channels import page_channel
from bot.workspace.faults import Fault
from bot.workspace.json_value import Json
from bot.workspace.modal_actions import close, submit
from bot.workspace.press_actions import options, press
from bot.workspace.state import State
from bot.workspace.typing_actions import command, home, say
from bot.workspace.words import PageError

PAGE = Path(__file__).parent / "page"
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}


class PageApi:
    """Handlers of `/` and `/page/…`. Answers are `{"ok": true}` or `{"ok": false, "error": words}`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._actions: Mapping[str, Callable[[State, Json], Awaitable[Json]]] = {
            "command": command,
            "say": say,
            "press": press,
            "submit": submit,
            "close": close,
            "options": options,
            "home": home,
            "fault": self._fault,
        }

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Give the page itself."""
        return self._file("index.html")

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """Give one of the page's files; nothing outside their folder, nothing of another type."""
        return self._file(request.match_info["file"])

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Stream frames to one page until it leaves."""
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4_096)
        await socket.prepare(request)
        await self._state.feed.serve(socket, self.hello)
        return socket

    async def act(self, request: web.Request) -> web.Response:
        """Do one action of a person."""
        name = request.match_info["action"]
        action = self._actions.get(name)
        if action is None:
            return _refuse(f"There is no action {name!r}; there are: {', '.join(self._actions)}.", status=404)
        if request.content_type != "application/json":
            return _refuse("Send the action as application/json.", status=415)
        try:
            body = json.loads(await request.read())
        except ValueError:
            return _refuse("The action is no valid JSON.", status=400)
        if not isinstance(body, dict):
            return _refuse("The action must be a JSON object.", status=400)
        try:
            return web.json_response({"ok": True} | await action(self._state, body))
        except PageError as refusal:
            return web.json_response({"ok": False, "error": refusal.text} | refusal.more)

    def hello(self) -> Json:
        """Give the first frame: everything that a page needs to draw itself."""
        state, directory = self._state, self._state.directory
        groups = directory.groups
        people = [
            {
                "id": person.id,
                "name": person.name,
                "real_name": person.real_name or person.name,
                "title": person.title,
                "groups": [group.handle for group in groups if person.id in group.members],
                "is_guest": person.is_guest,
            }
            for person in directory.people
        ]
        bot = directory.bot
        channels = state.channels.all()
        return {
            "type": "hello",
            "title": state.title,
            "team": {"id": directory.team.id, "name": directory.team.name, "domain": directory.team.domain},
            "bot": {"id": bot.user_id, "bot_id": bot.bot_id, "name": bot.name, "real_name": bot.real_name},
            "people": people,
            "groups": [{"id": group.id, "handle": group.handle, "name": group.name} for group in groups],
            "channels": [page_channel(channel) for channel in channels],
            "commands": [
                {"command": one.command, "description": one.description, "usage_hint": one.usage_hint}
                for one in directory.commands
            ],
            "messages": {channel.id: [one.body for one in state.messages.history(channel.id)] for channel in channels},
            "views": state.views.shown(),
            "panel": state.feed.panel,
            "bots": 1 if state.request_url else state.sockets.live,
        }

    def _file(self, name: str) -> web.StreamResponse:
        path = (PAGE / name).resolve()
        kind = _TYPES.get(path.suffix)
        if kind is None or not path.is_relative_to(PAGE.resolve()) or not path.is_file():
            return web.Response(status=404, text=f"The page has no file {name!r}.")
        charset = "utf-8" if kind.startswith("text/") else None
        return web.Response(body=path.read_bytes(), content_type=kind, charset=charset)

    async def _fault(self, state: State, body: Json) -> Json:
        kind, times = str(body.get("kind", "")), body.get("times", 1)
        if kind not in set(Fault) or not isinstance(times, int) or not 0 <= times <= 1_000:
            raise PageError(f"There is no fault {kind!r} with times {times!r}; kinds: {', '.join(Fault)}; times: 0 to 1000.")
        await raise_fault(state, Fault(kind), str(body.get("method") or ""), times)
        return {}


async def raise_fault(state: State, fault: Fault, method: str, times: int) -> None:
    """Switch a fault on; those of the connections happen at once."""
    match fault:
        case Fault.DISCONNECT:
            await state.sockets.disconnect()
        case Fault.DROP_SOCKET:
            state.sockets.drop()
        case Fault.RATE_LIMIT | Fault.DROP_ANSWER | Fault.DUPLICATE | Fault.LATE:
            state.faults.arm(fault, method, times)


def _refuse(words: str, *, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": words}, status=status)
