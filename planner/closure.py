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
`planner.least` takes over from here. The same computation finds the recovery line in rollback-recovery (Elnozahy and others,
2002).
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf

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


@dataclass(slots=True, kw_only=True)
class Bounds:
    """The fixpoint. `domains` holds, for every service touched, the places still open, newest first; all others may stay.

    `tops` are the newest of these, all older than what runs now.
    `clashes` are pairs whose tops do not agree, `causes` who made whom go back. `empty` names a service that has nowhere left
    to go.
    """

    target: ServiceName
    domains: dict[ServiceName, tuple[int, ...]]
    tops: dict[ServiceName, int]
    causes: dict[ServiceName, set[ServiceName]] = field(default_factory=dict)
    clashes: list[tuple[ServiceName, ServiceName]] = field(default_factory=list)
    empty: ServiceName | None = None

    def domain(self, graph: Graph, name: ServiceName) -> tuple[int, ...]:
        """The places still open to a service, newest first."""
        found = self.domains.get(name)
        return graph.choices(name) if found is None else found

    def because_of(self, names: set[ServiceName]) -> frozenset[ServiceName]:
        """These services and all whose going back made them go back, the target included."""
        seen, todo = {self.target, *names}, [*names]
        while todo:
            for cause in self.causes.get(todo.pop(), ()):
                if cause not in seen:
                    seen.add(cause)
                    todo.append(cause)
        return frozenset(seen)


def bound(graph: Graph, target: ServiceName, place: int, limit: int | None = None) -> Bounds | TooHard:
    """The fixpoint that begins with `target` at `place`. More than `limit` services touched are too hard; no limit by default."""
    bounds = Bounds(target=target, domains={target: (place,)}, tops={target: place})
    if place not in graph.choices(target):
        bounds.empty = target
        return bounds
    queue, queued = [(_went_live(graph, target, place), target)], {target}
    disputed: set[tuple[ServiceName, ServiceName]] = set()
    while queue:
        _, name = heappop(queue)
        if name not in queued:
            continue  # it was lowered again meanwhile, and seen to then
        queued.discard(name)
        # Tops that agree support each other; only others can have to go back.
        for other in list(graph.at_odds(name, bounds.tops[name], bounds.tops)):
            disputed.add((min(name, other), max(name, other)))
            for mover, anchor in ((other, name), (name, other)):
                if not _lower(graph, bounds, mover, anchor):
                    continue
                if bounds.empty is not None:
                    return bounds
                heappush(queue, (_went_live(graph, mover, bounds.tops[mover]), mover))
                queued.add(mover)
            if limit is not None and len(bounds.domains) > limit:
                return TooHard(spent=f"{limit} services looked at")
    bounds.clashes = [pair for pair in sorted(disputed) if _clash(graph, bounds, *pair)]
    return bounds


def _went_live(graph: Graph, name: ServiceName, place: int) -> float:
    """When that release went live, in seconds; unknown moments come first."""
    time = graph.history(name).times[place]
    return -inf if time is None else time.timestamp()


def agree(graph: Graph, one: ServiceName, place: int, other: ServiceName, other_place: int) -> bool:
    """Whether a plan may leave two services at these places: all is kept between them, or neither of them moves."""
    stay = place == graph.history(one).now and other_place == graph.history(other).now
    return stay or graph.agree(one, place, other, other_place)


def _lower(graph: Graph, bounds: Bounds, mover: ServiceName, anchor: ServiceName) -> bool:
    """Take from `mover` its newest places that go with nothing `anchor` has left. Says whether there were any."""
    places, beside = bounds.domain(graph, mover), bounds.domain(graph, anchor)
    kept = next((at for at, place in enumerate(places) if _supported(graph, mover, place, anchor, beside)), len(places))
    if kept == 0:
        return False
    bounds.domains[mover] = places[kept:]
    bounds.causes.setdefault(mover, set()).add(anchor)
    if kept == len(places):
        bounds.empty = mover
    else:
        bounds.tops[mover] = places[kept]
    return True


def _supported(graph: Graph, name: ServiceName, place: int, other: ServiceName, beside: tuple[int, ...]) -> bool:
    """Whether some of these places of the other service goes with that place of this one."""
    own, theirs = graph.history(name), graph.history(other)
    if place == own.now and beside and beside[0] == theirs.now:
        return True  # both stay
    fitting = graph.accepts(graph.need(name, place, other), other)
    return any(fitting >> there & 1 and graph.accepts(graph.need(other, there, name), name) >> place & 1 for there in beside)


def _clash(graph: Graph, bounds: Bounds, one: ServiceName, other: ServiceName) -> bool:
    return not agree(graph, one, bounds.domain(graph, one)[0], other, bounds.domain(graph, other)[0])
