"""A way for a lockstep group to move in single steps after all, by way of releases between.

A group moves as one because from where it runs now no single move is safe. Its histories may hold releases that go with both
sides: contract changes are mostly rolled out as "both, then only the new one", and the release that knew both is still there.
The search goes breadth first over the places of the members, one service moved at a time, each no further back than the plan
takes it, and keeps to states in which every need of a moved service holds, whatever the rest of the plan has done by then. So
the first way found is a shortest one.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from planner.graph import Graph
from planner.names import ServiceName, Version
from planner.order import Order

MEMBERS = 6
"""Groups of more services are not searched."""

STATES = 20_000
"""States looked at for one group."""

_State = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The single steps, in order: which service goes to which release."""

    group: str
    members: tuple[ServiceName, ...]
    steps: tuple[tuple[ServiceName, Version], ...]

    @property
    def extra(self) -> int:
        """How many steps more than the group has services."""
        return len(self.steps) - len(self.members)


def bridges(graph: Graph, places: dict[ServiceName, int], order: Order) -> tuple[Bridge, ...]:
    """A shortest bridge for each group that has one within the limits."""
    groups: dict[str, list[ServiceName]] = {}
    for name in sorted(order.groups):
        groups.setdefault(order.groups[name], []).append(name)
    wave, found = order.wave(), []
    for group, members in groups.items():
        steps = _shortest(graph, members, places, wave) if len(members) <= MEMBERS else None
        if steps is not None:
            found.append(Bridge(group=group, members=tuple(members), steps=steps))
    return tuple(found)


def _shortest(
    graph: Graph, members: list[ServiceName], places: dict[ServiceName, int], wave: dict[ServiceName, int]
) -> tuple[tuple[ServiceName, Version], ...] | None:
    start: _State = tuple(graph.history(name).now for name in members)
    goal: _State = tuple(places[name] for name in members)
    open_places = [_open(graph, name, set(members), places, wave) for name in members]
    tables = {
        (one, other): graph.together(members[one], members[other])
        for one in range(len(members))
        for other in range(len(members))
        if one != other
    }
    came: dict[_State, _State] = {start: start}
    queue = deque([start])
    while queue and len(came) <= STATES:
        state = queue.popleft()
        for after in _steps(state, start, open_places, tables):
            if after in came:
                continue
            came[after] = state
            if after == goal:
                return _told(graph, members, came, goal)
            queue.append(after)
    return None


def _open(
    graph: Graph, name: ServiceName, members: set[ServiceName], places: dict[ServiceName, int], wave: dict[ServiceName, int]
) -> list[int]:
    """Where the service may be on the way, newest first: releases that go with all outside the group, as they can be by then."""
    return [
        place
        for place in graph.choices(name)
        if place >= places[name]
        and all(_goes(graph, name, place, other, places, wave) for other in graph.neighbours(name) if other not in members)
    ]


def _goes(
    graph: Graph, name: ServiceName, place: int, other: ServiceName, places: dict[ServiceName, int], wave: dict[ServiceName, int]
) -> bool:
    now = graph.history(other).now
    if other not in places or wave[other] > wave[name]:
        there = [now]
    elif wave[other] < wave[name]:
        there = [places[other]]
    else:
        there = [now, places[other]]
    if place == graph.history(name).now:
        there = [at for at in there if at != now]  # both untouched: not the plan's business
    return all(graph.agree(name, place, other, at) for at in there)


def _steps(
    state: _State, start: _State, open_places: list[list[int]], tables: dict[tuple[int, int], list[int]]
) -> Iterator[_State]:
    for member, choices in enumerate(open_places):
        for place in choices:
            if place == state[member]:
                continue
            if all(
                tables[member, other][place] >> at & 1 or (place == start[member] and at == start[other])
                for other, at in enumerate(state)
                if other != member
            ):
                yield (*state[:member], place, *state[member + 1 :])


def _told(
    graph: Graph, members: list[ServiceName], came: dict[_State, _State], goal: _State
) -> tuple[tuple[ServiceName, Version], ...]:
    steps = []
    state = goal
    while came[state] != state:
        before = came[state]
        member = next(at for at in range(len(members)) if before[at] != state[at])
        steps.append((members[member], graph.history(members[member]).version(state[member])))
        state = before
    return tuple(reversed(steps))
