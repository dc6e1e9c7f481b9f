"""Version ranges in npm's grammar, as sets: which versions a release works with, and whether two such wishes can meet.

A range is a set of versions under npm's rule for prereleases: one counts only where its alternative of the range names a
prerelease of the same major.minor.patch, so `>=1.0.0-rc.1 <3` holds `1.0.0-rc.2` but not `2.0.0-rc.1`. The rule is applied once,
when the text is read; what remains is a plain set of releases and a plain set of prereleases, on which union, intersection,
emptiness and subset are exact. npm's own `intersects` and `subset` compare comparators instead and differ in a few corners, for
example `>1.2.3 <1.2.4`, which holds nothing here.

`include_prerelease` is npm's other reading, in which prereleases are ordinary versions. It is kept as a third set beside the
first two, because partial versions reach lower under it.

One thing is refused that npm takes: `~=1.2` and `==1.2`. They are Python's, and `~=1.2` means another range there.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache

import semver

from planner.ranges_dialects import explain
from planner.ranges_grammar import Branch, RangeError, branches, refuse_lookalikes, version_key, version_parts
from planner.ranges_sets import (
    END,
    FIRST,
    LOWEST_ID,
    Cuts,
    Key,
    intersection,
    intervals,
    release_at_or_above,
    successor,
    text_of,
    union,
)

__all__ = ["Range", "RangeError", "parse_version"]

_SHORT = 1024
"""Longer texts are not remembered, so that hostile ones cannot fill the memory."""


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions. Equal ranges hold the same versions, however they were written (`include_prerelease` is not compared).

    `text` is what was written, or what `str` gives for a range that was computed.
    """

    text: str = field(compare=False)
    _canonical: str = field(compare=False, repr=False)
    _releases: Cuts = field(repr=False)
    _prereleases: Cuts = field(repr=False)
    _wide: Cuts = field(compare=False, repr=False)

    @staticmethod
    def parse(text: str) -> "Range":
        """The range that npm's `semver` reads in this text (strict mode). Raises `RangeError`, which says what was expected."""
        return _remembered(text) if len(text) <= _SHORT else _parse(text)

    def contains(self, version: str, include_prerelease: bool = False) -> bool:
        """Whether the version is in the range; a text that is no SemVer never is, not even in `*`."""
        key = _key(version)
        if key is None:
            return False
        cuts = self._wide if include_prerelease else self._releases if key[3] else self._prereleases
        return bisect_right(cuts, key) % 2 == 1

    def intersection(self, other: "Range") -> "Range":
        """The range that contains exactly what both contain, in either reading."""
        releases = intersection(self._releases, other._releases)
        prereleases = intersection(self._prereleases, other._prereleases)
        text = text_of(releases, prereleases)
        return Range(text, text, releases, prereleases, intersection(self._wide, other._wide))

    def is_empty(self) -> bool:
        """Whether no version at all is in the range."""
        return not self._releases and not self._prereleases

    def is_subset(self, other: "Range") -> bool:
        """Whether everything in this range is in the other one too."""
        return (
            intersection(self._releases, other._releases) == self._releases
            and intersection(self._prereleases, other._prereleases) == self._prereleases
        )

    def __str__(self) -> str:
        """Comparators in npm's grammar; reading them again gives an equal range."""
        return self._canonical


@lru_cache(maxsize=1 << 16)
def parse_version(text: str) -> semver.Version | None:
    """The version as npm's strict mode reads it (a leading `v` and blanks around it are fine), or `None`."""
    parts = version_parts(text)
    return semver.Version(*parts) if parts else None


_key = lru_cache(maxsize=1 << 16)(version_key)


def _parse(text: str) -> Range:
    try:
        refuse_lookalikes(text)
        found = branches(text, wide=False)
    except RangeError as error:
        raise RangeError(explain(text, str(error), _is_range)) from None
    try:
        wide = union(_interval(branch) for branch in branches(text, wide=True))
    except RangeError:
        wide = ()  # a bound that is just too large in this reading: npm then finds nothing in it
    canonical = "||".join(" ".join(map(str, branch)) for branch in found) or "*"
    return Range(text, canonical, _releases(found), _prereleases(found), wide)


_remembered = lru_cache(maxsize=1 << 15)(_parse)


def _is_range(text: str) -> bool:
    try:
        branches(text, wide=False)
    except RangeError:
        return False
    return True


def _interval(branch: Branch) -> tuple[Key, Key]:
    low, high = FIRST, END
    for comparator in branch:
        key = comparator.key
        match comparator.operator:
            case ">":
                low = max(low, successor(key))
            case ">=":
                low = max(low, key)
            case "<":
                high = min(high, key)
            case "<=":
                high = min(high, successor(key))
            case _:
                low, high = max(low, key), min(high, successor(key))
    return low, high


def _releases(found: tuple[Branch, ...]) -> Cuts:
    return union((release_at_or_above(low), release_at_or_above(high)) for low, high in map(_interval, found))


def _prereleases(found: tuple[Branch, ...]) -> Cuts:
    """What the alternatives hold of the prereleases that they name: of each, all on the same major.minor.patch."""
    pieces: list[tuple[Key, Key]] = []
    for branch in found:
        whole = union([_interval(branch)])
        for core in {comparator.key[:3] for comparator in branch if not comparator.key[3]}:
            pieces += intervals(intersection(whole, ((*core, 0, LOWEST_ID), (*core, 1))))
    return union(pieces)
