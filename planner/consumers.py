"""Who may need a service: the dependencies of a whole catalog turned around, in one walk over all of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planner.facts import Service
from planner.names import ServiceName

_NOBODY: list[ServiceName] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumers:
    """By provider, in the order of the walk: who depends on it, and who only names it in what a release requires."""

    depending: Mapping[ServiceName, list[ServiceName]]
    naming: Mapping[ServiceName, list[ServiceName]]

    def of(self, name: ServiceName) -> list[ServiceName]:
        """Everyone who may need that service."""
        naming = self.naming.get(name)
        depending = self.depending.get(name, _NOBODY)
        return sorted(depending + naming) if naming else depending


def consumers_of(services: Mapping[ServiceName, Service], names: Iterable[ServiceName]) -> Consumers:
    """The consumers of every service that these need in some release, whether it exists or not; nobody is its own."""
    depending: defaultdict[ServiceName, list[ServiceName]] = defaultdict(list)
    naming: defaultdict[ServiceName, list[ServiceName]] = defaultdict(list)
    for name in names:
        service = services[name]
        listed = dict.fromkeys([edge.service for edge in service.depends_on])
        for other in listed:
            if other != name:
                depending[other].append(name)
        required: set[ServiceName] = set()
        before: object = None
        for release in service.releases:
            # Releases that follow one another mostly share what they require.
            if release.requires is not before:
                before = release.requires
                required.update(release.requires)
        for other in required:
            if other not in listed and other != name:
                naming[other].append(name)
    return Consumers(depending=depending, naming=naming)
