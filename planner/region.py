"""The services that a solver is asked about, and what they need of each other as clauses; it only ever grows."""

from collections.abc import Iterable, Iterator

from pysat.solvers import Solver

from planner.bounds import Bounds, Pair
from planner.ladder import Ladder, ladders, runs
from planner.names import ServiceName

PROOF = 50_000
"""Conflicts that finding out which services are at odds may take."""


class Region:
    """A ladder for each service, over the places that its bound leaves open, and all clauses. `free` is the next new variable."""

    def __init__(self, bounds: Bounds) -> None:
        self.rungs: dict[ServiceName, Ladder] = {}
        self.clauses: list[list[int]] = []
        self.free = 1
        self._bounds = bounds
        self._pairs: dict[Pair, slice] = {}
        """Where the clauses of two services stand that need something of each other."""

    def add(self, names: Iterable[ServiceName]) -> None:
        """Adds services that are not there yet, with what they and those there already need of each other."""
        bounds, graph = self._bounds, self._bounds.graph
        new, self.free = ladders(((name, _places(bounds.open(name))) for name in sorted(names)), self.free)
        self.rungs |= new
        for ladder in new.values():
            self.clauses += ladder.rules()
        fresh, all_of_them = set(new), set(self.rungs)
        pairs = {
            (min(name, other), max(name, other))
            for name in self.rungs
            for other in (all_of_them if name in new else fresh).intersection(graph.among.bound_to(name))
        }
        for pair in sorted(pairs):
            start = len(self.clauses)
            self.clauses += _forbidden(bounds.table(pair), *(self.rungs[name] for name in pair))
            self._pairs[pair] = slice(start, len(self.clauses))

    def at_odds(self) -> set[ServiceName]:
        """Services whose needs of each other cannot all be kept, where there is no solution: mostly few, all at worst."""
        with Solver(name="g3", bootstrap_with=[rule for ladder in self.rungs.values() for rule in ladder.rules()]) as solver:
            pairs = dict(enumerate(self._pairs, start=self.free))
            for switch, pair in pairs.items():
                for clause in self.clauses[self._pairs[pair]]:
                    solver.add_clause([-switch, *clause])
            solver.conf_budget(PROOF)
            if solver.solve_limited(assumptions=list(pairs)) is not False:
                return set(self.rungs)
            return {name for switch in solver.get_core() for name in pairs[switch]}


def _places(bits: int) -> tuple[int, ...]:
    """Open places, newest first."""
    return tuple(place for place in range(bits.bit_length() - 1, -1, -1) if bits >> place & 1)


def _forbidden(table: tuple[int, ...], rows: Ladder, columns: Ladder) -> Iterator[list[int]]:
    """Rules out every pair of places that a plan may not leave two services at, in rectangles as large as they come."""
    before: list[tuple[int, int]] = []
    since: dict[tuple[int, int], int] = {}
    shown = sum(1 << place for place in columns.places)
    last = -1
    for row in range(len(rows.places) + 1):
        good = table[rows.places[row]] & shown if row < len(rows.places) else shown
        if good == last:
            continue  # as in the row before
        last, bad = good, [] if good == shown else runs(not good >> place & 1 for place in columns.places)
        for run in before:
            if run not in bad:
                yield rows.outside(since.pop(run), row - 1) + columns.outside(*run)
        for run in bad:
            since.setdefault(run, row)
        before = bad
