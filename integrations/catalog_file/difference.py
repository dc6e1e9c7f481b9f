"""What another source knows that the catalog file does not say: the difference, as values. Pure.

What people wrote stands: an owner, a runtime or a registry that the file has is kept, and nothing is ever taken out of it. A
dependency that a source no longer tells of stays, with its age.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from planner.edges import together
from planner.facts import Edge, Origin, Release, Service
from planner.names import ServiceName, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would be done to one service. `after` is the service as it then is; `before` is `None` for a new one.

    `edges` and `releases` are those that are new, `sighted` those whose age or rate is told anew.
    """

    name: ServiceName
    before: Service | None
    after: Service
    edges: tuple[Edge, ...] = ()
    sighted: tuple[Edge, ...] = ()
    releases: tuple[Release, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The single keys that change."""
        names = ("owner", "current", "runtime", "registry")
        return tuple(key for key in names if getattr(self.after, key) != getattr(self.before, key, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Every change, by name, and in words what was found but changes nothing."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def difference(
    there: Mapping[ServiceName, Service], found: Mapping[ServiceName, Service], source: str, *, adds: bool
) -> Difference:
    """What `found` adds to what is `there`. Without `adds` services that the file does not have are told and not added."""
    notes: list[str] = []
    known = {*there, *found} if adds else {*there}
    changes = []
    for name, service in sorted(found.items()):
        before = there.get(name)
        if before is None and not adds:
            continue
        change = _changed(before, service, known, source, notes)
        if change is not None:
            changes.append(change)
    if not adds:
        notes += _strangers(there, found, source)
    notes += _silent(there, found, source)
    return Difference(changes=tuple(changes), notes=tuple(notes))


def _changed(before: Service | None, found: Service, known: set[ServiceName], source: str, notes: list[str]) -> Change | None:
    after = before or Service(name=found.name)
    for key in ("owner", "runtime", "registry"):
        here, theirs = getattr(after, key), getattr(found, key)
        if here is None and theirs is not None:
            after = replace(after, **{key: theirs})
        elif theirs is not None and here != theirs:
            notes.append(f"{found.name}: {key} stays {_short(here)}, as the file says; {source} says {_short(theirs)}")
    if found.current is not None:
        after = replace(after, current=found.current)
    releases = tuple(_new_releases(after, found, source, notes))
    edges, sighted, rest = _edges(after, found, known)
    after = replace(after, releases=(*after.releases, *releases), depends_on=(*rest, *edges))
    if before is not None and after == before:
        return None
    return Change(name=found.name, before=before, after=after, edges=edges, sighted=sighted, releases=releases)


def _new_releases(here: Service, found: Service, source: str, notes: list[str]) -> Iterator[Release]:
    known: set[Version] = {release.version for release in here.releases}
    dated = bool(here.releases) and all(release.deployed_at is not None for release in here.releases)
    for release in found.releases:
        if release.version in known:
            continue
        if dated and release.deployed_at is None:
            notes.append(
                f"{found.name}: {source} knows release {release.version}, but not when it went live, and by that the file orders "
                "its releases: not added; write it with its deployed_at"
            )
            continue
        yield release


def _edges(here: Service, found: Service, known: set[ServiceName]) -> tuple[tuple[Edge, ...], tuple[Edge, ...], tuple[Edge, ...]]:
    """New edges, those seen anew, and all that were there as they then are."""
    there = list(here.depends_on)
    new: list[Edge] = []
    sighted: list[Edge] = []
    for edge in found.depends_on:
        if edge.service not in known or edge.service == found.name:
            continue
        same = [place for place, one in enumerate(there) if one.service == edge.service]
        exact = [place for place in same if there[place].kind is edge.kind]
        place = exact[0] if exact else same[0] if len(same) == 1 else None
        if place is None:
            new.append(edge)
            continue
        # Whoever wrote it knows better what kind of dependency it is.
        both = together(there[place], replace(edge, kind=there[place].kind))
        if both != there[place]:
            there[place] = both
            sighted.append(both)
    return tuple(new), tuple(sighted), tuple(there)


def _strangers(there: Mapping[ServiceName, Service], found: Mapping[ServiceName, Service], source: str) -> Iterator[str]:
    """Each name that the file does not have, with those that it calls or that call it."""
    callers: dict[ServiceName, list[ServiceName]] = {}
    for service in found.values():
        for edge in service.depends_on:
            callers.setdefault(edge.service, []).append(service.name)
    for name, service in sorted(found.items()):
        if name in there:
            continue
        called = [f"calls {edge.service}" for edge in service.depends_on]
        called += [f"is called by {caller}" for caller in callers.get(name, ())]
        near = difflib.get_close_matches(name, there, n=1, cutoff=0.6)
        hint = f" If it is {near[0]}, say --alias {name}={near[0]}." if near else ""
        what = f" ({', '.join(sorted(called)[:4])}{', …' if len(called) > 4 else ''})" if called else ""
        yield f"{name}: {source} knows it{what}, the catalog does not: nothing was made of it.{hint}"


def _silent(there: Mapping[ServiceName, Service], found: Mapping[ServiceName, Service], source: str) -> Iterator[str]:
    """Dependencies that the file has from this source and that it does not tell of now."""
    for name, service in sorted(there.items()):
        told = {edge.service for edge in found[name].depends_on} if name in found else set()
        for edge in service.depends_on:
            if edge.origin is not Origin.DECLARED and edge.source == source and edge.service not in told:
                seen = f", last seen {edge.seen_at:%Y-%m-%d %H:%M} UTC" if edge.seen_at else ""
                yield f"{name} -> {edge.service}: {source} does not tell of it now{seen}: it stays; take it out if it is gone"


def _short(value: object) -> str:
    text = str(dict(value)) if isinstance(value, Mapping) else str(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
