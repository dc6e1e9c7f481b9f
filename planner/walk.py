"""The walk of a request over a call graph, solved: how often it comes to each service, and how well it ends from there.

A request at u is served with probability r_u; then it ends there well with probability end_u, or goes on to v with w_uv. What is
not served is lost. With Q_uv = r_u w_uv and b_u = r_u end_u, and the fundamental matrix N = (I - Q)^-1 (R. C. Cheung, "A
user-oriented software reliability model", IEEE Transactions on Software Engineering, 1980):

    onward   x = N b        how likely a request ends well from each service
    visits   V = e' N       expected visits to each service; e: where requests come in

Both are found by sweeps. Small graphs go service by service in the order of a depth-first walk, so that without a cycle one pass
is exact; large ones in whole arrays, where as many sweeps are needed as the graph is deep.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from planner.components import components

SMALL = 20_000
"""Up to so many calls are swept one by one; above, loading numpy costs less than it saves."""
_EXACT = 1e-14
_NEAR = 1e-11
_MOST = 2_000


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Where a request goes.

    The calls of service u are `to[first[u]:first[u + 1]]`, with the probabilities `share`; it ends there with `ends[u]`. Each
    service's shares and end add up to one.
    """

    first: "array[int]"
    to: "array[int]"
    share: "array[float]"
    ends: "array[float]"

    @cached_property
    def order(self) -> tuple[list[int], bool]:
        """Services, each behind those that it calls as far as cycles allow; whether they always do."""
        return _callees_first(self.first, self.to)

    @cached_property
    def ways(self) -> tuple[tuple[tuple[int, float], ...], ...]:
        """For each service where it calls, and how likely: the same once more, for sweeps that go through it many times."""
        pairs = list(zip(self.to, self.share, strict=True))
        return tuple(tuple(pairs[begin:end]) for begin, end in pairwise(self.first))

    @cached_property
    def callers(self) -> list[list[int]]:
        """For each service those that call it."""
        found: list[list[int]] = [[] for _ in self.ends]
        for at, (begin, end) in enumerate(pairwise(self.first)):
            for other in self.to[begin:end]:
                found[other].append(at)
        return found

    @cached_property
    def knots(self) -> tuple[tuple[int, ...], ...]:
        """Services that call one another in circles together, all others alone, each behind those that it calls."""
        number = components({at: [other for other, _ in ways] for at, ways in enumerate(self.ways)})
        found: list[list[int]] = [[] for _ in range(len(set(number.values())))]
        for at in self.order[0]:
            found[number[at]].append(at)
        return tuple(map(tuple, found))

    def onward(self, serves: Sequence[float]) -> Sequence[float]:
        """How likely a request that has come to each service ends well, `serves` being how likely each serves it."""
        return _onward(self, serves) if len(self.to) <= SMALL else _onward_in_arrays(self, serves)

    def visits(self, serves: Sequence[float], entry: Sequence[float]) -> Sequence[float]:
        """Expected visits to each service of a request that comes in by `entry`, whose parts add up to one."""
        return _visits(self, serves, entry) if len(self.to) <= SMALL else _visits_in_arrays(self, serves, entry)


def _callees_first(first: "array[int]", to: "array[int]") -> tuple[list[int], bool]:
    size = len(first) - 1
    done, straight = [], True
    state = bytearray(size)
    for root in range(size):
        if state[root]:
            continue
        state[root], path = 1, [(root, first[root])]
        while path:
            at, place = path.pop()
            if place == first[at + 1]:
                state[at] = 2
                done.append(at)
                continue
            path.append((at, place + 1))
            other = to[place]
            if state[other] == 0:
                state[other] = 1
                path.append((other, first[other]))
            elif state[other] == 1:
                straight = False
    return done, straight


def _onward(walk: Walk, serves: Sequence[float]) -> list[float]:
    ends, ways = walk.ends, walk.ways
    found = [0.0] * len(ends)
    for knot in walk.knots:
        for _ in range(_MOST):
            moved = 0.0
            for at in knot:
                total = ends[at]
                for other, part in ways[at]:
                    total += part * found[other]
                total *= serves[at]
                if abs(total - found[at]) > moved:
                    moved = abs(total - found[at])
                found[at] = total
            if len(knot) == 1 or moved < _EXACT:
                break
    return found


def _visits(walk: Walk, serves: Sequence[float], entry: Sequence[float]) -> list[float]:
    order, straight = walk.order
    first, to, share = walk.first, walk.to, walk.share
    found, rest = [0.0] * len(entry), list(entry)
    for _ in range(_MOST):
        for at in reversed(order):
            come = rest[at]
            if come:
                rest[at] = 0.0
                found[at] += come
                come *= serves[at]
                for place in range(first[at], first[at + 1]):
                    rest[to[place]] += come * share[place]
        if straight or sum(rest) < _EXACT:
            break
    return found


def _onward_in_arrays(walk: Walk, serves: Sequence[float]) -> list[float]:
    import numpy as np

    first, to = np.frombuffer(walk.first, np.int64), np.frombuffer(walk.to, np.int64)
    served, ends = np.asarray(serves), np.frombuffer(walk.ends)
    counts = first[1:] - first[:-1]
    goes, well = np.frombuffer(walk.share) * np.repeat(served, counts), served * ends
    calling = np.flatnonzero(counts)
    begins, there = first[calling], np.empty(len(to))
    found = well
    for _ in range(_MOST):
        # The indices are ours and in range; "clip" spares numpy a buffer.
        np.take(found, to, out=there, mode="clip")
        there *= goes
        after = well.copy()
        after[calling] += np.add.reduceat(there, begins)
        moved = float(np.abs(after - found).max())
        found = after
        if moved < _NEAR:
            break
    values: list[float] = found.tolist()
    return values


def _visits_in_arrays(walk: Walk, serves: Sequence[float], entry: Sequence[float]) -> list[float]:
    import numpy as np

    to, comes = np.frombuffer(walk.to, np.int64), np.asarray(entry)
    first = np.frombuffer(walk.first, np.int64)
    counts = first[1:] - first[:-1]
    goes = np.frombuffer(walk.share) * np.repeat(np.asarray(serves), counts)
    found = comes
    for _ in range(_MOST):
        after = comes + np.bincount(to, weights=np.repeat(found, counts) * goes, minlength=len(comes))
        moved = float(np.abs(after - found).sum())
        found = after
        if moved < _NEAR:
            break
    values: list[float] = found.tolist()
    return values
