"""Why there is no plan: a minimal set of facts that contradict each other, in words.

A fact is the request, a release's need (all releases of a service with the same need are one fact), or a release that may not
be gone back to. Each gets a switch; a SAT solver finds some set of switches that cannot all be on, and then every fact is
tried without: what can be left out is. So leaving out any one fact of the answer makes the rest solvable.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pysat.solvers import Solver

from planner.closure import Impossible
from planner.graph import Graph
from planner.history import BarKind
from planner.ladder import Ladder, ladders, runs
from planner.names import ServiceName
from planner.need import Need

LARGEST = 2_000
"""Conflicts among more services than this are told without being made minimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The named service must be at this place."""

    service: ServiceName
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """These releases of a service need another one (or, in a broken catalog, itself) in one and the same range."""

    service: ServiceName
    places: tuple[int, ...]
    other: ServiceName
    need: Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """These releases of a service may not be gone back to, all for one reason."""

    service: ServiceName
    places: tuple[int, ...]
    words: str


Fact = Ask | Demand | Ban


def conflict(graph: Graph, target: ServiceName, place: int, found: Impossible) -> tuple[Fact, ...] | None:
    """A minimal set of facts that cannot hold together, the request first; `None` where there are too many services to tell."""
    if len(found.among) > LARGEST:
        return None
    facts: list[Fact] = [Ask(service=target, place=place)]
    for name in sorted(found.among):
        facts += _bans(graph, name)
        facts += _demands(graph, name, found.among)
    # What the solver needs of all of it is mostly little, and is then asked about many times: by itself, that is quick.
    return tuple(_minimal(graph, _core(graph, facts)))


def fact_words(graph: Graph, fact: Fact) -> str:
    """One sentence."""
    history = graph.history(fact.service)
    if isinstance(fact, Ask):
        return f"{fact.service} goes back to {history.version(fact.place)}"
    versions = [history.version(place) for place in fact.places]
    which = f"{fact.service} {_listed(versions)}"
    if isinstance(fact, Ban):
        return f"{which} {fact.words if len(versions) == 1 else fact.words.replace('is ', 'are ', 1)}"
    verb = "needs" if len(versions) == 1 else "need"
    if fact.other == fact.service:
        return f"{which} {verb} {fact.other} itself {fact.need.words}"
    beside = graph.history(fact.other)
    fitting = [
        beside.version(place) for place in range(beside.now, -1, -1) if graph.met(fact.service, fact.places[0], fact.other, place)
    ]
    leaves = f"of its releases that leaves {_listed(fitting)}" if fitting else "which it never ran"
    already = (
        ""
        if history.now not in fact.places or graph.met(fact.service, history.now, fact.other, beside.now)
        else ", broken already"
    )
    return f"{which} {verb} {fact.other} {fact.need.words}: {leaves}{already}"


def _listed(words: Sequence[str]) -> str:
    if len(words) > 4:
        return f"{words[0]}, {words[1]} and {len(words) - 2} others down to {words[-1]}"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _bans(graph: Graph, name: ServiceName) -> list[Fact]:
    history = graph.history(name)
    groups: dict[tuple[BarKind, str], list[int]] = {}
    for place in range(history.now - 1, -1, -1):
        bar = history.barred.get(place)
        if bar is not None:
            # Releases below a floor, or of a pinned service, are barred by one fact; each bad release is one of its own.
            key = (bar.kind, bar.words if bar.kind in (BarKind.FLOOR, BarKind.PINNED) else str(place))
            groups.setdefault(key, []).append(place)
    return [Ban(service=name, places=tuple(places), words=history.barred[places[0]].words) for places in groups.values()]


def _demands(graph: Graph, name: ServiceName, among: frozenset[ServiceName]) -> list[Fact]:
    found: list[Fact] = []
    for other in sorted(among.intersection((name, *graph.among.bound_to(name)))):
        needs, groups = graph.by_place(name, other), dict[tuple[object, bool], tuple[Need, list[int]]]()
        for place in range(graph.history(name).now, -1, -1):
            need = needs[place]
            if need is not None:
                groups.setdefault((need.range, need.derived_from is None), (need, []))[1].append(place)
        found += [Demand(service=name, places=tuple(places), other=other, need=need) for need, places in groups.values()]
    return found


def _clauses(graph: Graph, rungs: dict[ServiceName, Ladder], fact: Fact) -> list[list[int]]:
    ladder = rungs[fact.service]
    if isinstance(fact, Ask):
        rung = ladder.places.index(fact.place)
        literals = [ladder.at_least(rung)] if rung else []
        return [[literal] for literal in literals if literal is not None] + (
            [[-(ladder.first + rung)]] if rung + 1 < len(ladder.places) else []
        )
    rows = [ladder.places.index(place) for place in fact.places]
    if isinstance(fact, Ban):
        return [ladder.outside(row, row) for row in rows]
    if fact.other == fact.service:
        return [
            ladder.outside(row, row)
            for row in rows
            if row and not graph.met(fact.service, ladder.places[row], fact.other, ladder.places[row])
        ]
    beside, fitting = rungs[fact.other], graph.accepts(fact.need, fact.other)
    bad = [not fitting >> at & 1 for at in beside.places]
    moved = runs(bad)
    # Two services that both stay are not the plan's business.
    stayed = runs([False, *bad[1:]]) if rows[0] == 0 else moved
    return [ladder.outside(row, row) + beside.outside(*run) for row in rows for run in (moved if row else stayed)]


def _core(graph: Graph, facts: Sequence[Fact]) -> list[Fact]:
    """Facts that cannot hold together, among these which cannot."""
    with _Switched(graph, facts) as switched:
        core = switched.clash(range(len(facts)))
    if core is None:
        message = "the facts do not conflict: the region handed over is too small"
        raise AssertionError(message)
    return [facts[at] for at in core]


def _minimal(graph: Graph, facts: Sequence[Fact]) -> list[Fact]:
    """Facts that cannot hold together, though any one fewer can: each of these is tried without."""
    with _Switched(graph, facts) as switched:
        core, at = list(range(len(facts))), 0
        # From the last to the first, so that the request and what is near it by name stay in.
        while at < len(core):
            candidate = len(core) - 1 - at
            smaller = switched.clash(core[:candidate] + core[candidate + 1 :])
            if smaller is None:
                at += 1
            else:
                core, at = smaller, min(at, len(smaller))
    return [facts[number] for number in core]


class _Switched:
    """A solver in which each fact can be switched on, by its number."""

    def __init__(self, graph: Graph, facts: Sequence[Fact]) -> None:
        names = {fact.service for fact in facts} | {fact.other for fact in facts if isinstance(fact, Demand)}
        # Places that may not be gone back to are open here: their bans are facts that can be left out.
        rungs, self._free = ladders((name, tuple(range(graph.history(name).now, -1, -1))) for name in sorted(names))
        self._solver = Solver(name="g3")
        for ladder in rungs.values():
            for rule in ladder.rules():
                self._solver.add_clause(rule)
        for switch, fact in enumerate(facts, start=self._free):
            for clause in _clauses(graph, rungs, fact):
                self._solver.add_clause([-switch, *clause])

    def __enter__(self) -> "_Switched":
        return self

    def __exit__(self, *_: object) -> None:
        self._solver.delete()

    def clash(self, numbers: Iterable[int]) -> list[int] | None:
        """Some of these facts that cannot hold together, in order; `None` where all can."""
        if self._solver.solve(assumptions=[self._free + number for number in numbers]):
            return None
        return sorted(switch - self._free for switch in self._solver.get_core())
