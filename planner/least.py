"""The least choice where the fixpoint alone does not settle it, solved exactly and proven: MaxSAT with python-sat's RC2.

The fixpoint of `planner.closure` gives every service a newest place it can have in any solution. Only services that still
clash at those places are handed to the solver; all others are left at their top, which no solution can beat, and the needs
between them are not even looked at. The solver's optimum is therefore a bound from below. If it keeps every need in the whole
catalog it is the least choice; if not, the services it clashes with are handed over too, and so on.

Costs are lexicographic (hazards, services, steps) and become one whole number with weights so far apart that a lower key
never outweighs a higher one. Among equal costs, services are settled in alphabetical order, each as new as an optimum allows:
the answer depends on neither the solver's luck nor the catalog's order. Effort is counted in conflicts, never in time, so
that the same question has the same answer everywhere; past the limit the answer is "too hard", never a guess.
docs/decisions/0010-least-choice.md says why RC2.
"""

from itertools import pairwise
from typing import Any

from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF

from planner.closure import Bounds, Choice, Impossible, TooHard, agree
from planner.graph import Graph
from planner.ladder import Ladder, ladders, runs
from planner.names import ServiceName

CONFLICTS = 50_000
"""Conflicts the solver may meet for one plan."""

CLAUSES = 400_000
"""Clauses one question to the solver may have."""


class _Spent(Exception):
    """The effort limit is reached; `args[0]` says which."""


def least(graph: Graph, bounds: Bounds) -> Choice | Impossible | TooHard:
    """The least choice under these bounds, proven."""
    asked = {name for clash in bounds.clashes for name in clash}
    spent = 0
    try:
        while True:
            domains = [(name, bounds.domain(graph, name)) for name in sorted(asked)]
            answer, conflicts = _optimum(graph, domains, CONFLICTS - spent)
            spent += conflicts
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
    for name in asked:
        for other in graph.neighbours(name):
            beside = places.get(other, graph.history(other).now)
            if other not in asked and not agree(graph, name, places[name], other, beside):
                found.add(other)
    return found


def _optimum(
    graph: Graph, domains: list[tuple[ServiceName, tuple[int, ...]]], budget: int
) -> tuple[dict[ServiceName, int] | None, int]:
    """The least places of these services by themselves (`None`: there are none), and the conflicts met on the way."""
    rungs, _ = ladders(domains)
    formula = WCNF()
    for ladder in rungs.values():
        formula.extend(list(ladder.rules()))
    for name, ladder in rungs.items():
        for other in graph.neighbours(name):
            if other in rungs and name < other:
                _forbid(graph, formula, (name, ladder), (other, rungs[other]))
        if len(formula.hard) > CLAUSES:
            raise _Spent(f"{CLAUSES} clauses")
    _weigh(graph, formula, rungs)
    with _Metered(formula, budget) as solver:
        model = solver.compute()
        if model is None:
            return None, solver.conflicts()
        settled = _settle(solver, rungs, set(model))
        return {name: rungs[name].places[rung] for name, rung in settled.items()}, solver.conflicts()


def _forbid(graph: Graph, formula: Any, one: tuple[ServiceName, Ladder], other: tuple[ServiceName, Ladder]) -> None:
    """Rule out every pair of places that does not agree, in rectangles as large as they come."""
    (name, rows), (beside, columns) = one, other
    before: list[tuple[int, int]] = []
    since: dict[tuple[int, int], int] = {}
    for row in range(len(rows.places) + 1):
        bad: list[tuple[int, int]] = []
        if row < len(rows.places):
            bad = runs(not agree(graph, name, rows.places[row], beside, place) for place in columns.places)
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

    def __init__(self, formula: Any, budget: int) -> None:
        self.budget = budget
        super().__init__(formula, solver="g3")

    def conflicts(self) -> int:
        """How many conflicts were met so far."""
        return int(self.oracle.accum_stats()["conflicts"])

    def also(self, literals: list[int]) -> set[int] | None:
        """A model of least cost that has these literals too, where there is one. Only after `compute`."""
        if not self._call_oracle(assumptions=self.active_assumps() + literals):
            return None
        return set(self.oracle.get_model())

    def fix(self, literal: int) -> None:
        """Keep to models that have this literal. Only after `compute`."""
        self.oracle.add_clause([literal])

    def _call_oracle(self, assumptions: Any = (), expect_interrupt: bool = False) -> Any:
        left = self.budget - self.conflicts()
        if left <= 0:
            raise _Spent(f"{CONFLICTS} conflicts")
        self.oracle.conf_budget(left)
        answer = self.oracle.solve_limited(assumptions=list(assumptions), expect_interrupt=expect_interrupt)
        if answer is None:
            raise _Spent(f"{CONFLICTS} conflicts")
        return answer
