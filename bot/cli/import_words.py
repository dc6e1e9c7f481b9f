"""A difference against the catalog, in words for a terminal and as JSON."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from integrations.catalog_file.difference import Change, Difference
from integrations.catalog_file.plain import edge_data, release_data
from integrations.catalog_file.writing import Draft
from integrations.protocols import CatalogFacts
from planner.facts import Edge

SCHEMA = "rollbot/import/v1"
_NAMED = 6


def as_text(
    source: str, root: Path, found: CatalogFacts, change: Difference, plan: Draft, notes: Sequence[str], *, written: bool
) -> str:
    """What would change, what to look at, the files line by line, and what was done."""
    edges = sum(len(service.depends_on) for service in found.services.values())
    parts = [f"{source} knows {_count(len(found.services), 'service')} and {_count(edges, 'dependency', 'dependencies')}"]
    if change.changes:
        new = sum(item.before is None for item in change.changes)
        parts[0] += f": {new} new, {len(change.changes) - new} changed"
        parts += ["", *(_line(item) for item in change.changes)]
    if notes:
        parts += ["", f"To look at ({len(notes)})", *(f"  - {note}" for note in notes)]
    for file in plan.files:
        parts += ["", file.diff().rstrip("\n")]
        if file.lost:
            parts.append(f"{file.path}: {_count(len(file.lost), 'comment')} would be lost: {' · '.join(file.lost[:5])}")
    return "\n".join([*parts, "", _end(root, plan, written=written)])


def as_json(
    source: str, found: CatalogFacts, change: Difference, plan: Draft, notes: Sequence[str], *, written: bool
) -> dict[str, Any]:
    """The same for programs; more keys may be added."""
    return {
        "schema": SCHEMA,
        "source": source,
        "found": len(found.services),
        "changes": [
            {
                "service": item.name,
                "new": item.before is None,
                "keys": list(item.keys),
                "depends_on": [_edge(edge) for edge in item.edges],
                "seen_again": [_edge(edge) for edge in item.sighted],
                "releases": [release_data(release) for release in item.releases],
            }
            for item in change.changes
        ],
        "notes": list(notes),
        "files": [
            {"path": str(file.path), "new": file.before is None, "lost_comments": list(file.lost), "diff": file.diff()}
            for file in plan.files
        ],
        "written": written,
    }


def _line(item: Change) -> str:
    sign = "+" if item.before is None else "~"
    return f"{sign} {item.name}: {'; '.join(_said(item)) or 'its name alone'}"


def _said(item: Change) -> Iterator[str]:
    for key in item.keys:
        value = getattr(item.after, key)
        before = getattr(item.before, key, None)
        text = value.get("kind") if key in ("runtime", "registry") else value
        yield f"{key} {before} -> {text}" if before is not None else f"{key} {text}"
    if item.edges:
        yield f"depends on {_names(item.edges)}"
    if item.sighted:
        yield f"told anew: {_names(item.sighted)}"
    if item.releases:
        versions = ", ".join(release.version for release in item.releases[-_NAMED:])
        yield f"{_count(len(item.releases), 'release')} ({versions})"


def _names(edges: Sequence[Edge]) -> str:
    told = [f"{edge.service}{_age(edge)}" for edge in edges[:_NAMED]]
    return ", ".join(told) + (f" and {len(edges) - _NAMED} more" if len(edges) > _NAMED else "")


def _age(edge: Edge) -> str:
    rate = f"{edge.rate:g}/s" if edge.rate is not None else ""
    seen = f"seen {edge.seen_at:%Y-%m-%d %H:%M}" if edge.seen_at is not None else ""
    said = ", ".join(part for part in (rate, seen) if part)
    return f" ({said})" if said else ""


def _edge(edge: Edge) -> dict[str, Any]:
    data = edge_data(edge)
    return {"service": data} if isinstance(data, str) else data


def _end(root: Path, plan: Draft, *, written: bool) -> str:
    if not plan.files:
        return f"Nothing to write: {root} says all of this."
    names = ", ".join(str(file.path) for file in plan.files)
    kept = "comments are kept" if not any(file.lost for file in plan.files) else "the comments named above are not"
    if written:
        return f"Written: {names} ({kept})."
    return f"Nothing was written. With --write this goes into {names} ({kept})."


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
