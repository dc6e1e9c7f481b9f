"""A person's hands for programs: types and presses through the page's own protocol, and remembers what it saw.

Used by scenario tests and by the scripted demo. It never speaks to the bot, only to the workspace's page API.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from bot.workspace.json_value import Json, as_list, as_object
from bot.workspace.page_view import PageView, find_element, with_place

Predicate = Callable[[Json], object]


class PageRefusedError(Exception):
    """The workspace refused an action; the text says why, in words for people. `answer` is the whole answer."""

    def __init__(self, answer: Json) -> None:
        super().__init__(str(answer.get("error", "the workspace refused the action without a reason")))
        self.answer = answer


class PageClient:
    """Connects to a workspace's page as a program; people and channels may be given by id or by name.

    `view` holds the current messages, modals, Home tabs and failures; `frames` every frame in the order of arrival.
    Does not reconnect: when the workspace goes away, waiting fails with ConnectionError.
    """

    def __init__(self, url: str) -> None:
        """Take the page's URL with its token, as `Workspace.url` gives it."""
        self._url = URL(url)
        self._token = self._url.query.get("token", "")
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._gone = False
        self.frames: list[Json] = []
        self.view = PageView()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def connect(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Open the socket and wait for the hello frame (`timeout` in seconds)."""
        # trust_env stays off: a company proxy must not see loopback traffic.
        self._session = aiohttp.ClientSession(headers={"X-Rollbot-Token": self._token})
        address = self._url.with_path("/page/socket").with_query(token=self._token)
        self._socket = await self._session.ws_connect(address, max_msg_size=0, heartbeat=30)
        self._reader = asyncio.create_task(self._read(self._socket))
        await self.wait_for(lambda frame: frame["type"] == "hello", timeout)

    async def close(self) -> None:
        """Leave; safe to call twice and before connect."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
        if self._session is not None:
            await self._session.close()

    # What a person does

    async def command(self, user: str, channel: str, text: str) -> Json:
        """Type a slash command such as `/rollback order-service`; returns when the bot acknowledged it or failed to."""
        return await self._act("command", user=self.user(user), channel=self.channel(channel), text=text)

    async def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> str:
        """Write a message and get its ts; `@name` in the text becomes a mention."""
        extra = {} if thread_ts is None else {"thread_ts": thread_ts}
        answer = await self._act("say", user=self.user(user), channel=self.channel(channel), text=text, **extra)
        return str(answer["ts"])

    async def press(
        self, user: str, message: Mapping[str, Any], action_id: str, *, value: str | None = None, option: Json | None = None
    ) -> Json:
        """Press a button or choose an option in a message (or its frame) as the page got it, however old that copy is.

        `value` tells apart several buttons with one action_id; `option` is the selected_option of a menu.
        LookupError if that copy of the message has no such element.
        """
        message = as_object(message.get("message")) or message
        block_id, element = find_element(message, action_id, value)
        body: Json = {"channel": message["channel"], "ts": message["ts"], "ephemeral": bool(message.get("ephemeral"))}
        if option is not None:
            body["selected_option"] = option
        elif element.get("value") is not None:
            body["value"] = element["value"]
        return await self._act("press", user=self.user(user), block_id=block_id, action_id=action_id, **body)

    async def press_in_view(self, user: str, view: Mapping[str, Any], action_id: str, *, option: Json | None = None) -> Json:
        """Press a button or choose an option in a modal or a Home tab."""
        block_id, element = find_element(view, action_id, None)
        body: Json = {"value": element.get("value")} if option is None else {"selected_option": option}
        return await self._act("press", user=self.user(user), view_id=view["id"], block_id=block_id, action_id=action_id, **body)

    async def submit(self, user: str, view: Mapping[str, Any], values: Json) -> Json:
        """Submit a modal; `values` is {block_id: {action_id: text | option | state object}}. PageRefusedError on its errors."""
        return await self._act("submit", user=self.user(user), view_id=view["id"], values=values)

    async def close_view(self, user: str, view: Mapping[str, Any]) -> Json:
        """Close a modal without submitting it."""
        return await self._act("close", user=self.user(user), view_id=view["id"])

    async def options(self, user: str, where: Mapping[str, Any], action_id: str, query: str) -> list[Json]:
        """Ask the bot for the options of an external select, in a message or a view."""
        block_id, _ = find_element(where, action_id, None)
        place = {"view_id": where["id"]} if "id" in where else {"channel": where["channel"], "ts": where["ts"]}
        answer = await self._act("options", user=self.user(user), block_id=block_id, action_id=action_id, query=query, **place)
        return as_list(answer.get("options"))

    async def home(self, user: str) -> Json:
        """Open the app's Home tab."""
        return await self._act("home", user=self.user(user))

    async def fault(self, kind: str, *, method: str | None = None, times: int = 1) -> Json:
        """Switch a fault on: rate_limit, drop_answer, duplicate, late, disconnect or drop_socket."""
        body: Json = {"kind": kind, "times": times} | ({} if method is None else {"method": method})
        return await self._act("fault", **body)

    # What a person sees

    def mark(self) -> int:
        """Give a place in the stream of frames, to be handed to `wait_for` as `since`."""
        return len(self.frames)

    async def wait_for(self, predicate: Predicate, timeout: float = 10.0, *, since: int = 0) -> Json:  # noqa: ASYNC109
        """Give the first frame, from `since` on, for which `predicate` holds; TimeoutError after `timeout` seconds."""

        def search() -> Json | None:
            return next((frame for frame in self.frames[since:] if predicate(frame)), None)

        return await self._wait(search, timeout)

    async def wait_message(self, predicate: Predicate, timeout: float = 10.0, *, channel: str | None = None) -> Json:  # noqa: ASYNC109
        """Give the newest message, ephemeral ones included, that now is or becomes so that `predicate` holds."""
        place = None if channel is None else self.channel(channel)

        def search() -> Json | None:
            return next((message for message in self.view.newest_first(place) if predicate(message)), None)

        return await self._wait(search, timeout)

    async def wait_view(self, user: str, predicate: Predicate = bool, timeout: float = 10.0) -> Json:  # noqa: ASYNC109
        """Give the modal that this person sees, once there is one for which `predicate` holds."""
        who = self.user(user)

        def search() -> Json | None:
            stack = self.view.modals.get(who)
            return stack[-1] if stack and predicate(stack[-1]) else None

        return await self._wait(search, timeout)

    def user(self, name: str) -> str:
        """Give the id for an id or a name; LookupError for neither."""
        return _find(name.removeprefix("@"), as_list(self.view.hello.get("people")), "person")

    def channel(self, name: str) -> str:
        """Give the id for an id or a name, with or without #; LookupError for neither."""
        return _find(name.removeprefix("#"), list(self.view.channels.values()), "channel")

    async def _wait(self, search: Callable[[], Json | None], timeout: float) -> Json:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout), self._news:
                while (found := search()) is None:
                    if self._gone:
                        raise ConnectionError("the workspace closed the page's connection while something was awaited")
                    await self._news.wait()
        except TimeoutError:
            last = json.dumps(self.frames[-3:], ensure_ascii=False)[:2000]
            raise TimeoutError(f"nothing that was waited for came within {timeout:g} s; the last frames: {last}") from None
        return found

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for packet in socket:
            if packet.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = with_place(as_object(json.loads(packet.data)))
            async with self._news:
                self.frames.append(frame)
                self.view.take(frame)
                self._news.notify_all()
        async with self._news:
            self._gone = True
            self._news.notify_all()

    async def _act(self, what: str, **body: Any) -> Json:
        if self._session is None:
            raise ConnectionError("connect() must come first")
        async with self._session.post(self._url.with_path(f"/page/{what}").with_query(None), json=body) as response:
            answer = as_object(await response.json())
        if answer.get("ok") is not True:
            raise PageRefusedError(answer)
        return answer


def _find(name: str, things: list[Json], kind: str) -> str:
    for thing in things:
        if name in {thing.get("id"), thing.get("name")}:
            return str(thing["id"])
    known = ", ".join(sorted(str(thing.get("name")) for thing in things))
    raise LookupError(f"there is no {kind} {name!r} in the workspace; there are: {known}")
