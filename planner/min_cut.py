"""The cheapest closed set: choose things, some of which force others, so that what is gained less what is paid is greatest.

Project selection as a minimum cut (Picard, "Maximal closure of a graph and applications to combinatorial problems", 1976): what
is gained hangs on a source, what is paid on a sink, and what forces something cannot be cut from it. The cut is found by
shortest augmenting paths in phases (Dinic, 1970). Whole numbers only, so that the answer is exact.
"""

from collections import deque
from collections.abc import Mapping, Sequence

Node = int
_SOURCE, _SINK = 0, 1


def best_closed(worth: Sequence[int], forces: Mapping[int, Sequence[int]]) -> frozenset[int]:
    """The set of greatest worth that holds, with each of its members, all that it forces; of several the smallest.

    Members are the places in `worth`. The empty set is worth nothing, so nothing worth less is given.
    """
    net = _Network(len(worth) + 2)
    endless = sum(abs(value) for value in worth) + 1
    for member, value in enumerate(worth):
        if value > 0:
            net.join(_SOURCE, member + 2, value)
        elif value < 0:
            net.join(member + 2, _SINK, -value)
        for forced in forces.get(member, ()):
            net.join(member + 2, forced + 2, endless)
    net.saturate()
    return frozenset(node - 2 for node, level in enumerate(net.levels()) if level >= 0 and node > _SINK)


class _Network:
    """Pipes in pairs, there and back: pipe `n` leads to `to[n]` with `room[n]` left, its way back is `n ^ 1`."""

    def __init__(self, nodes: int) -> None:
        self.out: list[list[int]] = [[] for _ in range(nodes)]
        self.to: list[Node] = []
        self.room: list[int] = []

    def join(self, one: Node, other: Node, room: int) -> None:
        for start, end, size in ((one, other, room), (other, one, 0)):
            self.out[start].append(len(self.to))
            self.to.append(end)
            self.room.append(size)

    def levels(self) -> list[int]:
        """How many pipes with room each node is from the source; -1 where no way leads."""
        level = [-1] * len(self.out)
        level[_SOURCE], queue = 0, deque([_SOURCE])
        while queue:
            node = queue.popleft()
            for pipe in self.out[node]:
                if self.room[pipe] and level[self.to[pipe]] < 0:
                    level[self.to[pipe]] = level[node] + 1
                    queue.append(self.to[pipe])
        return level

    def saturate(self) -> None:
        """Fill it until no way with room is left."""
        while True:
            level = self.levels()
            if level[_SINK] < 0:
                return
            following = [0] * len(self.out)
            while self._push(level, following):
                pass

    def _push(self, level: list[int], following: list[int]) -> bool:
        """Fill one shortest way; false where none is left in this phase."""
        way: list[int] = []
        node = _SOURCE
        while node != _SINK:
            pipes = self.out[node]
            while following[node] < len(pipes):
                pipe = pipes[following[node]]
                if self.room[pipe] and level[self.to[pipe]] == level[node] + 1:
                    way.append(pipe)
                    node = self.to[pipe]
                    break
                following[node] += 1
            else:
                if not way:
                    return False
                node = self.to[way.pop() ^ 1]
                following[node] += 1
        least = min(self.room[pipe] for pipe in way)
        for pipe in way:
            self.room[pipe] -= least
            self.room[pipe ^ 1] += least
        return True
