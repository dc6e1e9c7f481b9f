"""Releases that the system which runs a service remembers, joined with what the catalog says of them."""

from collections.abc import Iterable
from dataclasses import replace

from planner.facts import Release, Service

FEW = 2
"""Where the catalog lists fewer releases than this, there would be nothing to go back to, and the runtime is asked."""


def wants_history(service: Service) -> bool:
    """Whether the catalog knows too few releases of it."""
    return len(service.releases) < FEW


def with_history(service: Service, remembered: Iterable[Release]) -> Service:
    """The service with these releases, oldest first, besides its own; where both know one, the catalog has the last word."""
    own = {release.version: release for release in service.releases}
    joined = []
    for release in remembered:
        mine = own.pop(release.version, None)
        if mine is None:
            joined.append(release)
        else:
            when, artifact = mine.deployed_at or release.deployed_at, mine.artifact or release.artifact
            joined.append(mine._replace(deployed_at=when, artifact=artifact))
    return replace(service, releases=(*joined, *own.values()))
