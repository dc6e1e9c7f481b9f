"""The least choice where the fixpoint alone does not settle it, solved exactly and proven: MaxSAT with python-sat's RC2.

The fixpoint of `planner.closure` gives every service a newest place it can have in any solution. Only services that still
clash at those places are handed to the solver; all others are left at their top, which no solution can beat, and the needs
between them are not even looked at. The solver's optimum is therefore a bound from below. If it keeps every need in the whole
catalog it is the least choice; if not, the services it clashes with are handed over too, and so on.

Costs are lexicographic (hazards, services, steps) and become one whole number with weights so far apart that a lower key
never outweighs a higher one. Among equal costs, services are settled in alphabetical order, each as new as an optimum allows:
the answer depends on neither the solver's luck nor the catalog's order. Effort is counted in the solver's steps, never in
time, so that the same question has the same answer everywhere; past the limit the answer is "too hard", never a guess.
docs/decisions/0008-least-choice.md says why RC2.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF

from planner.closure import Bounds, Choice, Impossible, TooHard
from planner.graph import Graph
from planner.ladder import Ladder, ladders, runs
from planner.names import ServiceName

CONFLICTS = 50_000
"""Conflicts the solver may meet for one plan."""

PROPAGATIONS = 50_000_000
"""Propagations it may make for one plan: some questions are slow without many conflicts. About ten seconds."""

CLAUSES = 400_000
"""Clauses one question to the solver may have."""


class _Spent(Exception):
    """The effort limit is reached; `args[0]` says which."""


@dataclass(slots=True)
class Effort:
    """What may still be spent on one plan."""

    conflicts: int = CONFLICTS
    propagations: int = PROPAGATIONS

    def spend(self, conflicts: int, propagations: int, answer: bool | None) -> None:
        """Take that away. Raises `_Spent` where nothing is left, or where the solver stopped without an answer."""
        self.conflicts -= conflicts
        self.propagations -= propagations
        if self.conflicts <= 0:
            raise _Spent(f"{CONFLICTS} conflicts")
        if self.propagations <= 0 or answer is None:
            raise _Spent(f"{PROPAGATIONS} propagations")


def least(graph: Graph, bounds: Bounds, effort: Effort | None = None) -> Choice | Impossible | TooHard:
    """The least choice under these bounds, proven; `effort` is used up on the way."""
    asked = {name for clash in bounds.clashes for name in clash}
    tables = _Tables(graph)
    effort = Effort() if effort is None else effort
    try:
        while True:
            domains = [(name, bounds.domain(graph, name)) for name in sorted(asked)]
            answer = _optimum(graph, tables, domains, effort)
            if answer is None:
                return Impossible(among=bounds.because_of(asked))
            places = {name: domain[0] for name, domain in bounds.domains.items()} | answer
            more = _clashing(graph, places, asked) - asked
            if not more:
                return Choice(places={name: place for name, place in places.items() if place != graph.history(name).now})
            asked |= more
    except _Spent as limit:
        return TooHard(spent=str(limit.args[0]))


def _clashing(graph: Graph, places: dict[ServiceName, int], asked: set[ServiceName]) -> set[ServiceName]:
    """Services whose needs are not kept against one that was asked about."""
    found = set()
    moved = {name: place for name, place in places.items() if place != graph.history(name).now}
    for name in asked:
        for other in graph.at_odds(name, places[name], moved):
            if other not in asked and (name in moved or other in moved):
                found.add(other)
    return found


class _Tables(dict[tuple[ServiceName, ServiceName], tuple[int, ...]]):
    """Which places of two services a plan may leave them at, worked out once for each pair that is asked about."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    def __missing__(self, pair: tuple[ServiceName, ServiceName]) -> tuple[int, ...]:
        one, other = pair
        rows = list(self._graph.together(one, other))
        rows[self._graph.history(one).now] |= 1 << self._graph.history(other).now  # both stay
        self[pair] = tuple(rows)
        return self[pair]


