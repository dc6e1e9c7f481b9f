"""What users see, at size: `python -m benchmarks.users [--services 100000]`. Prints a table.

Two catalogs of the shape that `benchmarks.shape` draws, one without cycles, one with. Scored is the rollback of every service
alone, each to a release that is known to be good; measured is the processor's time, for others share the machine.
"""

import argparse
import random
import resource
from collections.abc import Mapping

from benchmarks.measure import spread, timed
from benchmarks.shape import drawn_edges, name
from planner.calls import CallGraph, call_graph
from planner.facts import Edge, Service
from planner.names import ServiceName
from planner.reliability import SERVES, alone, entering, reliability


def services(count: int, back: float) -> Mapping[ServiceName, Service]:
    """That many services that call one another."""
    edges = drawn_edges(count, back, random.Random(f"{count} {back}"))
    names = [ServiceName(name(at)) for at in range(count)]
    return {
        names[at]: Service(name=names[at], depends_on=tuple(Edge(service=names[other]) for other in others))
        for at, others in enumerate(edges)
    }


def scored(calls: CallGraph, times: int) -> tuple[list[float], float]:
    """Seconds of scoring every single rollback, and how far the one formula is from solving anew for the busiest service."""
    chance = random.Random(3)
    serving = [chance.choice(list(SERVES.values())) for _ in calls.names]
    entry = entering(calls, calls.outermost)
    better = dict.fromkeys(range(len(calls.names)), 0.999)
    took = []
    for _ in range(times):
        (now, found), seconds = timed(lambda: alone(calls, serving, entry, better))
        took.append(seconds)
    busiest = max(found, key=lambda at: found[at] - now)
    changed = [*serving[:busiest], 0.999, *serving[busiest + 1 :]]
    anew = reliability(calls, changed, entry)
    return took, abs((found[busiest] - anew) / (anew - now))


def main() -> None:
    """One table."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.users", description=__doc__)
    words.add_argument("--services", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    print("| services | calls | cycles | call graph made, s | every single rollback scored, s | off from solving anew |")
    print("| ---: | ---: | --- | ---: | ---: | ---: |")
    for count in words.parse_args().services:
        for back in (0.0, 0.01):
            known = services(count, back)
            calls, made = timed(lambda known=known: call_graph(known))  # type: ignore[misc]
            took, off = scored(calls, 5)
            cells = (f"{count:,}", f"{len(calls.walk.to):,}", "yes" if back else "no", f"{made:.2f}")
            print(f"| {' | '.join(cells)} | {spread(took)['median']:.3f} | {off:.1e} |", flush=True)
    print(f"\nPeak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB.")


if __name__ == "__main__":
    main()
