"""One service's releases as a plan sees them: in order, with what runs now, and with what may not be gone back to and why.

The order is that of `deployed_at`, and of the catalog where two releases went live at the same moment. Where any release of a
service has no time, the catalog's order stands for the whole service. A version that runs but is in no release list is taken as
newer than everything known, and the plan warns of it. Versions that are not SemVer have only this order; no range holds one but
`*`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate

from planner.facts import NOTHING, Release, Service, Verified
from planner.names import Version
from planner.ranges import Range, parse_version


class BarKind(StrEnum):
    """Why a release may not be gone back to."""

    BAD = "bad"
    REMEMBERED = "remembered"
    PINNED = "pinned"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A release that may not be gone back to; `words` completes "order-service 1.4.1 …"."""

    kind: BarKind
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One service's releases, oldest first; `now` is the place of the one that runs.

    `barred` holds the places that may not be gone back to. `candidates` are the places a plan may choose from, the running
    one first and then older and older. `listed` is false where the running version is in no release list. `crossed` counts,
    for each place, the hazards brought up to and including it.
    """

    service: Service
    releases: tuple[Release, ...]
    now: int
    listed: bool
    times: tuple[datetime | None, ...]
    barred: dict[int, Bar]
    candidates: tuple[int, ...]
    crossed: tuple[int, ...] = field(repr=False)

    @property
    def current(self) -> Version:
        """The version that runs now."""
        return self.releases[self.now].version

    def version(self, place: int) -> Version:
        """The version at that place."""
        return self.releases[place].version

    def place(self, version: Version) -> int | None:
        """Where that version stands, or `None`."""
        return next((place for place, release in enumerate(self.releases) if release.version == version), None)

    def hazards_to(self, place: int) -> int:
        """How many hazards going back from the running release to that place crosses."""
        return self.crossed[self.now] - self.crossed[place]


def history_of(
    service: Service, current: Version, remembered: Mapping[Version, str] | None = None, *, pinned: bool = False
) -> History:
    """The history of a service that runs `current`; `remembered` are versions known as bad, with the reason given.

    Of a `pinned` service nothing but the running release may be used.
    """
    releases, times = _ordered(service.releases)
    # Mostly the newest one runs.
    now = next((place for place in range(len(releases) - 1, -1, -1) if releases[place].version == current), None)
    listed = now is not None
    if now is None:
        releases, times = (*releases, Release(version=current)), (*times, None)
        now = len(releases) - 1
    barred = _barred(service, releases, remembered or NOTHING)
    if pinned:
        barred = {place: Bar(kind=BarKind.PINNED, words="is out of the question: the service must stay") for place in range(now)}
    earlier = range(now - 1, -1, -1)
    return History(
        service=service,
        releases=releases,
        now=now,
        listed=listed,
        times=times,
        barred=barred,
        candidates=(now, *([place for place in earlier if place not in barred] if barred else earlier)),
        crossed=_crossed(releases),
    )


def moment_of(release: Release) -> datetime | None:
    """When a release went live, in UTC; a time without a zone is taken as UTC."""
    time = release.deployed_at
    if time is None or time.tzinfo is UTC:
        return time
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def fits(wanted: Range, version: Version) -> bool:
    """Whether a version is in a range, by npm's rules. Text that is no SemVer is only in a range that holds everything."""
    return wanted.contains(version) or (parse_version(version) is None and wanted == _any())


@lru_cache(maxsize=1)
def _any() -> Range:
    return Range.parse("*")


def _ordered(releases: tuple[Release, ...]) -> tuple[tuple[Release, ...], tuple[datetime | None, ...]]:
    """The releases in the order of their times, where all have one, and the times."""
    moments = [
        release.deployed_at if release.deployed_at is None or release.deployed_at.tzinfo is UTC else moment_of(release)
        for release in releases
    ]
    times = [moment for moment in moments if moment is not None]
    if len(times) < len(moments):
        return releases, tuple(moments)
    in_order = sorted(times)
    if in_order == times:
        return releases, tuple(times)
    order = sorted(range(len(releases)), key=times.__getitem__)
    return tuple(releases[place] for place in order), tuple(in_order)


def _crossed(releases: tuple[Release, ...]) -> tuple[int, ...]:
    brought = [release.migrations for release in releases]
    if not any(brought):
        return (0,) * len(releases)
    return tuple(accumulate([sum([one.kind.is_hazard for one in migrations]) if migrations else 0 for migrations in brought]))


def _barred(service: Service, releases: tuple[Release, ...], reasons: Mapping[Version, str]) -> dict[int, Bar]:
    barred: dict[int, Bar] = {}
    floor = service.security_floor
    if floor is None and not reasons and Verified.BAD not in [release.verified for release in releases]:
        return barred
    for place, release in enumerate(releases):
        if release.verified is Verified.BAD:
            barred[place] = Bar(kind=BarKind.BAD, words="is marked bad in the catalog")
        elif reasons and release.version in reasons:
            why = reasons[release.version]
            barred[place] = Bar(kind=BarKind.REMEMBERED, words="is remembered as bad" + (f" ({why})" if why else ""))
        elif floor is not None and _below(floor, place, releases):
            barred[place] = Bar(kind=BarKind.FLOOR, words=f"is below the security floor {floor}")
    return barred


def _below(floor: Version, place: int, releases: tuple[Release, ...]) -> bool:
    """By SemVer where both are, else by the order of release. What cannot be compared counts as below, to be safe."""
    version, lowest = parse_version(releases[place].version), parse_version(floor)
    if version is not None and lowest is not None:
        return version < lowest
    at = next((other for other, release in enumerate(releases) if release.version == floor), None)
    return at is None or place < at
