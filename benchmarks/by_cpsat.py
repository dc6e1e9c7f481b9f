"""The least choice by CP-SAT: one whole-number variable for each service, one table of allowed places for each need.

Built from Rollbot's own graph of needs, so that both answer the same question; only the solving differs. The costs are made one
number in the same lexicographic order. Both must come to the same cost, or the run fails.
"""

from pathlib import Path
from typing import Any

from benchmarks.measure import peak, spread, timed
from integrations.catalog_file import read_catalog
from planner.closure import Choice
from planner.graph import Graph, graph_of
from planner.names import ServiceName
from planner.partial import choose_partial
from planner.plan import Request
from planner.snapshot import from_catalog
from planner.target import choose_target

SECONDS = 60.0
"""CP-SAT gets so long for one plan."""


def compare(path: Path, plans: int) -> dict[str, Any]:
    """Seconds of both for the same services; `unsolved` counts what CP-SAT did not finish in time."""
    from ortools.sat.python import cp_model  # type: ignore[import-not-found, import-untyped, unused-ignore]

    from benchmarks.subjects import drawn

    graph = graph_of(from_catalog(read_catalog(path).services))
    names: list[str] = list(graph.names())
    some, hubs = drawn(names, {name: len(graph.consumers(ServiceName(name))) for name in names}, plans)
    pairs, build = timed(lambda: _pairs(graph))
    mine, theirs, unsolved, differ = [], [], 0, 0
    for name in [*some, *hubs[:plans]]:
        target = ServiceName(name)
        place = choose_target(Request(service=target), graph)
        if not isinstance(place, int):
            continue
        choice, seconds = timed(lambda target=target, place=place: choose_partial(graph, target, place))  # type: ignore[misc]
        mine.append(seconds)
        cost = _cost(graph, choice.places) if isinstance(choice, Choice) else None
        found, seconds = timed(lambda target=target, place=place: _solve(cp_model, graph, pairs, target, place))  # type: ignore[misc]
        theirs.append(seconds)
        if found == "unsolved":
            unsolved += 1
        elif found != cost:
            differ += 1
    return {
        "build": build,
        "rollbot": spread(mine),
        "plans": spread(theirs),
        "asked": len(mine),
        "unsolved": unsolved,
        "differ": differ,
        "peak": peak(),
    }


def _pairs(graph: Graph) -> list[tuple[ServiceName, ServiceName, list[tuple[int, int]]]]:
    """For each two services of which one may need the other, the places they may be at together."""
    found = []
    for one in graph.names():
        for other in graph.providers(one):
            rows = graph.together(one, other)
            allowed = [
                (here, there)
                for here in graph.choices(one)
                for there in graph.choices(other)
                if rows[here] >> there & 1 or (here == graph.history(one).now and there == graph.history(other).now)
            ]
            if len(allowed) < len(graph.choices(one)) * len(graph.choices(other)):
                found.append((one, other, allowed))
    return found


def _cost(graph: Graph, places: dict[ServiceName, int]) -> tuple[int, int, int]:
    histories = {name: graph.history(name) for name in places}
    return (
        sum(history.hazards_to(places[name]) for name, history in histories.items()),
        len(places),
        sum(history.now - places[name] for name, history in histories.items()),
    )


def _solve(cp: Any, graph: Graph, pairs: list[Any], target: ServiceName, place: int) -> tuple[int, int, int] | str | None:
    model = cp.CpModel()
    at = {name: model.new_int_var_from_domain(cp.Domain.from_values(graph.choices(name)), name) for name in graph.names()}
    model.add(at[target] == place)
    for one, other, allowed in pairs:
        model.add_allowed_assignments([at[one], at[other]], allowed)
    steps, moved, crossed = [], [], []
    for name, variable in at.items():
        history = graph.history(name)
        if len(graph.choices(name)) == 1:
            continue
        stays = model.new_bool_var("")
        model.add(variable == history.now).only_enforce_if(stays)
        model.add(variable < history.now).only_enforce_if(~stays)
        moved.append(1 - stays)
        steps.append(history.now - variable)
        hazards = model.new_int_var(0, history.hazards_to(0), "")
        model.add_element(variable, [history.hazards_to(min(p, history.now)) for p in range(history.now + 1)], hazards)
        crossed.append(hazards)
    per_service = 1 + sum(graph.history(name).now for name in at)
    model.minimize(per_service * (1 + len(at)) * sum(crossed) + per_service * sum(moved) + sum(steps))
    solver = cp.CpSolver()
    solver.parameters.max_time_in_seconds = SECONDS
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    if status == cp.INFEASIBLE:
        return None
    if status != cp.OPTIMAL:
        return "unsolved"
    return _cost(graph, {n: solver.value(v) for n, v in at.items() if solver.value(v) != graph.history(n).now})
