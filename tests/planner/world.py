"""Small catalogs for tests: written by hand in a few words, or drawn at random by Hypothesis."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from planner.facts import Edge, Migration, MigrationKind, Release, Service, Verified
from planner.ranges import Range
from planner.snapshot import Snapshot

START = datetime(2026, 1, 1, tzinfo=UTC)


def release(version, day=None, *, verified="unknown", requires=None, migrations=()):
    """One release; `day` counts from the start of the year, `migrations` are kinds."""
    return Release(
        version=version,
        deployed_at=None if day is None else START + timedelta(days=day),
        verified=Verified(verified),
        requires={name: Range.parse(text) for name, text in (requires or {}).items()},
        migrations=tuple(Migration(id=f"m{at}", kind=MigrationKind(kind)) for at, kind in enumerate(migrations)),
    )


def service(name, *releases, depends_on=(), floor=None, current=None):
    """One service; releases are given oldest first, a bare version standing for one without a time."""
    made = tuple(release(item) if isinstance(item, str) else item for item in releases)
    return Service(
        name=name,
        releases=made,
        depends_on=tuple(Edge(service=other) for other in depends_on),
        security_floor=floor,
        current=current,
    )


def snapshot(*services, bad=None, warnings=()):
    """All facts; a service without `current` runs its last release."""
    return Snapshot(
        services={item.name: item for item in services},
        current={item.name: item.current or item.releases[-1].version for item in services},
        bad=bad or {},
        warnings=warnings,
    )


RANGES = (
    "*",
    "*",
    ">=1.1",
    ">=2",
    "^1",
    "^2",
    "<2",
    "<3",
    ">=1 <3",
    "1.x || 3.x",
    "~1.0",
    "^3",
    "2.1.0",
    "<=2.0.0",
    ">=1.0.0-0",
)
VERSIONS = ("1.0.0", "1.1.0", "2.0.0", "2.1.0", "3.0.0", "3.1.0-rc.1")


@st.composite
def catalogs(draw, services=4, releases=4, wild=True):
    """Snapshots of up to so many services and releases. `wild` adds all that is odd: versions, gaps, floors, bars."""
    names = ["api", "billing", "cart", "db", "edge"][: draw(st.integers(2, services))]
    made = []
    for name in names:
        count = draw(st.integers(1, releases))
        versions = sorted(draw(st.lists(st.sampled_from(range(len(VERSIONS))), min_size=count, max_size=count, unique=True)))
        texts = [VERSIONS[at] for at in versions]
        if wild and draw(st.integers(0, 14)) == 0:
            texts[draw(st.integers(0, count - 1))] = "build-77"
        if wild and draw(st.integers(0, 5)) == 0:
            texts = draw(st.permutations(texts))
        days = sorted(draw(st.lists(st.integers(0, 9), min_size=count, max_size=count)))
        lost = draw(st.integers(0, count - 1)) if wild and draw(st.integers(0, 9)) == 0 else None
        others = names if wild else [other for other in names if other != name]
        depends_on = draw(st.lists(st.sampled_from([*others, *(["ghost"] if wild else [])]), max_size=2)) if others else []
        rows = [
            release(
                text,
                None if at == lost else days[at],
                verified=draw(st.sampled_from(["unknown", "unknown", "good", "bad"] if wild else ["unknown"])),
                requires=_requires(draw, name, others),
                migrations=draw(st.lists(st.sampled_from(["expand", "contract", "data", "unknown"]), max_size=1))
                if draw(st.booleans())
                else (),
            )
            for at, text in enumerate(texts)
        ]
        floor = draw(st.sampled_from([None, None, None, "1.1.0", "2.0.0"])) if wild else None
        current = texts[-1] if not wild or draw(st.integers(0, 3)) else draw(st.sampled_from(texts))
        made.append(service(name, *rows, depends_on=depends_on, floor=floor, current=current))
    bad = {}
    if wild and draw(st.integers(0, 3)) == 0:
        victim = draw(st.sampled_from(made))
        bad = {victim.name: {draw(st.sampled_from(victim.releases)).version: "it leaked"}}
    return snapshot(*made, bad=bad)


def _requires(draw, name, others):
    found = {}
    for other in others:
        if draw(st.integers(0, 9 if other == name else 2)) == 0:
            found[other] = draw(st.sampled_from(RANGES))
    return found


@st.composite
def knots(draw, services=4, releases=4):
    """Snapshots in which ranges are arbitrary sets of versions, so that newer need not mean closer to newer."""
    names = ["api", "billing", "cart", "db", "edge"][: draw(st.integers(3, services))]
    versions = [f"{number}.0.0" for number in range(1, releases + 1)]
    made = []
    for name in names:
        rows = []
        for version in versions:
            requires = {}
            for other in names:
                if other != name and draw(st.integers(0, 2)) == 0:
                    some = draw(st.lists(st.sampled_from(versions), min_size=1, max_size=releases, unique=True))
                    requires[other] = " || ".join(sorted(some))
            hazard = draw(st.sampled_from(["expand", "expand", "expand", "contract"]))
            rows.append(release(version, requires=requires, migrations=[hazard]))
        made.append(service(name, *rows))
    return snapshot(*made)
