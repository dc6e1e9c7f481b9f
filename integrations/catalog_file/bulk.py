"""Services out of a large JSON file, several times as fast as by way of plain data.

msgspec reads the text of a service straight into the types below, and what is left to do in Python is little. Nothing is told
here of what is wrong: a service that is wrong, or only unusual, is given as plain data, for the careful way through the format
to say what is the matter and where. So one odd service costs only itself.

**No key stands twice.** msgspec takes the last of two and says nothing, so every service is written out again and the colons of
both texts are counted. A key that was dropped took its colon along, so the file's text has more of them, and nothing makes up
for that:

- What was not given stays away (`UNSET`), what was given stands there again, null too: as many structural colons on both sides.
- Texts are the same on both sides, and so are the colons in them, unless one hides in an escape; such services are left alone.
- A moment is no text but read and written anew. It is written with two colons if it is in UTC, and not read with fewer, for
  msgspec wants hours, minutes and seconds. Moments in other zones are left alone. So that `+00:00` may be written for `Z`, the
  colon of a text that ends so does not count, on either side; whatever was dropped with such a text still had a colon besides.
- Numbers, true, false and null have no colons.

**It means the same.** msgspec rounds moments to microseconds, the careful way cuts: longer fractions are left alone. All other
rules are those of `schema`, which is handed the rest as plain data.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from integrations.catalog_file.document import Document, Pieces
from integrations.catalog_file.json_reader import places_of, read_piece
from integrations.catalog_file.schema import SERVICE, read_service
from integrations.catalog_file.splitting import services_in
from integrations.catalog_file.walk import TooMany, Walk, is_name, is_version
from planner.facts import NOTHING, Edge, Migration, MigrationKind, Release, Service, Verified
from planner.names import ServiceName, Version
from planner.ranges import Range

MOST = 1 << 18
"""Of so many different texts it is remembered what they stand for."""

_HIDDEN = re.compile(rb"\\u00[23]")
"""The escapes of digits, dots, colons and pluses, among others; nobody writes these so."""
_ROUNDED = re.compile(rb"\.(?<=:[0-9]{2}\.)[0-9]{7}")
_ZERO = b'+00:00"'


class _Migration(Struct, forbid_unknown_fields=True, gc=False):
    id: str
    kind: MigrationKind | UnsetType | None = UNSET


class _Release(Struct, forbid_unknown_fields=True, gc=False):
    version: str
    deployed_at: datetime | UnsetType | None = UNSET
    verified: Verified | UnsetType | None = UNSET
    artifact: Any = UNSET
    requires: dict[str, str] | UnsetType | None = UNSET
    migrations: list[_Migration] | UnsetType | None = UNSET


class _Service(Struct, forbid_unknown_fields=True, gc=False):
    name: str
    owner: Any = UNSET
    tier: Any = UNSET
    current: Any = UNSET
    runtime: Any = UNSET
    registry: Any = UNSET
    depends_on: Any = UNSET
    checks: Any = UNSET
    security_floor: Any = UNSET
    releases: list[_Release] | UnsetType | None = UNSET


class _Odd(ValueError):
    """Something needs a closer look."""


_AS_IT_IS = tuple(sorted(SERVICE - {"releases", "depends_on"}))
_UNKNOWN = Verified.UNKNOWN
_new = tuple.__new__  # what Release(…) does besides takes as long again
_decode = msgspec.json.Decoder(_Service).decode
_encode = msgspec.json.Encoder().encode


def read_bulk(content: bytes) -> Document | None:
    """The document in a file of that content, its services in pieces; `None` where the file is not plain enough."""
    services = services_in(content)
    if services is None:
        return None
    return Document(
        data={"version": 1, "services": Pieces(partial(_pieces, services))}, places=lambda: places_of(content.decode("utf-8-sig"))
    )


def _pieces(services: Iterable[bytes]) -> Iterator[Any]:
    """Each service, as a `Service` or as plain data. Raises `NotPlain`."""
    bulk = Bulk()
    for text in services:
        service = bulk.service(text)
        yield read_piece(text) if service is None else service


_T = TypeVar("_T")


class _Known(dict[str, _T]):
    """What texts stand for, by text: a large catalog says the same names, versions and ranges over and over.

    Unlike `lru_cache` it keeps no order among them, which over millions of texts takes a quarter of a second less.
    """

    __slots__ = ("_made",)

    def __init__(self, made: Callable[[str], _T]) -> None:
        self._made = made

    def __missing__(self, text: str) -> _T:
        if len(self) >= MOST:
            self.clear()
        made = self[text] = self._made(text)
        return made


class Bulk:
    """Reads services, and remembers what their texts stand for."""

    __slots__ = ("_edge", "_name", "_range", "_version")

    def __init__(self) -> None:
        self._version = _Known(_version).__getitem__
        self._name = _Known(_name).__getitem__
        self._range = _Known(Range.parse).__getitem__
        self._edge = _Known(_calls_to).__getitem__

    def service(self, text: bytes) -> Service | None:
        """The service that the JSON text tells; `None` for whatever needs a closer look, right or wrong."""
        if (b"\\" in text and _HIDDEN.search(text)) or _ROUNDED.search(text):
            return None
        try:
            told = _decode(text)
            again = _encode(told)
            if text.count(b":") != again.count(b":") and _zoneless(text) != _zoneless(again):
                return None
            walk = Walk()
            given = {key: value for key in _AS_IT_IS if (value := getattr(told, key)) is not UNSET}
            given["releases"] = self._releases(told.releases or [], walk)
            given["depends_on"] = self._edges(told.depends_on)
            service = read_service(given, (), walk)
        except (ValueError, OverflowError, RecursionError, TooMany):
            return None
        return None if walk.mistakes else service

    def _edges(self, told: Any) -> Any:
        """Dependencies of which each is just a name, made; as they stand where there are others."""
        if type(told) is not list or not {*map(type, told)} <= {str}:
            return None if told is UNSET else told
        if len(set(told)) != len(told):
            raise _Odd
        return tuple(map(self._edge, told))

    def _releases(self, told: list[_Release], walk: Walk) -> tuple[Release, ...]:
        """What was told, checked. Notes some mistakes in the walk; raises `ValueError` for others and whatever is not usual."""
        version_of = self._version
        versions = [version_of(one.version) for one in told]
        if len(set(versions)) != len(versions):
            raise _Odd
        releases: list[Release] = []
        add = releases.append
        wanted: dict[str, str] | UnsetType | None = None
        ranges = NOTHING  # what `wanted` says: releases that follow one another mostly require the same, and share it
        for version, one in zip(versions, told, strict=True):
            time, artifact, migrations, requires = one.deployed_at, one.artifact, one.migrations, one.requires
            if time and time.tzinfo is not UTC:
                raise _Odd
            if requires is not wanted and requires != wanted:
                wanted = requires
                ranges = self._ranges(requires) if requires else NOTHING
            facts = (
                version,
                time or None,
                one.verified or _UNKNOWN,
                None if artifact is UNSET else walk.text(artifact, (), "a text"),
                ranges,
                _migrations(migrations, walk) if migrations else (),
            )
            add(_new(Release, facts))
        return tuple(releases)

    def _ranges(self, wanted: dict[str, str]) -> Mapping[ServiceName, Range]:
        return MappingProxyType(dict(zip(map(self._name, wanted), map(self._range, wanted.values()), strict=True)))


def _migrations(told: list[_Migration], walk: Walk) -> tuple[Migration, ...]:
    if len(told) > 1 and len({one.id for one in told}) != len(told):
        raise _Odd
    made = [Migration(id=walk.text(one.id, (), "a text") or "", kind=one.kind or MigrationKind.UNKNOWN) for one in told]
    return tuple(made)


def _zoneless(text: bytes) -> int:
    return text.count(b":") - text.count(_ZERO)


def _version(text: str) -> Version:
    if is_version(text):
        return Version(sys.intern(text))
    raise _Odd


def _name(text: str) -> ServiceName:
    if is_name(text):
        return ServiceName(sys.intern(text))
    raise _Odd


def _calls_to(text: str) -> Edge:
    return Edge(service=_name(text))
