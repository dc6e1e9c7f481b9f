"""The primary that Redis Sentinel names: `redis+sentinel://[user:password@]host[:port],host[:port]…/name[/db]`.

`rediss+sentinel` uses TLS to everybody. `?sentinel_username=…&sentinel_password=…` are for the Sentinels themselves. The job
engine reads such URLs the same way.
"""

from typing import Any
from urllib.parse import unquote

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool

from bot.store.members import members

SCHEMES = ("redis+sentinel", "rediss+sentinel")
_PORT = 26379
_FORM = "redis+sentinel://host:26379,host:26379/name-of-the-primary"


class _Pool(SentinelConnectionPool):
    """Also closes the connections to the Sentinels."""

    async def aclose(self) -> None:
        await super().aclose()
        for client in self.sentinel_manager.sentinels:
            await client.aclose()


def client(url: str, **options: Any) -> Redis:
    """A client of whatever server is the primary. Raises `ValueError` for a URL that is not of the form above."""
    found = members(url, port=_PORT, form=_FORM)
    name, _, db = found.path.partition("/")
    if not name or not found.addresses:
        raise ValueError(f"a Sentinel URL needs hosts and the primary's name: {_FORM}")
    unknown = found.asked.keys() - {"sentinel_username", "sentinel_password"}
    if unknown:
        raise ValueError(f"a Sentinel URL takes no {', '.join(sorted(unknown))}; known are sentinel_username, sentinel_password")
    watchers: dict[str, Any] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    watchers |= {key.removeprefix("sentinel_"): value for key, value in found.asked.items()}
    options |= found.login
    if found.scheme == "rediss+sentinel":
        options["ssl"] = watchers["ssl"] = True
    sentinel = Sentinel(list(found.addresses), sentinel_kwargs=watchers)  # type: ignore[no-untyped-call]
    pool = _Pool(unquote(name), sentinel, db=_number(db), **options)  # type: ignore[no-untyped-call]
    return Redis.from_pool(pool)


def _number(db: str) -> int:
    if db and not db.isdigit():
        raise ValueError(f"{db!r} is no database number: {_FORM}/0")
    return int(db or 0)
