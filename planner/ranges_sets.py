"""Sets of versions as sorted cuts, so that union, intersection and "is anything in it" are exact and fast.

A version is a key: `(major, minor, patch, 1)` for a release, `(major, minor, patch, 0, id, id, …)` for a prerelease, an id
being `(0, number)` or `(1, text)`. Python's order of these tuples is SemVer's order. In that order every key has a direct
successor (a release's is the next patch's `-0`, a prerelease's is itself with `.0` behind), so every interval can be written
half-open, from a member up to a key that is outside, and is empty only where both ends are the same.

Cuts are such intervals laid end to end: `(from, to, from, to, …)`, ascending and never touching. Equal sets have equal cuts.
Lengths of versions are taken as unlimited here; that npm refuses texts over 256 characters changes no answer about shorter ones.
"""

from collections.abc import Iterable
from typing import Any

Key = tuple[Any, ...]
Cuts = tuple[Key, ...]

MAX_SAFE = 2**53 - 1
LOWEST_ID = (0, 0)
FIRST: Key = (0, 0, 0, 0, LOWEST_ID)
"""`0.0.0-0`, below which there is nothing."""
END: Key = (float("inf"),)
"""Above every version."""
EVERYTHING: Cuts = (FIRST, END)


def successor(key: Key) -> Key:
    """The key directly above this one."""
    if not key[3]:
        return (*key, LOWEST_ID)
    major, minor, patch, _ = key
    if patch < MAX_SAFE:
        return (major, minor, patch + 1, 0, LOWEST_ID)
    if minor < MAX_SAFE:
        return (major, minor + 1, 0, 0, LOWEST_ID)
    return (major + 1, 0, 0, 0, LOWEST_ID) if major < MAX_SAFE else END


def release_at_or_above(key: Key) -> Key:
    """The lowest release that is not below this key."""
    return key if key == END else (*key[:3], 1)


def union(intervals: Iterable[tuple[Key, Key]]) -> Cuts:
    """The cuts of everything in any of the intervals; empty ones do not count."""
    cuts: list[Key] = []
    for low, high in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if cuts and low <= cuts[-1]:
            cuts[-1] = max(cuts[-1], high)
        else:
            cuts += (low, high)
    return tuple(cuts)


def intersection(left: Cuts, right: Cuts) -> Cuts:
    """The cuts of everything in both."""
    cuts: list[Key] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i], right[j]), min(left[i + 1], right[j + 1])
        if low < high:
            cuts += (low, high)
        if left[i + 1] < right[j + 1]:
            i += 2
        else:
            j += 2
    return tuple(cuts)


def intervals(cuts: Cuts) -> list[tuple[Key, Key]]:
    """The same set as pairs."""
    return list(zip(cuts[::2], cuts[1::2], strict=True))


def text_of(releases: Cuts, prereleases: Cuts) -> str:
    """A range in npm's grammar that holds exactly these releases and exactly these prereleases."""
    if not releases and not prereleases:
        return "<0.0.0-0"
    starts = {high: low for low, high in intervals(prereleases)}  # those that run up to their release begin an interval
    ends = dict(intervals(prereleases))  # those that begin at -0 can close one
    merged: set[Key] = set()
    pieces: list[tuple[Key, Key]] = []
    for low, high in _apart(releases, prereleases):
        first, last = low, high if high == END else (*high[:3], 0, LOWEST_ID)
        if low in starts:
            first = starts[low]
            merged.add(first)
        if last in ends and last not in merged and ends[last] != high:
            merged.add(last)
            last = ends[last]
        pieces.append((first, last))
    pieces += [pair for pair in intervals(prereleases) if pair[0] not in merged]
    return " || ".join(_piece(low, high) for low, high in sorted(pieces))


def _apart(releases: Cuts, prereleases: Cuts) -> list[tuple[Key, Key]]:
    """The releases as pairs; "all of them" beside prereleases is cut in two, for npm forgets what stands beside a `*`."""
    pairs = intervals(releases)
    if pairs == [((0, 0, 0, 1), END)] and prereleases and (0, 0, 0, 1) not in prereleases[1::2]:
        at = max(release_at_or_above(prereleases[0]), (1, 0, 0, 1))
        return [((0, 0, 0, 1), at), (at, END)]
    return pairs


def _piece(low: Key, high: Key) -> str:
    if successor(low) == high:
        return _version(low)
    above = "" if low == (0, 0, 0, 1) else f">={_version(low)}"
    below = "" if high == END else f"<{_version(high)}"
    return f"{above} {below}".strip() or "*"


def _version(key: Key) -> str:
    core = f"{key[0]}.{key[1]}.{key[2]}"
    return core if key[3] else f"{core}-{'.'.join(str(int(value) if kind == 0 else value) for kind, value in key[4:])}"
