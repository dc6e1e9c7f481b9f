"""The doors beside the Web API that the bot uses: the socket, response URLs, and addresses of files."""

import json
from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, web

from bot.workspace.errors import SlackError
from bot.workspace.files import MOST_BYTES
from bot.workspace.replies import answer_by_url
from bot.workspace.security import FILE_POLICY
from bot.workspace.state import State


class BotDoors:
    """Handlers of `/socket`, response URLs, `/upload/…` and `/files/…`; each address carries its own secret."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Open one Socket Mode connection with a ticket that apps.connections.open gave; 403 for a used one."""
        if not self._state.sockets.redeem(request.query.get("ticket", "")):
            return web.Response(status=403, text="The ticket is unknown or was used; call apps.connections.open again.")
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4_000_000)
        await socket.prepare(request)
        await self._state.sockets.serve(socket, request.transport, request.host)
        return socket

    async def respond(self, request: web.Request) -> web.Response:
        """Take one post to a response URL."""
        try:
            payload = json.loads(await request.read())
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        if not isinstance(payload, dict):
            return web.Response(status=400, text="invalid_payload")
        try:
            answer_by_url(self._state, request.match_info["key"], payload)
        except SlackError as refusal:
            gone = refusal.code in {"expired_url", "used_url"}
            return web.json_response({"ok": False, "error": refusal.code} | refusal.more, status=404 if gone else 400)
        return web.Response(text="ok")

    async def upload(self, request: web.Request) -> web.Response:
        """Take the bytes of a file, raw or as the first part of a form; 413 above the limit."""
        upload = self._state.files.find(request.match_info["file_id"], request.match_info["secret"])
        if upload is None or upload.content is not None:
            return web.Response(status=404, text="This upload address is unknown or was used.")
        content = bytearray()
        async for chunk in _chunks(request):
            content += chunk
            if len(content) > MOST_BYTES:
                return web.Response(status=413, text=f"At most {MOST_BYTES} bytes.")
        upload.content = bytes(content)
        return web.Response(text=f"OK - {len(content)}")

    async def file(self, request: web.Request) -> web.Response:
        """Give an uploaded file; what is no picture and no text is only downloaded, and nothing in it may run."""
        upload = self._state.files.find(request.match_info["file_id"], request.match_info["secret"])
        if upload is None or upload.content is None:
            return web.Response(status=404, text="There is no such file.")
        headers = {"Content-Security-Policy": FILE_POLICY}
        if not upload.content_type.startswith(("image/", "text/")):
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=upload.content, content_type=upload.content_type, headers=headers)

    async def permalink(self, request: web.Request) -> web.Response:
        """Say where a permalink is to be opened: it names a message and carries no token."""
        return web.Response(status=404, text="Open this link from inside the workspace's page.")


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    if request.content_type != "multipart/form-data":
        async for chunk in request.content.iter_chunked(65_536):
            yield chunk
        return
    part = await (await request.multipart()).next()
    while isinstance(part, BodyPartReader) and (chunk := await part.read_chunk()):
        yield chunk
