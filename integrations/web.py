"""HTTP clients for the adapters: bounded in time and size, and never through a proxy to this very machine."""

import asyncio
import functools
import ipaddress
import ssl
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

T = TypeVar("T")

BODY_LIMIT = 1_000_000
"""Bytes of an answer that are read; more is an error, for nobody meant to send it."""


class TooLong(Exception):
    """The answer is longer than `BODY_LIMIT`."""


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


async def together(asked: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Every answer, in order. Where one fails the others end first, so that none goes on asking with a client that is closed."""
    tasks = [asyncio.create_task(one) for one in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def client(url: str, timeout: float) -> httpx.AsyncClient:
    """A client for that address; redirects are not followed. Loopback addresses ignore the proxy variables."""
    return httpx.AsyncClient(trust_env=not is_loopback(url), verify=_trust(), timeout=timeout, follow_redirects=False)


async def read(response: httpx.Response, limit: int = BODY_LIMIT) -> bytes:
    """The body of a streamed answer of at most `limit` bytes. Raises `TooLong`."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > limit:
            raise TooLong(f"the answer is longer than {limit} bytes")
    return bytes(body)


def in_words(error: Exception) -> str:
    """Why a request got no answer, in a few words without addresses of this program's insides."""
    match error:
        case httpx.ConnectTimeout():
            return "no connection in time"
        case httpx.TimeoutException() | TimeoutError():
            return "no answer in time"
        case httpx.ConnectError():
            return f"no connection ({str(error) or 'refused'})".replace("All connection attempts failed", "refused")
        case httpx.RemoteProtocolError() | httpx.ReadError():
            return "the connection broke before the answer"
        case _:
            return str(error) or type(error).__name__


@functools.cache
def _trust() -> ssl.SSLContext:
    # Making one costs tens of milliseconds: too much for every request.
    return ssl.create_default_context()
