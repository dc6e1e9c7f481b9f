"""A connection to Redis or Valkey, made the same way everywhere."""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Protocol, cast

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bot.store import cluster, sentinel
from bot.store.heeding import heeding

STORE_DOWN = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError)
"""What a call raises while the store cannot be reached, is full, or is no longer the primary."""

_AT_ONCE = 64
"""Connections of one process, of which those that follow logs keep a few."""
_TURN = 10
"""Seconds that a call waits for a connection; after that the store counts as away."""
Row = tuple[str, dict[str, str]]
"""An entry of a stream: its id and its fields."""


class Store(Protocol):
    """The commands that Rollbot uses, as they answer when everything is text. The library's own types allow bytes everywhere."""

    def register_script(self, script: str) -> Callable[..., Awaitable[list[str]]]: ...
    def pipeline(self, *, transaction: bool) -> AbstractAsyncContextManager[Any]: ...
    async def ping(self) -> bool: ...
    async def time(self) -> tuple[int, int]: ...
    async def info(self, section: str) -> dict[str, Any]: ...
    async def config_get(self, pattern: str) -> dict[str, str]: ...
    async def aclose(self) -> None: ...
    async def flushall(self) -> bool: ...
    async def shutdown(self, *, nosave: bool) -> None: ...
    async def incr(self, key: str) -> int: ...
    async def set(self, key: str, value: str, *, nx: bool = False, px: int | None = None) -> bool | None: ...
    async def get(self, key: str) -> str | None: ...
    async def pexpire(self, key: str, milliseconds: int) -> bool: ...
    async def hgetall(self, key: str) -> dict[str, str]: ...
    async def hmget(self, key: str, fields: Sequence[str]) -> list[str | None]: ...
    async def hset(self, key: str, *, mapping: dict[str, str]) -> int: ...
    async def getdel(self, key: str) -> str | None: ...
    async def hdel(self, key: str, *fields: str) -> int: ...
    async def smembers(self, key: str) -> AbstractSet[str]: ...
    async def zrevrange(self, key: str, start: int, end: int) -> list[str]: ...
    async def zrangebyscore(self, key: str, min: str, max: str) -> list[str]: ...
    async def xrange(self, key: str, *, min: str = "-", max: str = "+", count: int | None = None) -> list[Row]: ...
    async def xrevrange(self, key: str, *, count: int) -> list[Row]: ...
    async def xread(self, streams: dict[str, str], *, count: int, block: int) -> list[tuple[str, list[Row]]]: ...


def connect(url: str, tag: str = "", *, patient: bool = True) -> Store:
    """A client for this URL, which connects on first use: `redis://`, `rediss://`, `unix://`, `redis+sentinel://`, `redis+cluster://`.

    `tag` is the hash tag of the keys that will be used: in a Cluster the client speaks with the node that holds them.

    A call that finds the connection gone is tried again for about a second. That is safe because every write is a
    compare-and-set: a writer whose answer was lost finds its own entry in the log and does not write it twice. Without
    `patient` it is tried once.
    Raises `ValueError` for a URL of another kind.
    """
    scheme = url.partition("://")[0]
    options: dict[str, Any] = {
        "decode_responses": True,
        "protocol": 2,
        "socket_connect_timeout": 3,
        "socket_timeout": 10,
        "health_check_interval": 15,
        "retry": Retry(ExponentialBackoff(cap=0.4, base=0.05), 4 if patient else 0),
        "retry_on_error": [RedisConnectionError, RedisTimeoutError] if patient else [],
    }
    if scheme in sentinel.SCHEMES:
        client = sentinel.client(url, **options)
    elif is_cluster(url):
        client = Redis.from_pool(cluster.pool(url, tag, **options))
    else:
        # The library's usual pool fails the hundred-and-first call at once: a crowd of commands waits for its turn instead.
        client = Redis.from_pool(BlockingConnectionPool.from_url(url, max_connections=_AT_ONCE, timeout=_TURN, **options))
    pool = client.connection_pool
    pool.connection_class = heeding(pool.connection_class)
    return cast("Store", client)


def is_cluster(url: str) -> bool:
    """Whether this URL names a Redis Cluster."""
    return url.partition("://")[0] in cluster.SCHEMES


def engine_pool(url: str, tag: str) -> Callable[..., ConnectionPool] | None:
    """What makes the job engine's connections, from the options it asks for; `None` where it makes them well itself."""
    return partial(cluster.pool, url, tag) if is_cluster(url) else None
