"""What is measured, each in a process of its own: `python -m benchmarks.subjects NAME CATALOG PLANS` prints one JSON value.

`rollbot` is asked for partial plans of services drawn at random, and of the most needed ones, which is where plans are large.
`networkx` answers the same with what a graph library has: everything that depends on the service goes back, one release each.
`cpsat` solves rule 2 of DESIGN.md section 5 for the whole catalog at once with OR-Tools, where that is installed.
"""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import megabytes, peak, spread, timed

SEED = 7
HUBS = 20
"""How many of the most needed services are asked about besides those drawn at random."""


def drawn(names: list[str], needed: dict[str, int], plans: int) -> tuple[list[str], list[str]]:
    """Services at random, and the most needed ones."""
    some = random.Random(SEED).sample(sorted(names), min(plans, len(names)))
    hubs = sorted(names, key=lambda name: (-needed.get(name, 0), name))[:HUBS]
    return some, hubs


def rollbot(path: Path, plans: int) -> dict[str, Any]:
    """The planner as it is used."""
    from integrations.catalog_file import read_catalog
    from planner.graph import graph_of
    from planner.names import ServiceName
    from planner.plan import Plan, Request, Strategy
    from planner.planning import make_plan
    from planner.snapshot import Snapshot, from_catalog

    before = megabytes()
    facts, load = timed(lambda: read_catalog(path))
    snapshot, snap = timed(lambda: from_catalog(facts.services))
    held = megabytes() - before
    graph = graph_of(snapshot)

    def ask(name: str, taken: Snapshot = snapshot) -> tuple[Plan | None, float]:
        request = Request(service=ServiceName(name), strategy=Strategy.PARTIAL, accept_data_loss=True)
        answer, seconds = timed(lambda: make_plan(request, taken))
        return (answer if isinstance(answer, Plan) else None), seconds

    names: list[str] = list(graph.names())
    _, first = ask(names[0])
    some, hubs = drawn(names, {name: len(graph.consumers(ServiceName(name))) for name in names}, plans)
    usual, large = [ask(name) for name in some], [ask(name) for name in hubs]
    _, later = ask(names[0], from_catalog(facts.services))
    return {
        "load": load,
        "snapshot": snap,
        "first": first,
        "later": later,
        "plans": spread(seconds for _, seconds in usual),
        "hubs": spread(seconds for _, seconds in large),
        "moves": max((len(plan.moves) for plan, _ in usual + large if plan), default=0),
        "refused": sum(plan is None for plan, _ in usual + large),
        "asked": len(usual + large),
        "held": held,
        "peak": peak(),
    }


def networkx(path: Path, plans: int) -> dict[str, Any]:
    """All that depends on the service, in the order of the graph: no ranges, nothing proven, nearly always far too much."""
    import networkx as nx

    before = megabytes()

    def read() -> "nx.DiGraph[str]":
        graph: nx.DiGraph[str] = nx.DiGraph()
        for service in json.loads(path.read_text())["services"]:
            graph.add_node(service["name"], releases=service["releases"])
            graph.add_edges_from((service["name"], other) for other in service["depends_on"])
        return graph

    graph, load = timed(read)
    held = megabytes() - before

    def ask(name: str) -> tuple[int, float]:
        def plan() -> int:
            moved = nx.ancestors(graph, name) | {name}
            part = nx.condensation(graph.subgraph(moved))
            list(nx.topological_generations(part))
            return len(moved)

        return timed(plan)

    some, hubs = drawn(list(graph), dict(graph.in_degree()), plans)
    some = some[: max(10, 2_000_000 // (graph.number_of_edges() + 1))]  # each takes seconds on a large graph
    usual, large = [ask(name) for name in some], [ask(name) for name in hubs[:3]]
    return {
        "load": load,
        "plans": spread(seconds for _, seconds in usual),
        "hubs": spread(seconds for _, seconds in large),
        "moves": max(count for count, _ in usual + large),
        "asked": len(usual + large),
        "held": held,
        "peak": peak(),
    }


def cpsat(path: Path, plans: int) -> dict[str, Any]:
    """The exact optimum of the same question by CP-SAT over the whole catalog, beside Rollbot's for the same services."""
    from benchmarks.by_cpsat import compare

    services = path.stat().st_size // 2_000  # as they come in these catalogs
    return compare(path, min(plans, 5) if services < 2_000 else 1)


SUBJECTS: dict[str, Callable[[Path, int], dict[str, Any]]] = {"rollbot": rollbot, "networkx": networkx, "cpsat": cpsat}


if __name__ == "__main__":
    print(json.dumps(SUBJECTS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
