"""All facts at one moment: what a plan is made from, and what it is checked against before a run touches anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType

from planner.facts import NOTHING, Release, Service, Verified
from planner.names import ServiceName, Version
from planner.rates import PRIOR, Rates


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Snapshot:
    """What exists, what runs now, and which versions are remembered as bad.

    `current` has an entry for every service in `services`. `bad` maps a service to the versions that must not be gone back
    to, with the reason somebody gave. `unseen` are services whose runtime should have said what runs and did not: for them
    `current` is what the catalog believes. `warnings` are things the survey could not settle, in words. `rates` is how often and
    how fast steps went so far; it changes what a plan is expected to do, never the plan. `taken_at` is when it was taken, in UTC,
    by which the age of what was observed is told.
    """

    services: Mapping[ServiceName, Service]
    current: Mapping[ServiceName, Version]
    bad: Mapping[ServiceName, Mapping[Version, str]] = field(default_factory=lambda: NOTHING)
    unseen: frozenset[ServiceName] = frozenset()
    warnings: tuple[str, ...] = ()
    rates: Rates = PRIOR
    taken_at: datetime | None = None


def from_catalog(
    services: Mapping[ServiceName, Service],
    running: Mapping[ServiceName, Version] = NOTHING,
    *,
    bad: Mapping[ServiceName, Mapping[Version, str]] = NOTHING,
    unseen: Iterable[ServiceName] = (),
    warnings: Iterable[str] = (),
    taken_at: datetime | None = None,
) -> Snapshot:
    """The snapshot of these services: each runs what `running` says, else its `current`, else its newest release.

    A service of which none of the three is known is left out, with a warning; what others need of it is then not known either.
    """
    known: dict[ServiceName, Service] = {}
    current: dict[ServiceName, Version] = {}
    notes = list(warnings)
    for name, service in services.items():
        version = running.get(name) or service.current or newest(service.releases)
        if version is None:
            notes.append(f"{name} has no releases and no current version: it is left out of every plan")
        else:
            known[name], current[name] = service, version
    return Snapshot(
        services=MappingProxyType(known),
        current=MappingProxyType(current),
        bad=bad,
        unseen=frozenset(unseen),
        warnings=tuple(notes),
        taken_at=taken_at,
    )


def with_proven(snapshot: Snapshot, proven: Mapping[ServiceName, frozenset[Version]]) -> Snapshot:
    """The snapshot in which releases of which nobody said anything, and that these are, count as verified good."""
    changed: dict[ServiceName, Service] = {}
    for name, versions in proven.items():
        service = snapshot.services.get(name)
        if service is not None and any(_is_proven(release, versions) for release in service.releases):
            releases = tuple(r._replace(verified=Verified.GOOD) if _is_proven(r, versions) else r for r in service.releases)
            changed[name] = replace(service, releases=releases)
    return replace(snapshot, services=MappingProxyType({**snapshot.services, **changed})) if changed else snapshot


def _is_proven(release: Release, versions: frozenset[Version]) -> bool:
    return release.verified is Verified.UNKNOWN and release.version in versions


def newest(releases: tuple[Release, ...]) -> Version | None:
    """The version of the release that went live last, `None` where there is none; of two at the same moment, the one named last.

    Where any release has no time, the order in which they are given stands for all of them.
    """
    if not releases:
        return None
    moments = [_moment(release.deployed_at) for release in releases]
    dated = [moment for moment in moments if moment is not None]
    if len(dated) < len(moments):
        return releases[-1].version
    return releases[max(range(len(dated)), key=lambda place: (dated[place], place))].version


def _moment(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
