"""The node of a Redis Cluster that holds one environment: `redis+cluster://[user:password@]host[:port],host[:port]…`.

All keys of an environment have one hash tag, so they are in one slot, and one node at a time serves them all: scripts, pipelines
and WAIT work there as on a single server. Which node that is, any member of the Cluster says, again on every new
connection and whenever a node answers that it no longer is the one: after a failover, or when the slot has moved.

`rediss+cluster` uses TLS. One member that answers is enough to find the others.
"""

import weakref
from collections import deque
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError

from bot.store.members import Address, Members, members

SCHEMES = ("redis+cluster", "rediss+cluster")
_PORT = 6379
_FORM = "redis+cluster://host:6379,host:6379"
_ELSEWHERE = (AskError, ClusterDownError, TryAgainError)
"""What a node answers that does not serve the slot, not now or no longer; `MovedError` is an `AskError`."""

Node = list[Any]
"""As CLUSTER SLOTS names one: host, port, and more."""


class _Map:
    """Which node serves a slot. Members are asked in turn, so that one with an old view does not have the last word for ever."""

    def __init__(self, seeds: Members, tag: str) -> None:
        self._seeds = seeds
        self._slot = key_slot(tag.encode())
        self._members = deque(seeds.addresses)

    async def place(self) -> Address:
        """Where the slot is served now. Raises the library's `ConnectionError` where nobody says."""
        for address in list(self._members):
            self._members.rotate(-1)
            try:
                async with _member(self._seeds, address) as member:
                    ranges = await member.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
            except (RedisError, OSError):
                continue
            self._remember([_address(node, address) for _, _, *nodes in ranges for node in nodes])
            for low, high, primary, *_ in ranges:
                if low <= self._slot <= high:
                    return _address(primary, address)
        raise RedisConnectionError(f"no member of the Cluster says which node serves slot {self._slot}")

    def _remember(self, named: list[Address]) -> None:
        """The members that there are, in the order in which they are to be asked; those it was given are never forgotten."""
        wanted = dict.fromkeys([*named, *self._seeds.addresses])
        kept = [address for address in self._members if address in wanted]
        self._members = deque(dict.fromkeys([*kept, *wanted]))


def _member(seeds: Members, address: Address) -> Redis:
    """Asked once: where it does not answer, the next one may."""
    host, port = address
    options: dict[str, Any] = {"ssl": seeds.scheme == "rediss+cluster", "decode_responses": True, **seeds.login}
    return Redis(host=host, port=port, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0), **options)


def _address(node: Node, asked: Address) -> Address:
    """A node that does not know its own host is the one that was asked."""
    return str(node[0] or asked[0]), int(node[1])


class _Following:
    """Stands before a connection class of the library."""

    def __init__(self, *, connection_pool: "_Pool", **options: Any) -> None:
        self._pool = connection_pool
        super().__init__(**options)
        self.host: str
        self.port: int

    async def connect_check_health(self, *arguments: Any, **named: Any) -> None:
        if not self.is_connected:  # type: ignore[attr-defined]
            self.host, self.port = await self._pool.map.place()
        await super().connect_check_health(*arguments, **named)  # type: ignore[misc]

    async def read_response(self, *arguments: Any, **named: Any) -> Any:
        try:
            return await super().read_response(*arguments, **named)  # type: ignore[misc]
        except _ELSEWHERE as error:
            # As with Sentinel: whoever tries again connects anew, and asks who serves the slot before.
            await self.disconnect()  # type: ignore[attr-defined]
            raise RedisConnectionError(f"the slot is served elsewhere: {error}") from error


class _Connection(_Following, Connection):
    """In the clear."""


class _SSLConnection(_Following, SSLConnection):
    """With TLS."""


class _Pool(ConnectionPool):
    """Connections to whatever node serves the slot."""

    def __init__(self, map_: _Map, *, tls: bool, **options: Any) -> None:
        super().__init__(connection_class=_SSLConnection if tls else _Connection, **options)
        self.map = map_
        self.connection_kwargs["connection_pool"] = weakref.proxy(self)


def pool(url: str, tag: str, **options: Any) -> ConnectionPool:
    """Connections to the node that serves this hash tag. Raises `ValueError` for a URL that is not of the form above."""
    found = _members(url)
    return _Pool(_Map(found, tag), tls=found.scheme == "rediss+cluster", **options, **found.login)


def _members(url: str) -> Members:
    found = members(url, port=_PORT, form=_FORM)
    if not found.addresses:
        raise ValueError(f"a Cluster URL needs hosts: {_FORM}")
    if found.asked or found.path not in ("", "0"):
        raise ValueError(f"a Cluster URL has hosts and nothing after them, for a Cluster has one database: {_FORM}")
    return found
