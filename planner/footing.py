"""On which kind of dependency a plan stands: declared, imported from another catalog, or only observed, and how long ago."""

from collections.abc import Iterator
from datetime import datetime, timedelta

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

_ORDER = tuple(Origin)
Pair = tuple[ServiceName, ServiceName]


def footing(graph: Graph, choice: Choice) -> tuple[Footing, ...]:
    """The dependencies whose versions were weighed, counted by who tells of them; declared ones first."""
    sorts: dict[tuple[int, str], list[tuple[Pair, Edge | None]]] = {}
    for pair, edge in sorted(_weighed(graph, choice).items(), key=lambda item: item[0]):
        origin, source = (edge.origin, edge.source) if edge is not None else (Origin.DECLARED, None)
        sorts.setdefault((_ORDER.index(origin), source or ""), []).append((pair, edge))
    return tuple(
        Footing(
            origin=_ORDER[place],
            source=source or None,
            edges=len(told),
            oldest_seen_at=None if _ORDER[place] is Origin.DECLARED else _oldest(edge for _, edge in told),
            some=tuple(f"{name} -> {other}" for (name, other), _ in told[:SHOWN]),
        )
        for (place, source), told in sorted(sorts.items())
    )


def stale(graph: Graph, choice: Choice) -> Iterator[str]:
    """A warning for each dependency that was only observed, and not for long."""
    if graph.taken_at is None:
        return
    for (name, other), edge in sorted(_weighed(graph, choice).items(), key=lambda item: item[0]):
        if edge is None or edge.origin is not Origin.OBSERVED or edge.seen_at is None:
            continue
        age = graph.taken_at - edge.seen_at
        if age > OLD:
            by = f" ({edge.source})" if edge.source else ""
            yield (
                f"{name} calls {other}: only observed{by}, and last seen on {edge.seen_at:%Y-%m-%d}, {age.days} days ago. "
                "It may be gone: import again, or write it down in the catalog, or out of it"
            )


def _weighed(graph: Graph, choice: Choice) -> dict[Pair, Edge | None]:
    """Who needs whom, where it touches a moved service: the dependency, or `None` where a release itself says its need."""
    found: dict[Pair, Edge | None] = {}
    for name, place in choice.places.items():
        for at in (graph.history(name).now, place):
            for other, need in graph.needs(name, at).items():
                _note(found, graph, (name, other), need)
        for wish in graph.wishes(name):
            for other in wish.of:
                _note(found, graph, (other, name), wish.need)
    return found


def _note(found: dict[Pair, Edge | None], graph: Graph, pair: Pair, need: Need) -> None:
    if need.derived_from is None:
        found[pair] = None
    elif pair not in found:
        found[pair] = graph.edge(*pair)


def _oldest(edges: Iterator[Edge | None]) -> datetime | None:
    return min((edge.seen_at for edge in edges if edge is not None and edge.seen_at is not None), default=None)
