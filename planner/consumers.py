"""Who may need a service: the dependencies of a whole catalog turned around, in one walk over all of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planner.facts import Service
from planner.names import ServiceName

_NOBODY: tuple[ServiceName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumers:
    """By provider, in the order of the walk: who depends on it, who says in some release which versions it requires.

    `only_requiring` are those of the latter who do not depend on it.
    """

    depending: Mapping[ServiceName, tuple[ServiceName, ...]]
    requiring: Mapping[ServiceName, tuple[ServiceName, ...]]
    only_requiring: Mapping[ServiceName, tuple[ServiceName, ...]]

    def of(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """Everyone who may need that service."""
        others = self.only_requiring.get(name)
        depending = self.depending.get(name, _NOBODY)
        return tuple(sorted(depending + others)) if others else depending


def consumers_of(services: Mapping[ServiceName, Service], names: Iterable[ServiceName]) -> Consumers:
    """The consumers of every service that these need in some release, whether it exists or not; nobody is its own."""
    depending: dict[ServiceName, list[ServiceName]] = {}
    requiring: dict[ServiceName, list[ServiceName]] = {}
    only_requiring: dict[ServiceName, list[ServiceName]] = {}
    for name in names:
        service = services[name]
        for edge in service.depends_on:
            users = depending.get(edge.service)
            if not users:
                depending[edge.service] = [name]
            elif users[-1] is not name:  # the same dependency may be of several kinds
                users.append(name)
        for other in required_by(service) - {name}:
            requiring.setdefault(other, []).append(name)
            users = depending.get(other)
            if not users or users[-1] is not name:
                only_requiring.setdefault(other, []).append(name)
        users = depending.get(name)
        if users and users[-1] is name:
            users.pop()
    return Consumers(depending=_settled(depending), requiring=_settled(requiring), only_requiring=_settled(only_requiring))


def required_by(service: Service) -> set[ServiceName]:
    """Whatever any release says of which versions it requires, itself included, whether it exists or not."""
    required: set[ServiceName] = set()
    before: object = None
    for release in service.releases:
        # Releases that follow one another mostly share what they require.
        if release.requires is not before:
            before = release.requires
            required.update(release.requires)
    return required


def _settled(found: dict[ServiceName, list[ServiceName]]) -> dict[ServiceName, tuple[ServiceName, ...]]:
    """As tuples: unlike a hundred thousand lists, these are nothing that the garbage collector goes through time and again."""
    return {name: tuple(users) for name, users in found.items()}
