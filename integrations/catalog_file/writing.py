"""A difference written into the catalog: which file gets what, how it looks then, and nothing by halves.

Before anything is written the new text is read as a catalog, and must say exactly what was meant.
"""

import contextlib
import difflib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from integrations.catalog_file.difference import Change, Difference
from integrations.catalog_file.document import Unreadable
from integrations.catalog_file.edit import CannotEdit, edited, lost_comments, new_file
from integrations.catalog_file.errors import CatalogError
from integrations.catalog_file.files import files_of, read_document
from integrations.catalog_file.loading import read_catalog
from integrations.errors import Rejected
from planner.facts import Service
from planner.names import ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file before and after; `before` is `None` for a new one. `lost` are comments that would go."""

    path: Path
    before: str | None
    after: str
    lost: tuple[str, ...] = ()

    def diff(self) -> str:
        """What changes, line by line."""
        old = [] if self.before is None else self.before.splitlines(keepends=True)
        name = str(self.path)
        lines = difflib.unified_diff(
            old, self.after.splitlines(keepends=True), "/dev/null" if self.before is None else name, name
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The files as they would be, and what cannot be written, in words."""

    files: tuple[FileChange, ...]
    notes: tuple[str, ...] = ()


def draft(root: Path, found: Difference, source: str, head: str) -> Draft:
    """What would be written for these changes; writes nothing. Raises `Rejected` where it would not say what was meant."""
    notes: list[str] = []
    homes = _homes(root)
    new = _new_home(root, source)
    by_file: dict[Path, list[Change]] = {}
    for change in found.changes:
        by_file.setdefault(homes.get(change.name, new), []).append(change)
    files, done = [], []
    for path, changes in sorted(by_file.items()):
        as_json = path.suffix.lower() == ".json"
        if not path.exists():
            files.append(FileChange(path=path, before=None, after=new_file(changes, head, as_json=as_json)))
            done += changes
            continue
        before = path.read_text("utf-8")
        after, kept = _edited(before, changes, notes, as_json=as_json)
        done += kept
        if after != before:
            files.append(FileChange(path=path, before=before, after=after, lost=lost_comments(before, after)))
    _prove(root, files, {change.name: change.after for change in done})
    return Draft(files=tuple(files), notes=tuple(notes))


def write(changes: Iterable[FileChange]) -> None:
    """Write each file as a whole or not at all. Raises `Rejected` where a file has changed since, or cannot be written."""
    for change in changes:
        path = change.path.resolve()
        now = path.read_text("utf-8") if path.exists() else None
        if now != change.before:
            raise Rejected(f"{change.path} was changed by somebody else meanwhile: nothing more was written; import again")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(change.after)
                file.flush()
                os.fsync(file.fileno())
            if now is None:
                Path(name).chmod(0o644)
            else:
                shutil.copymode(path, name)
            Path(name).replace(path)
        except OSError as error:
            with contextlib.suppress(OSError, UnboundLocalError):
                Path(name).unlink()
            raise Rejected(f"{change.path} cannot be written: {error.strerror}") from error


def _edited(before: str, changes: list[Change], notes: list[str], *, as_json: bool) -> tuple[str, list[Change]]:
    """The text with all changes that can be made in it, and those."""
    kept = list(changes)
    while True:
        try:
            return edited(before, kept, as_json=as_json), kept
        except CannotEdit as why:
            notes.append(f"{why}. Not written")
            kept.remove(why.change)


def _homes(root: Path) -> Mapping[ServiceName, Path]:
    """The file in which each service is told first."""
    homes: dict[ServiceName, Path] = {}
    for path in files_of(root) if root.exists() else []:
        try:
            data = read_document(path, whole=True).data
        except Unreadable as error:
            raise Rejected(f"{path}: {error.mistake.found}") from None
        for service in (data or {}).get("services") or []:
            homes.setdefault(ServiceName(service["name"]), path)
    return homes


def _new_home(root: Path, source: str) -> Path:
    """Where new services go: into the file, or into a file of their own in the folder."""
    return root / f"imported-{source}.yaml" if root.is_dir() else root


def _prove(root: Path, files: Iterable[FileChange], meant: Mapping[ServiceName, Service]) -> None:
    """Read the catalog as it would be; every changed service must say what was meant, every other what it said."""
    there = read_catalog(root).services if root.exists() else {}
    with tempfile.TemporaryDirectory(prefix="rollbot-") as folder:
        copy = Path(folder) / root.name
        if root.is_dir():
            copy.mkdir()
            for path in files_of(root):
                shutil.copy(path, copy / path.name)
        elif root.exists():
            shutil.copy(root, copy)
        for change in files:
            (copy / change.path.name if root.is_dir() else copy).write_text(change.after, "utf-8")
        try:
            now = read_catalog(copy).services if copy.exists() else {}
        except CatalogError as error:
            raise Rejected(
                f"what would be written is no catalog, so nothing is: {error}".replace(str(copy), str(root))
            ) from error
    for name, service in {**there, **meant}.items():
        if now.get(name) is None or _told(now[name]) != _told(service):
            raise Rejected(f"{name} would not say what was meant, so nothing is written: edit its file by hand")


def _told(service: Service) -> tuple[object, ...]:
    """What a service says, whatever the order in which its lists stand."""
    return (
        service.owner,
        service.current,
        dict(service.runtime or {}),
        dict(service.registry or {}),
        frozenset((edge.service, edge.kind, edge.origin, edge.source, edge.seen_at) for edge in service.depends_on),
        frozenset((release.version, release.deployed_at, release.artifact, release.verified) for release in service.releases),
        service.checks,
        service.security_floor,
        service.tier,
    )
