"""Made-up catalogs with the shape of real ones: degrees from published quantiles, twenty releases each, ranges as people write.

The quantiles are those of 7,483 regular services at Meta (Huye and others, "Lifting the veil on Meta's microservice
architecture", USENIX ATC 2023): few services with very many callers, many with hardly any, 12.4 dependencies on average. Every
service gets a level that goes with its number of callers, and dependencies lead down the levels; a share `back` of them is left
as it came, which makes cycles. `back=0` has none, one in a hundred ties about a third of all services into one knot.

Releases come at random moments of two years: patches mostly, new minors often, new majors seldom, and none lately, so that
hardly anything is broken at the outset. One service in seven counts
in SemVer, the others number their builds, so one dependency in seven binds. Half of these the consumer declares
(`^MAJOR.MINOR` as it was then); the rest is derived from history, which is strict: a provider cannot go back without every
consumer deployed since. With `late`, consumers declare from some release on only; what they ran before was then stricter than
what they run now, no longer monotone, and the solver has to work. The same size, shape and seed give the same bytes.
"""

import json
import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import expm1, log1p
from pathlib import Path

OUT = ((0.0, 0), (0.146, 0), (0.25, 1), (0.5, 4), (0.75, 10), (0.9, 23), (0.99, 132), (0.999, 679), (1.0, 1069))
IN = ((0.0, 0), (0.387, 0), (0.5, 1), (0.75, 5), (0.9, 19), (0.99, 170), (0.999, 1247), (1.0, 2967))
RELEASES = 20
SEMVER = 0.15
DECLARED = 0.5
DAYS = [str(date(2025, 1, 1) + timedelta(days=day)) for day in range(730)]
SECONDS = len(DAYS) * 86400


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a catalog came out."""

    services: int
    edges: int
    releases: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Lines:
    """One service's releases: when, in seconds from the start, and which version; `counts` where that is not SemVer."""

    times: list[int]
    versions: list[tuple[int, int, int]]
    counts: int | None

    def version(self, place: int) -> str:
        if self.counts is not None:
            return f"build-{self.counts + place}"
        return "{}.{}.{}".format(*self.versions[place])


def write_catalog(path: Path, services: int, *, back: float = 0.0, late: bool = False, seed: int = 1) -> Shape:
    """Writes a catalog of that many services as JSON, and says how large it came out."""
    chance = random.Random(f"{services} {back} {late} {seed}")
    edges = drawn_edges(services, back, chance)
    lines = [_releases(chance) for _ in range(services)]
    count = 0
    with path.open("w") as file:
        file.write('{"version": 1, "services": [\n')
        for number in range(services):
            count += len(edges[number])
            body = json.dumps(_service(number, edges[number], lines, chance, late), separators=(",", ":"))
            file.write(body + ("\n" if number == services - 1 else ",\n"))
        file.write("]}\n")
    return Shape(services, count, services * RELEASES, path.stat().st_size)


def _draw(quantiles: tuple[tuple[float, int], ...], chance: random.Random, most: int) -> int:
    """One degree: the inverse distribution function, straight between the quantiles of log(1 + degree)."""
    at = chance.random()
    for (low, first), (high, last) in pairwise(quantiles):
        if at <= high:
            share = (at - low) / (high - low)
            return min(most, round(expm1(log1p(first) + share * (log1p(last) - log1p(first)))))
    return most


def drawn_edges(services: int, back: float, chance: random.Random) -> list[list[int]]:
    """For each service the numbers of those that it depends on."""
    most = max(1, services // 4)
    wishes = [_draw(OUT, chance, most) for _ in range(services)]
    callers = [_draw(IN, chance, most) for _ in range(services)]
    # The lower the level, the more callers; a little noise, so that the two do not say the same.
    level = [log1p(count) + chance.gauss(0, 0.8) for count in callers]
    pool = list(accumulate(count + 0.02 for count in callers))
    found: list[set[int]] = [set() for _ in range(services)]
    for service, wish in enumerate(wishes):
        for other in chance.choices(range(services), cum_weights=pool, k=wish):
            if other == service:
                continue
            down = level[other] > level[service] or chance.random() < back
            one, two = (service, other) if down else (other, service)
            found[one].add(two)
    return [sorted(others) for others in found]


def _releases(chance: random.Random) -> _Lines:
    times = sorted(chance.sample(range(SECONDS), RELEASES))
    major, minor, patch = 1, 0, 0
    versions = []
    for place in range(RELEASES):
        versions.append((major, minor, patch))
        luck = chance.random()
        if luck < 0.02 and place < RELEASES // 2:
            major, minor, patch = major + 1, 0, 0
        elif luck < 0.37:
            minor, patch = minor + 1, 0
        else:
            patch += 1
    return _Lines(times, versions, chance.randrange(1, 5000) if chance.random() >= SEMVER else None)


def _service(number: int, others: list[int], lines: list[_Lines], chance: random.Random, late: bool) -> dict[str, object]:
    mine = lines[number]
    binding = [other for other in others if lines[other].counts is None and chance.random() < DECLARED]
    declared = [(other, chance.randrange(RELEASES) if late else 0) for other in binding]
    releases = []
    for place, time in enumerate(mine.times):
        release: dict[str, object] = {
            "version": mine.version(place),
            "deployed_at": f"{DAYS[time // 86400]}T{time // 3600 % 24:02}:{time // 60 % 60:02}:{time % 60:02}Z",
        }
        if chance.random() < 0.3:
            release["verified"] = "good"
        requires = {}
        for other, since in declared:
            live = bisect_right(lines[other].times, time) - 1
            if place >= since and live >= 0:
                requires[name(other)] = "^{}.{}".format(*lines[other].versions[live])
        if requires:
            release["requires"] = requires
        if chance.random() < 0.08:
            kind = chance.choice(["expand", "expand", "expand", "contract", "data"])
            release["migrations"] = [{"id": f"m{place}", "kind": kind}]
        releases.append(release)
    return {
        "name": name(number),
        "owner": f"team-{number % 400}",
        "tier": chance.randint(1, 4),
        "depends_on": [name(other) for other in others],
        "releases": releases,
    }


def name(number: int) -> str:
    """The name of a made-up service."""
    return f"service-{number:06d}"
