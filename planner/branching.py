"""The least choice where newest places clash: both ways out of a clash are tried, the one that costs less first. Exact.

At a clash the newest places of two services do not agree. Whatever the solution, the first of them is either further back than
that, or just there, and then the other must be further back. Each way is closed again by the fixpoint (`planner.closure`), whose
tops bound from below what any solution that way can cost: this is branch and bound, best bound first (Land and Doig, 1960). So
the first way that is left without a clash is the least choice, and where every way ends with a service that has nowhere to go
there is none. Real needs hang together so closely that mostly one way ends at once, and a few steps settle thousands of
services. Where many clashes have nothing to do with each other the ways double with each; then `planner.least` takes over.

Of equal costs, the choice is least that keeps services newer in alphabetical order: tops bound that from below as well.
"""

from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush

from planner.bounds import Bounds
from planner.closure import Choice, Impossible, TooHard, settle
from planner.graph import Graph
from planner.names import ServiceName

WAYS = 200
"""Ways that are looked at before the solver is asked."""

Cost = tuple[int, int, int]
"""Hazards crossed, services moved, releases stepped back."""


@dataclass(slots=True)
class _Way:
    """Bounds, and what any solution within them costs at least."""

    bounds: Bounds
    cost: Cost

    def __lt__(self, other: "_Way") -> bool:
        if self.cost != other.cost:
            return self.cost < other.cost
        mine, theirs = self.bounds.tops, other.bounds.tops
        for name in sorted(mine.keys() | theirs.keys()):
            now = self.bounds.graph.history(name).now
            if mine.get(name, now) != theirs.get(name, now):
                return mine.get(name, now) > theirs.get(name, now)
        return False


def branch(root: Bounds, limit: int | None = None, ways: int = WAYS) -> Choice | Impossible | TooHard:
    """The least choice within these bounds, or why there is none; too hard after so many `ways`.

    Touching more than `limit` services is too hard as well; no limit by default.
    """
    waiting = [_Way(root, _cost(root.graph, {}, root.tops))]
    among: frozenset[ServiceName] = frozenset()
    ends: Counter[ServiceName] = Counter()
    for _ in range(ways):
        if not waiting:
            return Impossible(among=among)
        way = heappop(waiting)
        if not way.bounds.clashes:
            return Choice(places=dict(way.bounds.tops))
        # Where a way ended before, one mostly ends again, and whoever clashes with many settles many: better seen early.
        clashing = Counter(name for pair in way.bounds.clashes for name in pair)
        one = max(clashing, key=lambda name: (ends[name], clashing[name]))
        newest = 1 << way.bounds.newest(one)
        for places in (way.bounds.open(one) ^ newest, newest):
            narrowed = _narrowed(way.bounds, one, places, limit)
            if isinstance(narrowed, TooHard):
                return narrowed
            if narrowed.empty is not None:
                among |= narrowed.because_of({narrowed.empty})
                ends[one] += 1
            else:
                cost = _cost(root.graph, way.bounds.tops, narrowed.tops)
                heappush(waiting, _Way(narrowed, _sum(way.cost, cost)))
    return TooHard(spent=f"{ways} ways tried")


def _narrowed(bounds: Bounds, name: ServiceName, places: int, limit: int | None) -> Bounds | TooHard:
    """The bounds with only these places left to one service."""
    found = bounds.branch()
    found.narrow(name, places)
    return found if found.empty is not None else settle(found, name, limit)


def _cost(graph: Graph, before: dict[ServiceName, int], tops: dict[ServiceName, int]) -> Cost:
    """What these tops cost more than those before, of which each is there too."""
    hazards = moved = steps = 0
    for name, place in tops.items():
        then = before.get(name)
        if then == place:
            continue
        history = graph.history(name)
        then, moved = (history.now, moved + 1) if then is None else (then, moved)
        hazards += history.hazards_to(place) - history.hazards_to(then)
        steps += then - place
    return hazards, moved, steps


def _sum(one: Cost, other: Cost) -> Cost:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
