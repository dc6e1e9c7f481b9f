"""What releases need of each other, looked up when somebody asks and then kept.

Three things keep a plan's cost to what it touches. Needs are looked up one at a time, and what a release needs is kept as one
row. What the *running* releases need of a service is gathered once, by range (`wishes`): a service with thousands of consumers
is asked about a few ranges, not about thousands of consumers. And only the list of who could need a service
(`planner.consumers`) takes a walk over everything, once for all snapshots of the same services (`planner.dependencies`).
"""

from collections.abc import Mapping
from datetime import datetime

from planner.calls import CallGraph
from planner.dependencies import dependencies_of
from planner.facts import Edge, Release
from planner.history import History, fits, history_of, moment_of
from planner.live import Live, live_of
from planner.names import ServiceName, Version
from planner.need import Need, Wish, caret
from planner.ranges import Range
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
        self.among = dependencies_of(snapshot.services)

    def __contains__(self, name: object) -> bool:
        return name in self._current

    def __len__(self) -> int:
        return len(self._services)

    def names(self) -> list[ServiceName]:
        """Every service, in alphabetical order."""
        return self.among.names

    def current(self, name: ServiceName) -> Version:
        """The version that a service runs now."""
        return self._current[name]

    def history(self, name: ServiceName) -> History:
        """The releases of one service."""
        found = self._kept.histories.get(name)
        if found is None:
            found = self._kept.histories[name] = history_of(self._services[name], self._current[name], self._bad.get(name))
        return found

    def providers(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Every existing other service that some release of this one may need, in alphabetical order."""
        return self.among.providers(name)

    def consumers(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Every other service of which some release may need this one."""
        return self.among.consumers().of(name)

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
        history = self.history(name)
        declared = history.releases[place].requires.get(other)
        if declared is not None:
            return self._declared(declared)
        return self._live(other).need(history.times[place]) if other in self.among.undeclared(name) else None

    def by_place(self, name: ServiceName, other: ServiceName) -> list[Need | None]:
        """What each release needs of `other`, as `need` gives it."""
        history = self.history(name)
        declared = [release.requires.get(other) for release in history.releases]
        if other not in self.among.undeclared(name):
            return [None if wanted is None else self._declared(wanted) for wanted in declared]
        derived = self._live(other).need
        return [
            derived(time) if wanted is None else self._declared(wanted)
            for wanted, time in zip(declared, history.times, strict=True)
        ]

    def needs(self, name: ServiceName, place: int) -> dict[ServiceName, Need]:
        """Everything the release at `place` needs of existing other services, by their names in alphabetical order."""
        row = self._kept.rows.get((name, place))
        if row is None:
            history = self.history(name)
            row = self._row(name, history.releases[place].requires, history.times[place])
            self._kept.rows[name, place] = row
        return row

    def running_needs(self, name: ServiceName) -> dict[ServiceName, Need]:
        """The same for the running release. Not kept, and without looking at the service's other releases."""
        running = self._running(name)
        return self._row(name, running.requires, moment_of(running))

    def _row(self, name: ServiceName, requires: Mapping[ServiceName, Range], moment: datetime | None) -> dict[ServiceName, Need]:
        found = {other: self._declared(wanted) for other, wanted in requires.items() if other != name and other in self}
        for other in self.among.undeclared(name):
            if other not in found:
                need = self._live(other).need(moment)
                if need is not None:
                    found[other] = need
        return {other: found[other] for other in sorted(found)}

    def wishes(self, name: ServiceName) -> tuple[Wish, ...]:
        """What running releases of others need of this service, each need once."""
        found = self._kept.wishes.get(name)
        if found is None:
            alike: dict[int, tuple[Need, list[ServiceName]]] = {}
            derived = self._live(name).need if self.among.numbered[name] else None
            only_requiring = self.among.consumers().only_requiring.get(name, ())
            for other in self.among.needing(name):
                running = self._running(other)
                declared, need = running.requires.get(name), None
                if declared is not None:
                    need = self._declared(declared)
                elif derived is not None and other not in only_requiring:
                    need = derived(moment_of(running))
                if need is not None:
                    alike.setdefault(id(need), (need, []))[1].append(other)
            found = tuple(Wish(need=need, of=tuple(sorted(of))) for need, of in alike.values())
            self._kept.wishes[name] = found
        return found

    def silent(self, name: ServiceName) -> list[ServiceName]:
        """Services that depend on this one, while nobody knows in which versions their running releases need it."""
        wishing = {other for wish in self.wishes(name) for other in wish.of}
        return [other for other in self.among.consumers().depending.get(name, ()) if other not in wishing]

    def edge(self, name: ServiceName, other: ServiceName) -> Edge | None:
        """The dependency of one service on another, by whoever is most to be believed; `None` where there is none."""
        return self.among.edges(name).get(other)

    def calls(self) -> CallGraph:
        """Who calls whom."""
        return self.among.calls()

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
            found = sum([1 << place for place, item in enumerate(beside) if fits(need.range, item.version)])
            self._kept.accepted[key] = found
        return found

    def _running(self, name: ServiceName) -> Release:
        """The running release; not by way of its history, which would be made for every service of the catalog."""
        found = self._kept.running.get(name)
        if found is None:
            current = self._current[name]
            for release in reversed(self._services[name].releases):  # mostly the newest one
                if release.version == current:
                    found = release
                    break
            else:
                found = Release(version=current)
            self._kept.running[name] = found
        return found

    def _declared(self, wanted: Range) -> Need:
        found = self._kept.declared.get(id(wanted))  # as long-lived as the snapshot
        if found is None:
            found = self._kept.declared[id(wanted)] = Need(range=wanted)
        return found

    def _live(self, name: ServiceName) -> Live:
        """What those need of a service that went live without saying."""
        found = self._kept.live.get(name)
        if found is None:
            found = self._kept.live[name] = live_of(self.history(name), self._caret)
        return found

    def _caret(self, version: Version) -> Need | None:
        needs = self._kept.carets
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
        self.by_start: tuple[list[tuple[datetime, ServiceName]], list[ServiceName]] | None = None
        self.serving: tuple[float, ...] | None = None
        self.running: dict[ServiceName, Release] = {}
        self.live: dict[ServiceName, Live] = {}
        self.declared: dict[int, Need] = {}
        self.carets: dict[Version, Need | None] = {}
        self.accepted: dict[tuple[int, ServiceName], int] = {}
        self.rows: dict[tuple[ServiceName, int], dict[ServiceName, Need]] = {}
        self.wishes: dict[ServiceName, tuple[Wish, ...]] = {}
        self.broken: dict[ServiceName, tuple[ServiceName, ...]] = {}
