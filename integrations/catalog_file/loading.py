"""A file, or a folder of files that together are one catalog, into facts; or every mistake in them at once.

A service may be told in several files: lists add up, anything else is said once. Releases stand in the order of `deployed_at`,
those of the same moment in the order of the files; where any release of a service has no time, the files' order stands for all.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from integrations.catalog_file.document import Mistake, NotPlain, Path, Place, Unreadable, key_path
from integrations.catalog_file.errors import CatalogError, Problem
from integrations.catalog_file.files import ENDINGS, files_of, read_document
from integrations.catalog_file.schema import read_top
from integrations.catalog_file.walk import NUMBER, TooMany, Walk
from integrations.protocols import CatalogFacts
from planner.edges import merged
from planner.facts import Service
from planner.names import ServiceName
from planner.ranges import parse_version

MANY = 5_000
"""The garbage collector is told to leave the facts of more services than this alone."""

_SINGLE = ("owner", "tier", "current", "runtime", "registry", "security_floor")


@dataclass(frozen=True, slots=True)
class _Told:
    """A service as told so far, and where it was told first."""

    service: Service
    file: FilePath


def read_catalog(path: FilePath | str) -> CatalogFacts:
    """Everything the catalog at that path says. Raises `CatalogError` with every mistake in it."""
    with _no_collection():
        facts = _read(FilePath(path))
        if len(facts.services) > MANY:
            # They hold no cycles and live long: looking through millions of them for garbage would take seconds each time.
            gc.freeze()
        return facts


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keeps the garbage collector from going through millions of fresh values again and again; none of them is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(root: FilePath) -> CatalogFacts:
    try:
        files = files_of(root)
    except OSError as error:
        raise CatalogError([_unread(root, f"it cannot be read: {error.strerror}", "expected a readable folder")]) from None
    if not files:
        raise CatalogError([_unread(root, "there is no catalog file in this folder", f"expected files in {', '.join(ENDINGS)}")])
    problems: list[Problem] = []
    told: dict[ServiceName, _Told] = {}
    for file in files:
        problems += _read_into(told, file)
    if problems:
        raise CatalogError(problems)
    services = {name: _in_order(one.service) for name, one in told.items()}
    return CatalogFacts(services=MappingProxyType(services))


def _read_into(told: dict[ServiceName, _Told], file: FilePath) -> list[Problem]:
    """Adds what the file tells; gives what is wrong in it."""
    try:
        return _read_as(told, file, whole=False)
    except NotPlain:  # before anything was added
        return _read_as(told, file, whole=True)


def _read_as(told: dict[ServiceName, _Told], file: FilePath, *, whole: bool) -> list[Problem]:
    walk = Walk()
    try:
        document = read_document(file, whole=whole)
    except Unreadable as error:
        return _problems(file, [error.mistake], None)
    walk.mistakes += document.mistakes
    here: dict[ServiceName, Path] = {}
    try:
        for service, path in read_top(document.data, walk):
            if service.name in here:
                once = f"expected it once: it is {key_path(here[service.name])} too"
                walk.wrong((*path, "name"), f"service {service.name} again", once)
                continue
            here[service.name] = path
            before = told.get(service.name)
            told[service.name] = _add(before, service, path, walk) if before else _Told(service, file)
            _floor(service, path, walk)
    except TooMany:
        pass
    return _problems(file, walk.mistakes, document.places()) if walk.mistakes else []


def _add(before: _Told, service: Service, path: Path, walk: Walk) -> _Told:
    """What was told before and this together."""
    values: dict[str, Any] = {}
    for key in _SINGLE:
        old, new = getattr(before.service, key), getattr(service, key)
        if old is not None and new is not None and old != new:
            walk.wrong((*path, key), f"{service.name} has another {key} in {before.file}", "expected it to be said once")
        values[key] = old if new is None else new
    for key, field, places in (
        ("releases", "version", before.service.releases),
        ("checks", "name", before.service.checks),
    ):
        known = {getattr(one, field) for one in places}
        for one in getattr(service, key):
            if getattr(one, field) in known:
                said = f"{field} {getattr(one, field)} of {service.name} again"
                walk.wrong((*path, key), said, f"expected it once: it is in {before.file} too")
        values[key] = (*places, *getattr(service, key))
    values["depends_on"] = merged((*before.service.depends_on, *service.depends_on))
    return _Told(replace(before.service, **values), before.file)


def _floor(service: Service, path: Path, walk: Walk) -> None:
    floor = service.security_floor
    if floor is None or parse_version(floor) is not None or not service.releases or service.release(floor) is not None:
        return
    walk.wrong((*path, "security_floor"), f"found {floor!r}", "expected a SemVer version, or the version of one of the releases")


def _in_order(service: Service) -> Service:
    dated = [release.deployed_at for release in service.releases if release.deployed_at is not None]
    if len(dated) < len(service.releases) or dated == sorted(dated):
        return service
    order = sorted(range(len(dated)), key=dated.__getitem__)
    return replace(service, releases=tuple(service.releases[place] for place in order))


def _problems(file: FilePath, mistakes: Iterable[Mistake], places: Mapping[Path, Place] | None) -> list[Problem]:
    """The mistakes as people see them; `places` is `None` where the file could not be read to its end."""
    problems = []
    for mistake in mistakes:
        found, expected = _words(mistake, places or {})
        line = _line(mistake.path, places) if mistake.line is None and places is not None else mistake.line
        problems.append(Problem(file=str(file), line=line, key=_shown(mistake.path), found=found, expected=expected))
    return sorted(problems, key=lambda problem: problem.line or 0)


def _line(path: Path, places: Mapping[Path, Place]) -> int:
    """The line of the value, or of the nearest one around it."""
    for length in range(len(path), -1, -1):
        place = places.get(path[:length])
        if place is not None:
            return place.line
    return 1


def _shown(path: Path) -> str:
    text = key_path(path)
    return ascii(text)[1:-1] if not text.isprintable() or len(text) > 300 else text


def _words(mistake: Mistake, places: Mapping[Path, Place]) -> tuple[str, str]:
    """What was found and expected; a number where text belongs is shown as it was written, 1.10 and not 1.1, with the way out."""
    place = places.get(mistake.path)
    if place is None or place.raw is None or not mistake.found.startswith(NUMBER):
        return mistake.found, mistake.expected
    raw = place.raw[:60]
    wants_text = any(word in mistake.expected for word in ("as text", "a text", "a service name"))
    return f"{NUMBER}{raw}", f'{mistake.expected}: write it in quotes, "{raw}"' if wants_text else mistake.expected


def _unread(path: FilePath, found: str, expected: str) -> Problem:
    return Problem(file=str(path), found=found, expected=expected)