def _optimum(
    graph: Graph, tables: _Tables, domains: list[tuple[ServiceName, tuple[int, ...]]], effort: Effort
) -> dict[ServiceName, int] | None:
    """The least places of these services by themselves; `None` where there are none."""
    rungs, _ = ladders(domains)
    formula = WCNF()
    for ladder in rungs.values():
        formula.extend(list(ladder.rules()))
    pairs = {(min(name, other), max(name, other)) for name in rungs for other in graph.providers(name) if other in rungs}
    for name, other in sorted(pairs):
        _forbid(formula, tables[name, other], rungs[name], rungs[other])
        if len(formula.hard) > CLAUSES:
            raise _Spent(f"{CLAUSES} clauses")
    _weigh(graph, formula, rungs)
    with _Metered(formula, effort) as solver:
        model = solver.compute()
        if model is None:
            return None
        return {name: rungs[name].places[rung] for name, rung in _settle(solver, rungs, set(model)).items()}


def _forbid(formula: Any, table: tuple[int, ...], rows: Ladder, columns: Ladder) -> None:
    """Rule out every pair of places that does not agree, in rectangles as large as they come."""
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
                formula.append(rows.outside(since.pop(run), row - 1) + columns.outside(*run))
        for run in bad:
            since.setdefault(run, row)
        before = bad


def _weigh(graph: Graph, formula: Any, rungs: dict[ServiceName, Ladder]) -> None:
    """Each rung costs what it adds: releases stepped back, then leaving the running release, then hazards."""
    per_service = 1 + sum(ladder.places[0] - ladder.places[-1] for ladder in rungs.values())
    per_hazard = per_service * (1 + len(rungs))
    for name, ladder in rungs.items():
        history = graph.history(name)
        for rung, (newer, older) in enumerate(pairwise(ladder.places), start=1):
            hazards = history.hazards_to(older) - history.hazards_to(newer)
            weight = per_hazard * hazards + per_service * (newer == history.now) + newer - older
            formula.append([-(ladder.first + rung - 1)], weight=weight)


def _settle(solver: "_Metered", rungs: dict[ServiceName, Ladder], model: set[int]) -> dict[ServiceName, int]:
    """Among all optima the one that keeps services new in alphabetical order."""
    settled = {}
    for name, ladder in rungs.items():
        rung = 0
        while rung < ladder.rung(model):
            better = solver.also([-(ladder.first + rung)])
            if better is not None:
                model = better
                break
            rung += 1
        settled[name] = rung
        if rung + 1 < len(ladder.places):
            solver.fix(-(ladder.first + rung))
        if rung:
            solver.fix(ladder.first + rung - 1)
    return settled


class _Metered(RC2Stratified):  # type: ignore[misc]  # python-sat has no types
    """RC2 that stops at a number of conflicts, and that can be asked for other models of the same, least cost."""

    def __init__(self, formula: Any, effort: "Effort") -> None:
        self.effort = effort
        super().__init__(formula, solver="g3")

    def also(self, literals: list[int]) -> set[int] | None:
        """A model of least cost that has these literals too, where there is one. Only after `compute`."""
        if not self._call_oracle(assumptions=self.active_assumps() + literals):
            return None
        return set(self.oracle.get_model())

    def fix(self, literal: int) -> None:
        """Keep to models that have this literal. Only after `compute`."""
        self.oracle.add_clause([literal])

    def _call_oracle(self, assumptions: Any = (), expect_interrupt: bool = False) -> Any:
        before = self.oracle.accum_stats()
        self.oracle.conf_budget(self.effort.conflicts)
        self.oracle.prop_budget(self.effort.propagations)
        answer = self.oracle.solve_limited(assumptions=list(assumptions), expect_interrupt=expect_interrupt)
        after = self.oracle.accum_stats()
        self.effort.spend(after["conflicts"] - before["conflicts"], after["propagations"] - before["propagations"], answer)
        return answer
