"""Partial rollback: the least choice that has the named service at its target and keeps all needs of moved services.

closure      how far everybody must go back at least: mostly that is the answer
branching    both ways out of each clash that is left, the cheaper first
least        a solver, where there would be too many ways
"""

from planner.branching import branch
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
        found = branch(bounds, limit)
        if not isinstance(found, TooHard):
            return found
        # Here, because most plans never need the solver and its import takes longer than they do.
        from planner.least import Effort, least

        return least(bounds, None if limit is None else Effort(conflicts=LITTLE, propagations=LITTLE * 1_000))
    return Choice(places=dict(bounds.tops))
