"""The primary that Redis Sentinel names: `redis+sentinel://[user:password@]host[:port],host[:port]…/name[/db]`.

`rediss+sentinel` uses TLS to everybody. `?sentinel_username=…&sentinel_password=…` are for the Sentinels themselves. The job
engine reads such URLs the same way.
"""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool

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
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    hosts, _, path = place.partition("/")
    login, _, members = hosts.rpartition("@")
    name, _, db = path.strip("/").partition("/")
    if not name or not members:
        raise ValueError(f"a Sentinel URL needs hosts and the primary's name: {_FORM}")
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    unknown = asked.keys() - {"sentinel_username", "sentinel_password"}
    if unknown:
        raise ValueError(f"a Sentinel URL takes no {', '.join(sorted(unknown))}; known are sentinel_username, sentinel_password")
    watchers: dict[str, Any] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    watchers |= {key.removeprefix("sentinel_"): value for key, value in asked.items()}
    if login:
        user, _, password = login.partition(":")
        options |= {key: unquote(text) for key, text in (("username", user), ("password", password)) if text}
    if scheme == "rediss+sentinel":
        options["ssl"] = watchers["ssl"] = True
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        [_address(member) for member in members.split(",")], sentinel_kwargs=watchers
    )
    pool = _Pool(unquote(name), sentinel, db=_number(db), **options)  # type: ignore[no-untyped-call]
    return Redis.from_pool(pool)


def _address(member: str) -> tuple[str, int]:
    try:
        split = urlsplit(f"//{member.strip()}")
        host, port = split.hostname, split.port or _PORT
    except ValueError:
        host, port = None, 0
    if not host:
        raise ValueError(f"{member!r} is no host of a Sentinel: {_FORM}")
    return host, port


def _number(db: str) -> int:
    if db and not db.isdigit():
        raise ValueError(f"{db!r} is no database number: {_FORM}/0")
    return int(db or 0)
