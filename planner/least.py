"""The least choice where neither the fixpoint nor a little branching settles it: MaxSAT with python-sat's RC2, exact and proven.

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

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF

from planner.bounds import Bounds
from planner.closure import Choice, Impossible, TooHard
from planner.graph import Graph
from planner.ladder import Ladder
from planner.names import ServiceName
from planner.region import Region

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


def least(bounds: Bounds, effort: Effort | None = None) -> Choice | Impossible | TooHard:
    """The least choice under these bounds, proven; `effort` is used up on the way."""
    region, graph = Region(bounds), bounds.graph
    effort = Effort() if effort is None else effort
    more = {name for clash in bounds.clashes for name in clash}
    try:
        while True:
            region.add(more)
            answer = _optimum(graph, region, effort)
            if answer is None:
                return Impossible(among=bounds.because_of(region.at_odds()))
            places = {name: bounds.newest(name) for name in bounds.opens} | answer
            more = _clashing(graph, places, region.rungs)
            if not more:
                return Choice(places={name: place for name, place in places.items() if place != graph.history(name).now})
    except _Spent as limit:
        return TooHard(spent=str(limit.args[0]))


def _clashing(graph: Graph, places: dict[ServiceName, int], asked: Collection[ServiceName]) -> set[ServiceName]:
    """Others whose needs are not kept against one that was asked about."""
    found = set()
    moved = {name: place for name, place in places.items() if place != graph.history(name).now}
    for name in asked:
        for other in graph.at_odds(name, places[name], moved):
            if other not in asked and (name in moved or other in moved):
                found.add(other)
    return found


def _optimum(graph: Graph, region: Region, effort: Effort) -> dict[ServiceName, int] | None:
    """The least places of these services by themselves; `None` where there are none."""
    if len(region.clauses) > CLAUSES:
        raise _Spent(f"{CLAUSES} clauses")
    # Filled at once: adding clause by clause takes longer than solving.
    formula = WCNF()
    formula.hard, formula.nv = region.clauses, region.free - 1
    rungs = {name: region.rungs[name] for name in sorted(region.rungs)}
    _weigh(graph, formula, rungs)
    with _Metered(formula, effort) as solver:
        model = solver.compute()
        if model is None:
            return None
        return {name: rungs[name].places[rung] for name, rung in _settle(solver, rungs, set(model)).items()}


def _weigh(graph: Graph, formula: Any, rungs: dict[ServiceName, Ladder]) -> None:
    """Each rung costs what it adds: releases stepped back, then leaving the running release, then hazards."""
    per_service = 1 + sum(ladder.places[0] - ladder.places[-1] for ladder in rungs.values())
    per_hazard = per_service * (1 + len(rungs))
    for name, ladder in rungs.items():
        history = graph.history(name)
        for rung, (newer, older) in enumerate(pairwise(ladder.places), start=1):
            hazards = history.hazards_to(older) - history.hazards_to(newer)
            weight = per_hazard * hazards + per_service * (newer == history.now) + newer - older
            formula.soft.append([-(ladder.first + rung - 1)])
            formula.wght.append(weight)


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
