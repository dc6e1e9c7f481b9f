"""A run's message in Slack: post, edit, tell the thread, and find again what was posted before an answer was lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import Unfit, Unsure, Unwelcome, ask
from bot.slack.render.kit import Message, plainly
from planner.names import RunId

_log = structlog.get_logger(__name__)
MESSAGE = "rollbot_run"
LINE = "rollbot_line"
PAGE = "rollbot_page"
_PAGES = 10
_UPLOAD = 20.0
"""Seconds for the bytes of a file."""


class Easel:
    """Slack calls for one run. Every method raises `bot.slack.calls.Trouble`."""

    def __init__(self, client: AsyncWebClient, environment: str, run: RunId) -> None:
        self._client = client
        self._environment = environment
        self._run = run

    async def post(self, channel: str, message: Message, *, seq: int) -> str:
        """A new message, and its ts."""
        return await self._send(channel, message, self._metadata(MESSAGE, seq))

    async def tell(self, channel: str, ts: str, message: Message, *, seq: int, loud: bool = False) -> None:
        """A line in the thread of `ts`; a `loud` one stands in the channel too."""
        more: dict[str, Any] = {"reply_broadcast": True} if loud else {}
        await self._send(channel, message, self._metadata(LINE, seq), thread_ts=ts, **more)

    async def page(self, channel: str, ts: str, message: Message, number: int) -> None:
        """A page of a long plan in the thread of `ts`."""
        await self._send(channel, message, self._metadata(PAGE, number), thread_ts=ts)

    async def upload(self, channel: str, ts: str, *, name: str, title: str, content: bytes, words: str | None = None) -> None:
        """A file in the thread of `ts`; `words` say what a picture shows to those who cannot see it."""
        room = await ask(self._client.files_getUploadURLExternal(filename=name, length=len(content), alt_txt=words))
        url, file = room.get("upload_url"), room.get("file_id")
        if not isinstance(url, str) or not isinstance(file, str):
            raise Unsure("no_upload_url")
        await self._put(url, content)
        await ask(
            self._client.files_completeUploadExternal(
                files=[{"id": file, "title": title}], channel_id=channel, thread_ts=ts, initial_comment=title
            )
        )

    async def _put(self, url: str, content: bytes) -> None:
        """The bytes of a file, to the address that Slack gave for them."""
        timeout = aiohttp.ClientTimeout(total=_UPLOAD)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=content, proxy=self._client.proxy) as answer,
            ):
                if answer.status != 200:
                    raise Unfit(f"upload_http_{answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unsure(type(error).__name__) from error

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """The message at `ts` as it is now. Always with blocks: without them Slack erases those that are there."""
        try:
            await self._update(channel, ts, message)
        except Unfit as unfit:
            self._refused(unfit)
            await self._update(channel, ts, plainly(message))

    async def _update(self, channel: str, ts: str, message: Message) -> None:
        try:
            await ask(self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks))
        except Unwelcome as unwelcome:
            if unwelcome.code != "edit_window_closed":
                raise
            # The workspace forbids late edits: the thread still tells what happens.
            _log.warning("the message can no longer be edited", run=self._run)

    async def find_message(self, channel: str, since: datetime | None) -> str | None:
        """The ts of this run's message, where it was posted; `None` too where Slack does not let us look."""
        oldest = f"{since.timestamp() - 60:.6f}" if since else "0"
        messages = await self._pages(self._client.conversations_history, channel=channel, oldest=oldest)
        return next((str(found["ts"]) for found in messages if self._is(found, MESSAGE)), None)

    async def find_post(self, channel: str, since: datetime, seq: int) -> bool:
        """Whether the message with entry `seq` stands in the channel."""
        oldest = f"{since.timestamp() - 60:.6f}"
        messages = await self._pages(self._client.conversations_history, channel=channel, oldest=oldest)
        return any(self._is(found, MESSAGE, seq) for found in messages)

    async def find_line(self, channel: str, ts: str, seq: int) -> bool:
        """Whether the line that ends with entry `seq` stands in the thread."""
        messages = await self._pages(self._client.conversations_replies, channel=channel, ts=ts)
        return any(self._is(found, LINE, seq) for found in messages)

    async def find_page(self, channel: str, ts: str, number: int) -> bool:
        """Whether that page stands in the thread."""
        messages = await self._pages(self._client.conversations_replies, channel=channel, ts=ts)
        return any(self._is(found, PAGE, number) for found in messages)

    async def find_file(self, channel: str, ts: str, name: str) -> bool:
        """Whether a file of that name stands in the thread."""
        messages = await self._pages(self._client.conversations_replies, channel=channel, ts=ts)
        files = [file for found in messages for file in found.get("files") or () if isinstance(file, dict)]
        return any(file.get("name") == name for file in files)

    async def _send(self, channel: str, message: Message, metadata: dict[str, Any], **more: Any) -> str:
        common: dict[str, Any] = {"channel": channel, "metadata": metadata, "unfurl_links": False, "unfurl_media": False, **more}
        try:
            answer = await ask(self._client.chat_postMessage(text=message.text, blocks=message.blocks, **common))
        except Unfit as unfit:
            self._refused(unfit)
            plain = plainly(message)
            answer = await ask(self._client.chat_postMessage(text=plain.text, blocks=plain.blocks, **common))
        ts = answer.get("ts")
        if not isinstance(ts, str):
            raise Unsure("no_ts")
        return ts

    async def _pages(self, method: Any, **arguments: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        cursor: str | None = None
        try:
            for _ in range(_PAGES):
                answer = await ask(method(include_all_metadata=True, limit=200, cursor=cursor, **arguments))
                found += [message for message in answer.get("messages") or () if isinstance(message, dict)]
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
                if cursor is None:
                    break
        except Unwelcome as unwelcome:
            # Without the scope to read, a doubled line is better than a missing one.
            _log.warning("cannot look whether a message arrived", run=self._run, because=unwelcome.code)
        return found

    def _metadata(self, kind: str, seq: int) -> dict[str, Any]:
        return {"event_type": kind, "event_payload": {"run": self._run, "environment": self._environment, "seq": seq}}

    def _is(self, message: Mapping[str, Any], kind: str, seq: int | None = None) -> bool:
        metadata = message.get("metadata")
        payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
        return (
            isinstance(metadata, dict)
            and isinstance(payload, dict)
            and metadata.get("event_type") == kind
            and (payload.get("run"), payload.get("environment")) == (self._run, self._environment)
            and (seq is None or str(payload.get("seq")) == str(seq))
        )

    def _refused(self, unfit: Unfit) -> None:
        _log.error("slack refused the blocks, sending plain text instead", run=self._run, because=unfit.code)
