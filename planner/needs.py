"""What releases need of each other, looked up when somebody asks and then kept.

Three things keep a plan's cost to what it touches. Needs are looked up one at a time, and what a release needs is kept as one
row. What the *running* releases need of a service is gathered once, by range (`wishes`): a service with thousands of consumers
is asked about a few ranges, not about thousands of consumers. And only the list of who could need a service
(`planner.consumers`) takes a walk over everything, once per snapshot.
"""

from datetime import datetime

from planner.calls import CallGraph, call_graph, calls_among
from planner.consumers import Consumers, consumers_of
from planner.edges import strongest
from planner.facts import Edge, Release
from planner.history import History, fits, history_of, moment_of
from planner.names import ServiceName, Version
from planner.need import Need, Wish, caret
from planner.ranges import Range, parse_version
from planner.reliability import serves
from planner.snapshot import Snapshot


class Needs:
    """What the releases of one snapshot need of each other. Remembers what it looked up; never changes what it answers."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.warnings = snapshot.warnings
        self.taken_at = snapshot.taken_at
        self._services = snapshot.services
        self._current = snapshot.current
        self._bad = snapshot.bad
        self._kept = _Kept()

    def __contains__(self, name: object) -> bool:
        return name in self._current

    def __len__(self) -> int:
        return len(self._services)

    def names(self) -> list[ServiceName]:
        """Every service, in alphabetical order."""
        if self._kept.names is None:
            self._kept.names = sorted(self._current)
        return self._kept.names

    def current(self, name: ServiceName) -> Version:
        """The version that a service runs now."""
        return self._current[name]

    def history(self, name: ServiceName) -> History:
        """The releases of one service."""
        found = self._kept.histories.get(name)
        if found is None:
            found = self._kept.histories[name] = history_of(self._services[name], self._current[name], self._bad.get(name))
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
        found = self._kept.providers.get(name)
        if found is None:
            found = tuple(sorted(other for other in self.wanted(name) if other in self))
            self._kept.providers[name] = found
        return found

    def consumers(self, name: ServiceName) -> list[ServiceName]:
        """Every other service of which some release may need this one."""
        return self._turned().of(name)

    def neighbours(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Providers and consumers together, in alphabetical order."""
        return tuple(sorted({*self.providers(name), *self.consumers(name)}))

    def by_start(self) -> tuple[list[tuple[datetime, ServiceName]], list[ServiceName]]:
        """When each running release went live, newest first, and the services of which nobody knows."""
        if self._kept.by_start is None:
            known, timeless = [], []
            for name in self.names():
                start = moment_of(self._running(name))
                if start is None:
                    timeless.append(name)
                else:
                    known.append((start, name))
            known.sort(reverse=True)
            self._kept.by_start = known, timeless
        return self._kept.by_start

    def need(self, name: ServiceName, place: int, other: ServiceName) -> Need | None:
        """What the release at `place` needs of `other`; `None` where it is content with anything, or nobody knows."""
        row = self._kept.rows.get((name, place))
        if row is not None and other != name:
            return row.get(other)
        history = self.history(name)
        declared = history.releases[place].requires.get(other)
        if declared is not None:
            return self._declared(declared)
        if other == name or self.edge(name, other) is None or other not in self or not self._numbered(other):
            return None
        return self._derived(other, history.times[place])

    def needs(self, name: ServiceName, place: int) -> dict[ServiceName, Need]:
        """Everything the release at `place` needs of existing other services, by their names in alphabetical order."""
        row = self._kept.rows.get((name, place))
        if row is None:
            history = self.history(name)
            requires, moment = history.releases[place].requires, history.times[place]
            found = {other: self._declared(wanted) for other, wanted in requires.items() if other != name and other in self}
            for other in self._edges_of(name):
                if other not in found and other != name and other in self and self._numbered(other):
                    need = self._derived(other, moment)
                    if need is not None:
                        found[other] = need
            row = {other: found[other] for other in sorted(found)}
            self._kept.rows[name, place] = row
        return row

    def wishes(self, name: ServiceName) -> tuple[Wish, ...]:
        """What running releases of others need of this service, each need once."""
        found = self._kept.wishes.get(name)
        if found is None:
            turned, numbered = self._turned(), self._numbered(name)
            alike: dict[int, tuple[Need, list[ServiceName]]] = {}
            for others, derive in ((turned.depending, numbered), (turned.naming, False)):
                for other in others.get(name, ()):
                    running = self._running(other)
                    declared = running.requires.get(name)
                    need = (
                        self._declared(declared)
                        if declared is not None
                        else self._derived(name, moment_of(running))
                        if derive
                        else None
                    )
                    if need is not None:
                        alike.setdefault(id(need), (need, []))[1].append(other)
            found = tuple(Wish(need=need, of=tuple(sorted(of))) for need, of in alike.values())
            self._kept.wishes[name] = found
        return found

    def silent(self, name: ServiceName) -> list[ServiceName]:
        """Services that depend on this one, while nobody knows in which versions their running releases need it."""
        wishing = {other for wish in self.wishes(name) for other in wish.of}
        return [other for other in self._turned().depending.get(name, ()) if other not in wishing]

    def edge(self, name: ServiceName, other: ServiceName) -> Edge | None:
        """The dependency of one service on another, by whoever is most to be believed; `None` where there is none."""
        return self._edges_of(name).get(other)

    def calls(self) -> CallGraph:
        """Who calls whom. Made for all services, once."""
        if self._kept.calls is None:
            # In one and the same order, for sums of rounded numbers depend on it.
            self._kept.calls = call_graph({name: self._services[name] for name in self.names()})
        return self._kept.calls

    def calls_among(self) -> int:
        """About how many calls there are, without making a graph of them."""
        if self._kept.calls_among is None:
            self._kept.calls_among = calls_among(self._services)
        return self._kept.calls_among

    def by_tier(self) -> list[ServiceName]:
        """Every service that has checks, the most important first."""
        known = [(service.tier or 99, name) for name, service in self._services.items() if service.checks and name in self]
        return [name for _, name in sorted(known)]

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

    def serving(self) -> tuple[float, ...]:
        """How likely each running release serves a request, in the order of the call graph."""
        if self._kept.serving is None:
            self._kept.serving = tuple(self.serves(name, self._current[name]) for name in self.calls().names)
        return self._kept.serving

    def accepts(self, need: Need | None, other: ServiceName) -> int:
        """The places of `other` that a need is content with, as bits: the lowest is the oldest release."""
        if need is None:
            return -1
        key = (id(need), other)
        found = self._kept.accepted.get(key)
        if found is None:
            beside = self.history(other).releases
            found = sum(1 << place for place, item in enumerate(beside) if fits(need.range, item.version))
            self._kept.accepted[key] = found
        return found

    def _edges_of(self, name: ServiceName) -> dict[ServiceName, Edge]:
        edges = self._kept.edges.get(name)
        if edges is None:
            edges = self._kept.edges[name] = strongest(self._services[name].depends_on)
        return edges

    def _turned(self) -> Consumers:
        if self._kept.consumers is None:
            self._kept.consumers = consumers_of(self._services, self.names())
        return self._kept.consumers

    def _running(self, name: ServiceName) -> Release:
        """The running release; not by way of its history, which would be made for every service of the catalog."""
        current = self._current[name]
        for release in reversed(self._services[name].releases):
            if release.version == current:
                return release
        return Release(version=current)

    def _numbered(self, name: ServiceName) -> bool:
        """Whether a range can be derived from any release: whether one of them is SemVer."""
        found = self._kept.numbered.get(name)
        if found is None:
            service = self._services[name]
            found = any(parse_version(release.version) is not None for release in reversed(service.releases))
            self._kept.numbered[name] = found
        return found

    def _declared(self, wanted: Range) -> Need:
        found = self._kept.declared.get(id(wanted))  # as long-lived as the snapshot
        if found is None:
            found = self._kept.declared[id(wanted)] = Need(range=wanted)
        return found

    def _derived(self, other: ServiceName, moment: datetime | None) -> Need | None:
        """What is needed of `other` by a release that went live then and did not say."""
        beside, needs = self.history(other), self._kept.derived
        live = beside.live_at(moment)
        if live is None:
            return None
        version = beside.version(live)
        if version not in needs:
            needs[version] = caret(version)
        return needs[version]


