"""In which order services move so that every state on the way is safe.

For two services that both move and need something of each other, look at the two mixed states. If "A back, B not yet" breaks
a need, then B must be back no later than A. These "no later than" arrows make a graph. Services on a common cycle can only
move as one: its strongly connected components are the smallest lockstep groups. What remains has no cycle, and its
generations are the waves: in any state that can be met, a moved service has every service it must not precede moved as well,
so nothing it touches is broken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from planner.components import components
from planner.graph import Graph
from planner.names import ServiceName
from planner.plan import OrderEdge


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The waves, each in alphabetical order; each service's lockstep group; the arrows between groups, and within them."""

    waves: tuple[tuple[ServiceName, ...], ...]
    groups: dict[ServiceName, str]
    edges: tuple[OrderEdge, ...]
    ties: tuple[OrderEdge, ...]

    def wave(self) -> dict[ServiceName, int]:
        """Each service's wave, counted from 1."""
        return {name: number for number, wave in enumerate(self.waves, start=1) for name in wave}


def order(graph: Graph, places: dict[ServiceName, int]) -> Order:
    """The order of these moves."""
    arrows = {(edge.before, edge.after): edge for edge in _arrows(graph, places)}
    after: dict[ServiceName, list[ServiceName]] = {name: [] for name in sorted(places)}
    for before, then in sorted(arrows):
        after[before].append(then)
    component = components(after)
    waves = _waves(after, component)
    groups = _name_groups(waves, component)
    between = [edge for edge in arrows.values() if component[edge.before] != component[edge.after]]
    within = [edge for edge in arrows.values() if component[edge.before] == component[edge.after]]
    return Order(waves=waves, groups=groups, edges=_sorted(between), ties=_sorted(within))


def _sorted(edges: list[OrderEdge]) -> tuple[OrderEdge, ...]:
    return tuple(sorted(edges, key=lambda edge: (edge.before, edge.after)))


def _arrows(graph: Graph, places: dict[ServiceName, int]) -> Iterator[OrderEdge]:
    """`before` must be back no later than `after`."""
    for after in sorted(places):
        for before in graph.at_odds(after, places[after]):
            if before not in places:
                continue
            why = broken(graph, after, places[after], before, graph.history(before).now)
            there = f"With {after} already at {graph.history(after).version(places[after])} and {before} still at "
            yield OrderEdge(before=before, after=after, because=f"{there}{graph.history(before).current}: {why}")


def broken(graph: Graph, one: ServiceName, place: int, other: ServiceName, other_place: int) -> str | None:
    """The first need between two services at these releases that is not met, in words; `None` where all are."""
    for needy, at, needed, there in ((one, place, other, other_place), (other, other_place, one, place)):
        need = graph.need(needy, at, needed)
        if need is not None and not graph.met(needy, at, needed, there):
            has, version = graph.history(needy).version(at), graph.history(needed).version(there)
            return f"{needy} {has} needs {needed} {need.words}, which {version} is not"
    return None


def _waves(after: dict[ServiceName, list[ServiceName]], component: dict[ServiceName, int]) -> tuple[tuple[ServiceName, ...], ...]:
    """Generations: a group's wave is one more than the latest wave of anything that must be before it."""
    wave = dict.fromkeys(component.values(), 0)
    # Arrows lead from higher numbers to lower ones, so going down every group comes after all that must be before it.
    for name in sorted(after, key=lambda name: -component[name]):
        for then in after[name]:
            if component[then] != component[name]:
                wave[component[then]] = max(wave[component[then]], wave[component[name]] + 1)
    waves: list[list[ServiceName]] = [[] for _ in range(max(wave.values(), default=-1) + 1)]
    for name in sorted(after):
        waves[wave[component[name]]].append(name)
    return tuple(tuple(names) for names in waves)


def _name_groups(waves: tuple[tuple[ServiceName, ...], ...], component: dict[ServiceName, int]) -> dict[ServiceName, str]:
    sizes: dict[int, int] = {}
    for number in component.values():
        sizes[number] = sizes.get(number, 0) + 1
    named: dict[int, str] = {}
    groups = {}
    for wave in waves:
        for name in wave:
            number = component[name]
            if sizes[number] > 1:
                groups[name] = named.setdefault(number, f"lockstep-{len(named) + 1}")
    return groups
