"""Who depends on whom, as far as it does not matter what runs: made once for the services of a catalog, whatever runs later.

A snapshot is taken for each question, and what runs may be new every time; who needs whom mostly is not. So the walk over the
whole catalog, which takes a second for a hundred thousand services, is not made again for each.
"""

from collections.abc import Mapping
from operator import attrgetter

from planner.calls import CallGraph, call_graph, calls_among
from planner.consumers import Consumers, consumers_of, required_by
from planner.edges import strongest
from planner.facts import Edge, Service
from planner.names import ServiceName
from planner.ranges import parse_version


class Dependencies:
    """The dependencies of these services. Remembers what it looked up; never changes what it answers."""

    def __init__(self, services: Mapping[ServiceName, Service]) -> None:
        self.services = services
        self.names = sorted(services)
        self.numbered = _Numbered(services)
        self._consumers: Consumers | None = None
        self._calls: CallGraph | None = None
        self._calls_among: int | None = None
        self._edges: dict[ServiceName, dict[ServiceName, Edge]] = {}
        self._undeclared: dict[ServiceName, frozenset[ServiceName]] = {}
        self._bound_to: dict[ServiceName, frozenset[ServiceName]] = {}
        self._providers: dict[ServiceName, tuple[ServiceName, ...]] = {}

    def edges(self, name: ServiceName) -> dict[ServiceName, Edge]:
        """Each service that this one depends on, with the dependency that is most to be believed."""
        found = self._edges.get(name)
        if found is None:
            found = self._edges[name] = strongest(self.services[name].depends_on)
        return found

    def required(self, name: ServiceName) -> set[ServiceName]:
        """The services, this one perhaps included, of which some release requires certain versions; they need not exist."""
        return required_by(self.services[name])

    def depends_on(self, name: ServiceName) -> set[ServiceName]:
        """The services that this one is said to depend on, whether they exist or not."""
        return {edge.service for edge in self.services[name].depends_on}

    def wanted(self, name: ServiceName) -> set[ServiceName]:
        """Every other service that some release of this one names, whether it exists or not."""
        return (self.depends_on(name) | self.required(name)) - {name}

    def providers(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Every existing other service that some release of this one may need, in alphabetical order."""
        found = self._providers.get(name)
        if found is None:
            found = self._providers[name] = tuple(sorted([other for other in self.wanted(name) if other in self.services]))
        return found

    def undeclared(self, name: ServiceName) -> frozenset[ServiceName]:
        """The other services of which a release that declares no range needs one derived from history.

        Of a service that has no SemVer version no range can be derived.
        """
        found = self._undeclared.get(name)
        if found is None:
            numbered = filter(self.numbered.__getitem__, self.depends_on(name))
            found = self._undeclared[name] = frozenset(numbered) - {name}
        return found

    def bound_to(self, name: ServiceName) -> frozenset[ServiceName]:
        """Every other service of which some release of this one may need certain versions only, whether it exists or not."""
        found = self._bound_to.get(name)
        if found is None:
            found = self._bound_to[name] = (self.undeclared(name) | self.required(name)) - {name}
        return found

    def needing(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Every other service of which some release may need certain versions of this one only."""
        consumers = self.consumers()
        return consumers.of(name) if self.numbered[name] else consumers.requiring.get(name, ())

    def consumers(self) -> Consumers:
        """Who may need whom."""
        if self._consumers is None:
            self._consumers = consumers_of(self.services, self.names)
        return self._consumers

    def calls(self) -> CallGraph:
        """Who calls whom."""
        if self._calls is None:
            # In one and the same order, for sums of rounded numbers depend on it.
            self._calls = call_graph({name: self.services[name] for name in self.names})
        return self._calls

    def calls_among(self) -> int:
        """About how many calls there are, without making a graph of them."""
        if self._calls_among is None:
            self._calls_among = calls_among(self.services)
        return self._calls_among


class _Numbered(dict[ServiceName, bool]):
    """Whether any release of a service is SemVer, looked up when asked; not so of a service that does not exist."""

    def __init__(self, services: Mapping[ServiceName, Service]) -> None:
        super().__init__()
        self._services = services

    def __missing__(self, name: ServiceName) -> bool:
        service = self._services.get(name)
        # The newest first: it mostly settles it.
        versions = () if service is None else map(attrgetter("version"), reversed(service.releases))
        self[name] = found = any(map(parse_version, versions))
        return found


_last = Dependencies({})


def dependencies_of(services: Mapping[ServiceName, Service]) -> Dependencies:
    """The dependencies of these services; those made last, where nothing that they are made of is new."""
    global _last
    if not _same(services, _last.services):
        _last = Dependencies(services)
    return _last


def _same(some: Mapping[ServiceName, Service], others: Mapping[ServiceName, Service]) -> bool:
    return len(some) == len(others) and list(some) == list(others) and all(map(_alike, some.values(), others.values()))


def _alike(one: Service, other: Service) -> bool:
    """Whether two services depend on the same in the same way, whatever else was learned about their releases meanwhile."""
    return one is other or (
        one.depends_on is other.depends_on
        and len(one.releases) == len(other.releases)
        and all(
            mine.version == theirs.version and (mine.requires is theirs.requires or mine.requires == theirs.requires)
            for mine, theirs in zip(one.releases, other.releases, strict=True)
        )
    )
