"""Partial rollback: the least choice that has the named service at its target and keeps all needs of moved services."""

from planner.closure import Choice, Impossible, TooHard, bound
from planner.graph import Graph
from planner.names import ServiceName

LITTLE = 1_000
"""Conflicts that the solver may meet where somebody only asks whether there would be a way."""


def choose_partial(graph: Graph, target: ServiceName, place: int, limit: int | None = None) -> Choice | Impossible | TooHard:
    """The least choice, proven; or why there is none.

    Touching more than `limit` services is too hard; no limit by default. With one, the solver too gets little to spend.
    """
    bounds = bound(graph, target, place, limit)
    if isinstance(bounds, TooHard):
        return bounds
    if bounds.empty is not None:
        return Impossible(among=bounds.because_of({bounds.empty}))
    if bounds.clashes:
        # Here, because most plans never need the solver and its import takes longer than they do.
        from planner.least import Effort, least

        return least(graph, bounds, None if limit is None else Effort(conflicts=LITTLE, propagations=LITTLE * 1_000))
    moved = {name: domain[0] for name, domain in bounds.domains.items() if domain[0] != graph.history(name).now}
    return Choice(places=moved)
