"""URLs that name several servers: `scheme://[user:password@]host[:port],host[:port]…[/path][?query]`."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

Address = tuple[str, int]
"""A host and a port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Such a URL taken apart. `login` may hold `username` and `password`, and never shows in a text."""

    scheme: str
    addresses: tuple[Address, ...]
    login: dict[str, str]
    path: str
    asked: dict[str, str]


def members(url: str, *, port: int, form: str) -> Members:
    """The parts of this URL; `port` where a member names none. Raises `ValueError` with `form`, which is how it should be."""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    hosts, _, path = place.partition("/")
    login, _, named = hosts.rpartition("@")
    user, _, password = login.partition(":")
    return Members(
        scheme=scheme,
        addresses=tuple(_address(member, port, form) for member in named.split(",")) if named else (),
        login={key: unquote(text) for key, text in (("username", user), ("password", password)) if text},
        path=path.strip("/"),
        asked={key: values[-1] for key, values in parse_qs(query).items()},
    )


def _address(member: str, port: int, form: str) -> Address:
    try:
        split = urlsplit(f"//{member.strip()}")
        host, found = split.hostname, split.port or port
    except ValueError:
        host, found = None, 0
    if not host:
        raise ValueError(f"{member!r} is no host: {form}")
    return host, found