class _Kept:
    """What was looked up, as far as it is the same whoever is pinned.

    Needs are kept as long as this is, so they can be known by their identity, which is quicker than comparing ranges.
    """

    def __init__(self) -> None:
        self.histories: dict[ServiceName, History] = {}
        self.choices: dict[ServiceName, tuple[int, ...]] = {}
        self.names: list[ServiceName] | None = None
        self.by_start: tuple[list[tuple[datetime, ServiceName]], list[ServiceName]] | None = None
        self.consumers: Consumers | None = None
        self.calls: CallGraph | None = None
        self.calls_among: int | None = None
        self.serving: tuple[float, ...] | None = None
        self.edges: dict[ServiceName, dict[ServiceName, Edge]] = {}
        self.numbered: dict[ServiceName, bool] = {}
        self.providers: dict[ServiceName, tuple[ServiceName, ...]] = {}
        self.declared: dict[int, Need] = {}
        self.derived: dict[Version, Need | None] = {}
        self.accepted: dict[tuple[int, ServiceName], int] = {}
        self.rows: dict[tuple[ServiceName, int], dict[ServiceName, Need]] = {}
        self.wishes: dict[ServiceName, tuple[Wish, ...]] = {}
        self.broken: dict[ServiceName, tuple[ServiceName, ...]] = {}
