"""On which kind of dependency a plan stands: declared, imported from another catalog, or only observed, and how long ago."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from heapq import nsmallest

from planner.closure import Choice
from planner.facts import Edge, Origin
from planner.graph import Graph
from planner.names import ServiceName
from planner.need import Need
from planner.plan import Footing

OLD = timedelta(days=7)
"""What was not seen for so long may be gone."""

SHOWN = 10
"""Dependencies of one sort that are named."""

_ORIGINS = tuple(Origin)
_ORDER = {origin: place for place, origin in enumerate(_ORIGINS)}
Pair = tuple[ServiceName, ServiceName]


Weighed = Mapping[Pair, Edge | None]
"""Who needs whom, and by which dependency; `None` where a release itself says its need."""


def weighed(graph: Graph, choice: Choice) -> Weighed:
    """Everything whose versions a choice had to weigh: what moved services need before and after, and what needs them."""
    found: dict[Pair, Edge | None] = {}
    places = choice.places
    for name, place in places.items():
        for at in {graph.history(name).now, place}:
            for other, need in graph.needs(name, at).items():
                _note(found, graph, (name, other), need)
        for wish in graph.wishes(name):
            for other in wish.of:
                # What moves itself was met from its own side.
                if other not in places:
                    _note(found, graph, (other, name), wish.need)
    return found


def _note(found: dict[Pair, Edge | None], graph: Graph, pair: Pair, need: Need) -> None:
    if need.derived_from is None:
        found[pair] = None
    elif pair not in found:
        found[pair] = graph.edge(*pair)


def footing(stands: Weighed) -> tuple[Footing, ...]:
    """The dependencies counted by who tells of them, declared ones first."""
    sorts: dict[tuple[int, str], list[tuple[Pair, Edge | None]]] = {}
    for pair, edge in stands.items():
        key = (0, "") if edge is None else (_ORDER[edge.origin], edge.source or "")
        sorts.setdefault(key, []).append((pair, edge))
    return tuple(
        Footing(
            origin=_ORIGINS[place],
            source=source or None,
            edges=len(told),
            oldest_seen_at=None if place == 0 else _oldest(edge for _, edge in told),
            some=tuple(f"{name} -> {other}" for name, other in nsmallest(SHOWN, (pair for pair, _ in told))),
        )
        for (place, source), told in sorted(sorts.items())
    )


def stale(stands: Weighed, now: datetime | None) -> Iterator[str]:
    """A warning for each dependency that was only observed, and not for long; none where nobody knows the time."""
    if now is None:
        return
    old = (
        (pair, edge, edge.seen_at)
        for pair, edge in stands.items()
        if edge is not None and edge.origin is Origin.OBSERVED and edge.seen_at is not None and now - edge.seen_at > OLD
    )
    for (name, other), edge, seen in sorted(old, key=lambda item: item[0]):
        by = f" ({edge.source})" if edge.source else ""
        yield (
            f"{name} calls {other}: only observed{by}, and last seen on {seen:%Y-%m-%d}, {(now - seen).days} days ago. "
            "It may be gone: import again, or write it down in the catalog, or out of it"
        )


def _oldest(edges: Iterator[Edge | None]) -> datetime | None:
    return min((edge.seen_at for edge in edges if edge is not None and edge.seen_at is not None), default=None)
