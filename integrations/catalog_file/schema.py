"""The public format of the catalog: which keys there are, what may stand in them, and the facts they become.

Each function takes plain data and the path to it, notes what is wrong in the walk, and gives what could be understood. What it
gives is only used where nothing was wrong at all.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from integrations.catalog_file.checks import read_checks
from integrations.catalog_file.document import Path
from integrations.catalog_file.walk import Walk, found, is_name
from planner.facts import NOTHING, Edge, EdgeKind, Migration, MigrationKind, Origin, Release, Service, Verified
from planner.names import ServiceName, Version
from planner.ranges import Range, RangeError

TOP = frozenset({"version", "services"})
SERVICE = frozenset(
    {"name", "owner", "tier", "current", "runtime", "registry", "depends_on", "checks", "security_floor", "releases"},
)
RELEASE = frozenset({"version", "deployed_at", "verified", "artifact", "requires", "migrations"})
EDGE = frozenset({"service", "kind", "origin", "source", "seen_at", "rate", "window"})
MIGRATION = frozenset({"id", "kind"})
_EDGE_KINDS = {str(kind): kind for kind in EdgeKind}
_PLAIN_EDGE = frozenset({"service", "kind"})
_ORIGINS = {str(origin): origin for origin in Origin}
_MIGRATION_KINDS = {str(kind): kind for kind in MigrationKind}
_VERIFIED = {str(word): word for word in Verified}


def read_top(data: Any, walk: Walk) -> list[tuple[Service, Path]]:
    """The services of one file with the paths to them."""
    top = walk.mapping(data, (), TOP, "a mapping with the keys version and services")
    if top is None:
        return []
    if top.get("version") != 1 or type(top["version"]) is not int:
        said = found(top["version"]) if "version" in top else "version is missing"
        walk.wrong(("version",), said, "expected version: 1, the version of the catalog format")
    if top.get("services") is None:
        walk.wrong(
            ("services",), "services is missing" if "services" not in top else "found nothing", "expected a list of services"
        )
    services = []
    for place, item in enumerate(walk.items(top.get("services"), ("services",), "services")):
        at: Path = ("services", place)
        service = item if type(item) is Service else read_service(item, at, walk)
        if service is not None:
            services.append((service, at))
    return services


def read_service(value: Any, at: Path, walk: Walk) -> Service | None:
    """One service; its releases and dependencies may be such already, as tuples: nothing that was read is one."""
    given = walk.mapping(value, at, SERVICE, "a service: a mapping with the keys name, releases, …")
    if given is None:
        return None
    if "name" not in given:
        walk.wrong((*at, "name"), "name is missing", "expected the name of the service")
        return None
    name = walk.name(given["name"], (*at, "name"))
    if name is None:
        return None
    get = given.get
    return Service(
        name=ServiceName(name),
        owner=walk.text(get("owner"), (*at, "owner"), "a text") if "owner" in given else None,
        tier=walk.whole(get("tier"), (*at, "tier"), 1, 0) or None if "tier" in given else None,
        current=_version(given, "current", at, walk),
        runtime=_adapter(get("runtime"), (*at, "runtime"), walk) if "runtime" in given else None,
        registry=_adapter(get("registry"), (*at, "registry"), walk) if "registry" in given else None,
        depends_on=_edges(get("depends_on"), (*at, "depends_on"), walk) if "depends_on" in given else (),
        checks=read_checks(get("checks"), (*at, "checks"), walk) if "checks" in given else (),
        security_floor=_version(given, "security_floor", at, walk),
        releases=_releases(get("releases"), (*at, "releases"), walk) if "releases" in given else (),
    )


def _version(given: Mapping[str, Any], key: str, at: Path, walk: Walk) -> Version | None:
    value = given.get(key)
    if value is None:
        return None
    version = walk.version(value, (*at, key))
    return None if version is None else Version(version)


def _adapter(value: Any, at: Path, walk: Walk) -> Mapping[str, Any] | None:
    """The settings of a runtime or registry adapter as they stand; only that adapter knows what may be in them."""
    if value is None:
        return None
    if type(value) is not dict or type(value.get("kind")) is not str:
        walk.wrong(
            at, found(value) if type(value) is not dict else "no kind", "expected a mapping with kind: NAME-OF-THE-ADAPTER"
        )
        return None
    return MappingProxyType(value) if walk.plain(value, at) else None


def _edges(value: Any, at: Path, walk: Walk) -> tuple[Edge, ...]:
    if type(value) is tuple:
        return value
    edges: dict[tuple[ServiceName, EdgeKind], Edge] = {}
    for place, item in enumerate(walk.items(value, at, "services that this one depends on")):
        edge = _edge(item, (*at, place), walk)
        if edge is None:
            continue
        key = (edge.service, edge.kind)
        if key in edges:
            walk.wrong((*at, place), f"{edge.service} ({edge.kind}) again", "expected each dependency once")
        edges[key] = edge
    return tuple(edges.values())


def _edge(value: Any, at: Path, walk: Walk) -> Edge | None:
    if type(value) is str:
        name = walk.name(value, at)
        return _edge_of(name, EdgeKind.CALLS) if name else None
    given = walk.mapping(value, at, EDGE, "a service's name, or {service: NAME, kind: calls}")
    if given is None:
        return None
    if "service" not in given:
        walk.wrong((*at, "service"), "service is missing", "expected the name of a service")
        return None
    name = walk.name(given["service"], (*at, "service"))
    kind = walk.choice(given.get("kind"), (*at, "kind"), _EDGE_KINDS)
    edge = _edge_of(name, EdgeKind(kind or EdgeKind.CALLS)) if name else None
    return edge if edge is None or given.keys() <= _PLAIN_EDGE else _told(edge, given, at, walk)


def _told(edge: Edge, given: Mapping[str, Any], at: Path, walk: Walk) -> Edge:
    """The edge with who says so and how old that is."""
    origin = Origin(walk.choice(given.get("origin"), (*at, "origin"), _ORIGINS) or Origin.DECLARED)
    source = walk.text(given.get("source"), (*at, "source"), "a text, such as prometheus")
    if source is not None and origin is Origin.DECLARED:
        walk.wrong((*at, "source"), found(source), "expected a source only with origin: imported or observed")
    return Edge(
        service=edge.service,
        kind=edge.kind,
        origin=origin,
        source=source,
        seen_at=walk.moment(given.get("seen_at"), (*at, "seen_at")),
        rate=walk.rate(given.get("rate"), (*at, "rate")),
        window=walk.seconds(given["window"], (*at, "window"), 1.0) if given.get("window") is not None else None,
    )


@lru_cache(maxsize=1 << 18)
def _edge_of(name: str, kind: EdgeKind) -> Edge:
    return Edge(service=ServiceName(name), kind=kind)


def _releases(value: Any, at: Path, walk: Walk) -> tuple[Release, ...]:
    if type(value) is tuple:
        return value
    releases: dict[str, Release] = {}
    for place, item in enumerate(walk.items(value, at, "releases")):
        release = _release(item, (*at, place), walk)
        if release is None:
            continue
        if release.version in releases:
            walk.wrong((*at, place, "version"), f"version {release.version} again", "expected each version of a service once")
        releases[release.version] = release
    return tuple(releases.values())


def _release(value: Any, at: Path, walk: Walk) -> Release | None:
    given = walk.mapping(value, at, RELEASE, "a release: a mapping with the keys version, deployed_at, …")
    if given is None:
        return None
    if "version" not in given:
        walk.wrong((*at, "version"), "version is missing", "expected the version of the release")
        return None
    version = walk.version(given["version"], (*at, "version"))
    values: dict[str, Any] = {}
    for key, value in given.items():
        read = _OF_RELEASE.get(key)
        if read is not None and value is not None:
            values[key] = read(value, (*at, key), walk)
    return Release(version=Version(version), **values) if version is not None else None


def _verified(value: Any, at: Path, walk: Walk) -> Verified:
    return _VERIFIED[walk.choice(value, at, _VERIFIED) or "unknown"]


def _artifact(value: Any, at: Path, walk: Walk) -> str | None:
    return walk.text(value, at, "a text")


def _deployed_at(value: Any, at: Path, walk: Walk) -> datetime | None:
    return walk.moment(value, at)


def _requires(value: Any, at: Path, walk: Walk) -> Mapping[ServiceName, Range]:
    known = _ranges_of(value)
    if known is not None:
        return known
    if type(value) is not dict:
        walk.wrong(at, found(value), 'expected a mapping of services to version ranges, such as {payment-service: ">=2.1 <3"}')
        return NOTHING
    ranges: dict[ServiceName, Range] = {}
    for key, text in value.items():
        name = walk.name(key, (*at, key))
        if type(text) is not str:
            walk.wrong((*at, key), found(text), 'expected a version range as text, such as "^1.2" or ">=1.2 <2"')
            continue
        try:
            wanted = Range.parse(text)
        except RangeError as error:
            walk.wrong((*at, key), *_range_words(error))
            continue
        if name is not None:
            ranges[ServiceName(name)] = wanted
    return MappingProxyType(ranges)


def _ranges_of(value: Any) -> Mapping[ServiceName, Range] | None:
    """What a mapping of names to ranges says; `None` where anything is wrong with it."""
    if type(value) is not dict or not all(type(text) is str for text in value.values()):
        return None
    return _ranges(tuple(value.items()))


# Releases that follow one another mostly require the same, and may share it.
@lru_cache(maxsize=1 << 14)
def _ranges(items: tuple[tuple[str, str], ...]) -> Mapping[ServiceName, Range] | None:
    """What these names and texts say; `None` where anything is wrong with them."""
    try:
        ranges = {ServiceName(sys.intern(name)): Range.parse(text) for name, text in items}
    except RangeError:
        return None
    return MappingProxyType(ranges) if all(is_name(name) for name in ranges) else None


def _range_words(error: RangeError) -> tuple[str, str]:
    said, _, expected = str(error).partition("; ")
    return f"found {said}", expected


def _migrations(value: Any, at: Path, walk: Walk) -> tuple[Migration, ...]:
    migrations: dict[str, Migration] = {}
    for place, item in enumerate(walk.items(value, at, "migrations")):
        here = (*at, place)
        given = walk.mapping(item, here, MIGRATION, "a migration: {id: NAME, kind: contract}")
        if given is None:
            continue
        if given.get("id") is None:
            walk.wrong((*here, "id"), "id is missing", "expected the migration's name as text")
            continue
        name = walk.text(given["id"], (*here, "id"), "the migration's name as text")
        kind = walk.choice(given.get("kind"), (*here, "kind"), _MIGRATION_KINDS)
        if name is None:
            continue
        if name in migrations:
            walk.wrong((*here, "id"), f"migration {name} again", "expected each migration of a release once")
        migrations[name] = Migration(id=name, kind=MigrationKind(kind or MigrationKind.UNKNOWN))
    return tuple(migrations.values())


_OF_RELEASE: Mapping[str, Callable[[Any, Path, Walk], Any]] = MappingProxyType(
    {
        "deployed_at": _deployed_at,
        "verified": _verified,
        "artifact": _artifact,
        "requires": _requires,
        "migrations": _migrations,
    }
)
"""How each key of a release is read; absent ones cost nothing, for large catalogs hold millions of releases."""
