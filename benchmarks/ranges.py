"""How many versions a second a range that was read before can be asked about."""

from benchmarks.measure import timed
from planner.ranges import Range

RANGES = ("^1.2.3", "~2.1", ">=1.4 <3", "1.x || >=3.1.0 <4", "*", "2.0.0 - 2.9", ">=1.0.0-rc.1 <2")
VERSIONS = [f"{major}.{minor}.{patch}" for major in range(4) for minor in range(8) for patch in range(8)]
ROUNDS = 60


def checks_per_second() -> float:
    """Checks of `Range.contains`, versions as text."""
    ranges = [Range.parse(text) for text in RANGES]

    def ask() -> int:
        return sum(wanted.contains(version) for _ in range(ROUNDS) for wanted in ranges for version in VERSIONS)

    ask()
    _, seconds = timed(ask)
    return ROUNDS * len(ranges) * len(VERSIONS) / seconds
