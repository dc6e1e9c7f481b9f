"""Calls to an HTTP API that speaks JSON, with every answer mapped to what to do next.

no connection, or 429, 5xx on a read     Unavailable      nothing happened
any other 4xx, or an answer in no JSON   Rejected         in its own words; 404 is `Missing`
no answer to a write, or 5xx             OutcomeUnknown   observe before doing it again

Secrets stand in headers only, and are masked in whatever the other side says. Redirects are not followed, so none of them leaves.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from integrations import web
from integrations.errors import OutcomeUnknown, Rejected, Unavailable
from integrations.masking import mask

LARGEST = 32_000_000
"""Bytes of one answer."""

_WHOLE = 3
"""How many times the time for one read a whole answer may take."""


class Missing(Rejected):
    """It is not there (404)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the JSON, and the headers."""

    body: Any
    headers: httpx.Headers


class JsonApi:
    """One API at one address. `name` is what people call it; `secret` headers go with every request and into no message."""

    def __init__(self, name: str, url: str, *, timeout: float, secret: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._secret = dict(secret or {})
        self._timeout = timeout
        self._client = web.client(url, timeout)

    @property
    def place(self) -> str:
        """Its name and host, fit for messages."""
        parts = urlsplit(self._url)
        return f"{self._name} at {parts.hostname or '?'}{f':{parts.port}' if parts.port else ''}"

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def get(self, path: str, query: Mapping[str, str] | None = None, *, timeout: float | None = None) -> Answer:  # noqa: ASYNC109 (httpx keeps it)
        """Read something. `timeout` in seconds where this request may take longer than others."""
        return await self._send("GET", path, query, None, timeout, writes=False)

    async def post_form(self, path: str, form: Mapping[str, str]) -> Answer:
        """Read something by a form, for questions too long for an address."""
        return await self._send("POST", path, None, form, None, writes=False)

    async def put(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Change something."""
        return await self._send("PUT", path, query, None, None, writes=True)

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        limit: float | None,
        *,
        writes: bool,
    ) -> Answer:
        timeout = httpx.USE_CLIENT_DEFAULT if limit is None else limit
        ask = self._client.stream(
            method, f"{self._url}{path}", params=dict(query or {}), data=form, headers=self._secret, timeout=timeout
        )
        try:
            # A body that comes drop by drop keeps every single read in time: the whole has its own limit.
            async with asyncio.timeout(_WHOLE * (limit or self._timeout)), ask as response:
                body = await web.read(response, LARGEST)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise Unavailable(f"{self.place} cannot be reached: {web.in_words(error)}") from error
        except (httpx.HTTPError, TimeoutError) as error:
            if writes:
                raise OutcomeUnknown(f"{self.place} gave no answer to a change: {web.in_words(error)}") from error
            raise Unavailable(f"{self.place} could not be asked: {web.in_words(error)}") from error
        except httpx.InvalidURL as error:
            raise Rejected(f"{self._name}: this is no address to ask: {error}") from error
        except web.TooLong as error:
            raise Rejected(f"{self.place}: {error}") from error
        return self._read(response, body, writes=writes)

    def _read(self, response: httpx.Response, body: bytes, *, writes: bool) -> Answer:
        status = response.status_code
        if status == httpx.codes.OK:
            return Answer(self._json(body), response.headers)
        said = self._said(body)
        match status:
            case 404:
                raise Missing(f"{self.place} has no such thing (404): {said}")
            case 401 | 403:
                raise Rejected(f"{self.place} does not let us ({status}): {said}")
            case 429:
                raise Unavailable(f"{self.place} asks to slow down (429): {said}")
            case _ if status >= httpx.codes.INTERNAL_SERVER_ERROR:
                if writes:
                    raise OutcomeUnknown(f"{self.place} answered {status} to a change: {said}")
                raise Unavailable(f"{self.place} answered {status}: {said}")
            case _:
                raise Rejected(f"{self.place} answered {status}: {said}")

    def _json(self, body: bytes) -> Any:
        if not body.strip():
            return None
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise Rejected(f"{self.place} answered in no JSON; is this its address?") from None

    def _said(self, body: bytes) -> str:
        text = " ".join(body[:2000].decode(errors="replace").split())
        return mask(text, self._secret.values())[:300]
