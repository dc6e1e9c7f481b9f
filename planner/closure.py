"""How far every service must at least go back: a greatest fixpoint.

Begin with the service that was named at its target and all others where they are. Then, for two services that need something of
each other, ask whether the newest release still open to one works with any release still open to the other; where it does
not, that release is out, in this and in every solution. Repeat until nothing changes. What remains on top is a bound that no
solution can exceed, reached at the cost of the services that move and their neighbours alone. It is the same in whatever order
one asks. Whoever is back the furthest in time goes first: what others are made to go back to is mostly what was live then, so
hardly anyone is lowered twice, and where there is no solution that shows soon.

If the tops agree with one another they are a solution, and no other can beat it: in any solution every service is at its top
or older, and all three costs (hazards crossed, services moved, releases stepped back) only grow as a service goes back
further. Where ranges are monotone (a newer consumer never asks for an older provider) this is always so: the relations are
closed under maximum (Jeavons and Cooper, "Tractable constraints on ordered domains", 1995). Where the tops do not agree,
`planner.branching` takes over from here. The same computation finds the recovery line in rollback-recovery (Elnozahy and others,
2002).
"""

from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf

from planner.bounds import Bounds
from planner.graph import Graph
from planner.names import ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which services move, and to which place of their history; the target is one of them."""

    places: dict[ServiceName, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """No choice exists, and the needs and bars among these services alone already prove it."""

    among: frozenset[ServiceName]


@dataclass(frozen=True, slots=True, kw_only=True)
class TooHard:
    """The effort limit was reached before anything was proven."""

    spent: str


def bound(graph: Graph, target: ServiceName, place: int, limit: int | None = None) -> Bounds | TooHard:
    """The fixpoint that begins with `target` at `place`. More than `limit` services touched are too hard; no limit by default."""
    bounds = Bounds(graph=graph, target=target, opens={}, tops={})
    bounds.narrow(target, graph.open(target) & 1 << place)
    return bounds if bounds.empty else settle(bounds, target, limit)


def settle(bounds: Bounds, changed: ServiceName, limit: int | None = None) -> Bounds | TooHard:
    """These bounds, lowered as far as a change in one service's places asks for, or until some service has nowhere to go."""
    queue, queued = [(_went_live(bounds, changed), changed)], {changed}
    disputed = set(bounds.clashes)
    while queue:
        _, name = heappop(queue)
        if name not in queued:
            continue  # it was lowered again meanwhile, and seen to then
        queued.discard(name)
        # Tops that agree support each other; only others can have to go back.
        for other in list(bounds.graph.at_odds(name, bounds.newest(name), bounds.tops)):
            pair = (name, other) if name < other else (other, name)
            disputed.add(pair)
            for mover in (other, name):
                if not bounds.lower(pair, mover):
                    continue
                if bounds.empty is not None:
                    return bounds
                heappush(queue, (_went_live(bounds, mover), mover))
                queued.add(mover)
            if limit is not None and len(bounds.opens) > limit:
                return TooHard(spent=f"{limit} services looked at")
    bounds.clashes = [pair for pair in sorted(disputed) if not bounds.agree(pair)]
    return bounds


def _went_live(bounds: Bounds, name: ServiceName) -> float:
    """When the newest release still open to a service went live, in seconds; unknown moments come first."""
    time = bounds.graph.history(name).times[bounds.newest(name)]
    return -inf if time is None else time.timestamp()
