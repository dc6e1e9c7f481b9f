"""Several sources that tell of the same dependency, made into one: who is believed, and how fresh it is."""

from collections.abc import Iterable
from dataclasses import replace

from planner.facts import Edge, EdgeKind, Origin
from planner.names import ServiceName

_BELIEF = (Origin.OBSERVED, Origin.IMPORTED, Origin.DECLARED)
"""From the least to the most: what was written down here wins over another catalog, and that over what happened to be seen."""


def together(one: Edge, other: Edge) -> Edge:
    """One dependency told twice: by whoever is most to be believed, with what was seen last."""
    first, second = (one, other) if _BELIEF.index(one.origin) >= _BELIEF.index(other.origin) else (other, one)
    if second.seen_at is None or (first.seen_at is not None and first.seen_at > second.seen_at):
        return first
    return replace(first, seen_at=second.seen_at, rate=second.rate, window=second.window)


def merged(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Each dependency once, in the order in which they were first told."""
    found: dict[tuple[ServiceName, EdgeKind], Edge] = {}
    for edge in edges:
        key = (edge.service, edge.kind)
        found[key] = together(found[key], edge) if key in found else edge
    return tuple(found.values())


def strongest(edges: Iterable[Edge]) -> dict[ServiceName, Edge]:
    """For each service depended on, in whatever way, the dependency that is most to be believed."""
    found: dict[ServiceName, Edge] = {}
    for edge in edges:
        before = found.get(edge.service)
        if before is None or _BELIEF.index(edge.origin) > _BELIEF.index(before.origin):
            found[edge.service] = edge
    return found
