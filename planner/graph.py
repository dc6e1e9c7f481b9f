"""Who needs whom, and in which versions: the snapshot turned into something a plan can walk quickly.

A need is "release a of A works with B in range R". It is declared by the release (`requires`), or, for a dependency without a
declaration, derived from history: `^V`, V being the release of B that was live when a went live. Needs are looked up one at a
time and kept, so a plan pays for what it touches. Only the list of who could need a service (`consumers`) takes a walk over
everything; it is made once per snapshot.
"""

import weakref
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from planner.calls import CallGraph, call_graph, calls_among
from planner.edges import strongest
from planner.facts import Edge
from planner.history import History, fits, history_of, moment_of
from planner.names import ServiceName, Version
from planner.ranges import Range, parse_version
from planner.reliability import serves
from planner.snapshot import Snapshot

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The range a release needs of another service; `derived_from` is the version it comes from where it was not declared."""

    range: Range
    derived_from: Version | None = None

    @property
    def words(self) -> str:
        """The range as people should read it."""
        text = self.range.text.strip() or "*"
        return text if self.derived_from is None else f"{text} (not declared; {self.derived_from} was live when it went live)"


class Graph:
    """The needs of one snapshot. Remembers what it looked up; never changes what it answers."""

    def __init__(self, snapshot: Snapshot, pinned: frozenset[ServiceName] = frozenset()) -> None:
        self.warnings = snapshot.warnings
        self.taken_at = snapshot.taken_at
        self._services = snapshot.services
        self._current = snapshot.current
        self._bad = snapshot.bad
        self._pinned = pinned
        self._histories: dict[ServiceName, History] = {}
        self._choices: dict[ServiceName, tuple[int, ...]] = {}
        self._providers: dict[ServiceName, tuple[ServiceName, ...]] = {}
        self._consumers: dict[ServiceName, list[ServiceName]] | None = None
        self._by_start: tuple[list[tuple[datetime, ServiceName]], list[ServiceName]] | None = None
        self._neighbours: dict[ServiceName, tuple[ServiceName, ...]] = {}
        self._broken: dict[ServiceName, tuple[ServiceName, ...]] = {}
        self._edges: dict[ServiceName, dict[ServiceName, Edge]] = {}
        self._calls: CallGraph | None = None
        self._needs: dict[tuple[ServiceName, int, ServiceName], Need | None] = {}
        self._rows: dict[tuple[ServiceName, int], dict[ServiceName, Need]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._services and name in self._current

    def __len__(self) -> int:
        return len(self._services)

    def releasing(self, name: ServiceName) -> "Graph":
        """The same with one service no longer pinned."""
        other = copy(self)
        other._pinned = self._pinned - {name}
        other._histories = {one: history for one, history in self._histories.items() if one != name}
        other._choices = {one: places for one, places in self._choices.items() if one != name}
        return other

    def names(self) -> list[ServiceName]:
        """Every service, in alphabetical order."""
        return sorted(name for name in self._services if name in self._current)

    def pinned(self, name: ServiceName) -> bool:
        """Whether that service must stay where it is."""
        return name in self._pinned

    def history(self, name: ServiceName) -> History:
        """The releases of one service."""
        found = self._histories.get(name)
        if found is None:
            bad = dict(self._bad.get(name, {}))
            found = history_of(self._services[name], self._current[name], bad, pinned=name in self._pinned)
            self._histories[name] = found
        return found

    def choices(self, name: ServiceName) -> tuple[int, ...]:
        """The places a service may be at after a plan, the running one first; without those that contradict themselves."""
        found = self._choices.get(name)
        if found is None:
            now, *earlier = self.history(name).candidates
            found = (now, *(place for place in earlier if self.met(name, place, name, place)))
            self._choices[name] = found
        return found

    def wanted(self, name: ServiceName) -> set[ServiceName]:
        """Every other service that some release of this one names, whether it exists or not."""
        service = self._services[name]
        others = {edge.service for edge in service.depends_on}
        for release in service.releases:
            if release.requires:
                others.update(release.requires)
        others.discard(name)
        return others

    def providers(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Every existing other service that some release of this one may need."""
        found = self._providers.get(name)
        if found is None:
            found = tuple(sorted(other for other in self.wanted(name) if other in self))
            self._providers[name] = found
        return found

    def consumers(self, name: ServiceName) -> list[ServiceName]:
        """Every other service of which some release may need this one."""
        if self._consumers is None:
            consumers: dict[ServiceName, list[ServiceName]] = {}
            for consumer in self.names():
                for provider in self.wanted(consumer):
                    consumers.setdefault(provider, []).append(consumer)
            self._consumers = consumers
        return self._consumers.get(name, [])

    def neighbours(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Providers and consumers together, in alphabetical order."""
        found = self._neighbours.get(name)
        if found is None:
            found = tuple(sorted({*self.providers(name), *self.consumers(name)}))
            self._neighbours[name] = found
        return found

    def by_start(self) -> tuple[list[tuple[datetime, ServiceName]], list[ServiceName]]:
        """When each running release went live, newest first, and the services of which nobody knows."""
        if self._by_start is None:
            known, timeless = [], []
            for name in self.names():
                # Not by way of its history: that would be made for every service of the catalog.
                running, current = reversed(self._services[name].releases), self._current[name]
                start = next((moment_of(release) for release in running if release.version == current), None)
                if start is None:
                    timeless.append(name)
                else:
                    known.append((start, name))
            known.sort(reverse=True)
            self._by_start = known, timeless
        return self._by_start

    def need(self, name: ServiceName, place: int, other: ServiceName) -> Need | None:
        """What the release at `place` needs of `other`; `None` where it is content with anything, or nobody knows."""
        key = (name, place, other)
        try:
            return self._needs[key]
        except KeyError:
            need = self._needs[key] = self._look_up(name, place, other)
            return need

    def needs(self, name: ServiceName, place: int) -> dict[ServiceName, Need]:
        """Everything the release at `place` needs of existing other services, by their names in alphabetical order."""
        row = self._rows.get((name, place))
        if row is None:
            found = ((other, self.need(name, place, other)) for other in self.providers(name))
            row = {other: need for other, need in found if need is not None}
            self._rows[name, place] = row
        return row

    def at_odds(self, name: ServiceName, place: int, where: Callable[[ServiceName], int | None]) -> Iterator[ServiceName]:
        """Others that do not go with that release, each being `where` says, or else where it runs now. May say one twice.

        For a service that moves; costs what it needs and what needs it, and looks at no one else.
        """
        for other, need in self.needs(name, place).items():
            there = where(other)
            if not fits(need.range, self._current[other] if there is None else self.history(other).version(there)):
                yield other
        version = self.history(name).version(place)
        for other in self.consumers(name):
            there = where(other)
            wish = self.need(other, self.history(other).now if there is None else there, name)
            if wish is not None and not fits(wish.range, version):
                yield other

    def broken_now(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """The others whose running release is not what the running release of this one needs, in alphabetical order."""
        found = self._broken.get(name)
        if found is None:
            needs = self.needs(name, self.history(name).now)
            found = tuple(other for other, need in needs.items() if not fits(need.range, self._current[other]))
            self._broken[name] = found
        return found

    def met(self, name: ServiceName, place: int, other: ServiceName, other_place: int) -> bool:
        """Whether the release at `place` works with the release of `other` at `other_place`."""
        need = self.need(name, place, other)
        return need is None or fits(need.range, self.history(other).version(other_place))

    def agree(self, one: ServiceName, place: int, other: ServiceName, other_place: int) -> bool:
        """Whether two services at these releases keep every need between them."""
        return self.met(one, place, other, other_place) and self.met(other, other_place, one, place)

    def together(self, one: ServiceName, other: ServiceName) -> tuple[int, ...]:
        """For each place of `one` the places of `other` it agrees with, as bits. Not kept: whoever asks often keeps it."""
        ahead, back = self._accepted(one, other), self._accepted(other, one)
        return tuple(
            mask & sum(1 << there for there, accepts in enumerate(back) if accepts >> place & 1)
            for place, mask in enumerate(ahead)
        )

    def _accepted(self, name: ServiceName, other: ServiceName) -> list[int]:
        """For each place of `name` the places of `other` that its need is content with, as bits."""
        beside = self.history(other).releases
        everything = (1 << len(beside)) - 1
        known: dict[int, int] = {}
        masks = []
        for place in range(len(self.history(name).releases)):
            need = self.need(name, place, other)
            if need is None:
                masks.append(everything)
                continue
            key = id(need.range)  # neighbouring releases mostly share one
            if key not in known:
                known[key] = sum(1 << there for there, item in enumerate(beside) if fits(need.range, item.version))
            masks.append(known[key])
        return masks

    def unknown(self, name: ServiceName, place: int) -> Iterator[str]:
        """What cannot be known of the needs of that release, in words."""
        for other in sorted(self.wanted(name)):
            line = self.unknown_of(name, place, other)
            if line is not None:
                yield line

    def unknown_of(self, name: ServiceName, place: int, other: ServiceName) -> str | None:
        """Why it cannot be known what that release needs of `other`, in words; `None` where it is known or needs nothing."""
        history = self.history(name)
        declared, here = history.releases[place].requires, f"{name} {history.version(place)}"
        if other not in self:
            text = f" {declared[other].text}" if other in declared else ""
            asked = other in declared or self._depends(name, other)
            return f"{here} needs {other}{text}, but no such service is known: not checked" if asked else None
        if other in declared or not self._depends(name, other) or self.need(name, place, other) is not None:
            return None
        return f"{here} depends on {other} without saying which versions, and history does not tell: any version is taken as fine"

    def calls(self) -> CallGraph:
        """Who calls whom. Made for all services, once."""
        if self._calls is None:
            known = {name: service for name, service in self._services.items() if name in self._current}
            self._calls = call_graph(known)
        return self._calls

    def calls_among(self) -> int:
        """About how many calls there are, without making a graph of them."""
        return calls_among(self._services)

    def running_bad(self) -> dict[ServiceName, str]:
        """Every service whose running version is remembered as bad, with the reason."""
        return {
            name: versions[self._current[name]] or "no reason was given"
            for name, versions in self._bad.items()
            if name in self and self._current[name] in versions
        }

    def serves(self, name: ServiceName, version: Version) -> float:
        """How likely that release serves a request, as far as anybody knows."""
        return serves(self._services[name], version, self._bad)

    def edge(self, name: ServiceName, other: ServiceName) -> Edge | None:
        """The dependency of one service on another, by whoever is most to be believed; `None` where there is none."""
        edges = self._edges.get(name)
        if edges is None:
            edges = self._edges[name] = strongest(self._services[name].depends_on)
        return edges.get(other)

    def _depends(self, name: ServiceName, other: ServiceName) -> bool:
        return self.edge(name, other) is not None

    def _look_up(self, name: ServiceName, place: int, other: ServiceName) -> Need | None:
        history = self.history(name)
        declared = history.releases[place].requires.get(other)
        if declared is not None:
            return Need(range=declared)
        if other == name or other not in self or not self._depends(name, other):
            return None
        beside = self.history(other)
        live = beside.live_at(history.times[place])
        return None if live is None else _caret(beside.version(live))


@lru_cache(maxsize=65536)
def _caret(version: Version) -> Need | None:
    parsed = parse_version(version)
    if parsed is None:
        return None
    # Build metadata has no say in ranges.
    return Need(range=Range.parse(f"^{parsed.replace(build=None)}"), derived_from=version)


_graphs: dict[int, tuple[weakref.ref[Snapshot], Graph]] = {}


def graph_of(snapshot: Snapshot, pinned: frozenset[ServiceName] = frozenset()) -> Graph:
    """The snapshot's graph, made once and kept as long as the snapshot lives; with `pinned` services one that is made anew."""
    if pinned:
        return Graph(snapshot, pinned)
    known = _graphs.get(id(snapshot))
    if known is not None and known[0]() is snapshot:
        return known[1]
    graph, key = Graph(snapshot), id(snapshot)
    _graphs[key] = (weakref.ref(snapshot, lambda _: _graphs.pop(key, None)), graph)
    return graph


def as_networkx(snapshot: Snapshot) -> "networkx.DiGraph[ServiceName]":
    """The dependency graph in its public form, an arrow from each service to every one it may need. Slow on large catalogs."""
    import networkx

    graph = graph_of(snapshot)
    drawn: networkx.DiGraph[ServiceName] = networkx.DiGraph()
    drawn.add_nodes_from(graph.names())
    drawn.add_edges_from((name, other) for name in graph.names() for other in graph.providers(name))
    return drawn
