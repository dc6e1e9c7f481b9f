"""The job engine over connections that it does not make itself.

Of its own it reaches a Redis Cluster through the library's Cluster client, and listens at one node that it never leaves: when
that node dies, no worker takes a job any more, though the Cluster goes on. Here it gets connections to the node that holds the
environment, as the rest of Rollbot has them. There is no public way to do that: only this file leans on its insides.
"""

from collections.abc import Callable
from typing import Any

from docket import Docket
from docket._redis import RedisConnection
from redis.asyncio import ConnectionPool

Pool = Callable[..., ConnectionPool]
"""Makes a pool of connections; takes the options that the engine wants for them."""

_NOWHERE = "redis://made.elsewhere"
"""A URL that is never used; the engine wants one."""


class _Connection(RedisConnection):
    def __init__(self, pool: Pool) -> None:
        super().__init__(_NOWHERE)
        self._pool = pool

    async def _connection_pool_from_url(self, decode_responses: bool = False, protocol: int | None = None) -> ConnectionPool:
        options: dict[str, Any] = {} if protocol is None else {"protocol": protocol}
        # It reads without end where nothing is to be done, so no read may be cut short.
        return self._pool(decode_responses=decode_responses, socket_timeout=None, socket_connect_timeout=10, **options)


class OwnConnections(Docket):
    """A docket whose connections come from `pool`. It strikes no jobs out: nobody here does."""

    def __init__(self, name: str, pool: Pool) -> None:
        super().__init__(name=name, url=_NOWHERE)
        self._redis = _Connection(pool)
        self.url = ""  # of what is struck out it then keeps no list in the store, for which it would connect by itself
