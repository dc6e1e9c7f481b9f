"""Which places are still open to each service, as bits, while a least choice is looked for.

Places are counted from the oldest release, so the highest bit that is left is the newest place open. Only services that were
narrowed are held; all others may be anywhere that the rules of a plan allow.
"""

from dataclasses import dataclass, field, replace

from planner.graph import Graph
from planner.names import ServiceName

Pair = tuple[ServiceName, ServiceName]
"""Two services, in alphabetical order."""

_NOBODY: frozenset[ServiceName] = frozenset()


@dataclass(slots=True, kw_only=True)
class Bounds:
    """What is left open. No solution has a service at a place that is not.

    `tops` are the newest places open to those that cannot stay where they are. `clashes` are pairs whose newest places do not
    agree, `causes` who made whom go back. `empty` names a service that has nowhere left to go. `tables` are shared with all
    branches.
    """

    graph: Graph
    target: ServiceName
    opens: dict[ServiceName, int]
    tops: dict[ServiceName, int]
    causes: dict[ServiceName, frozenset[ServiceName]] = field(default_factory=dict)
    clashes: list[Pair] = field(default_factory=list)
    empty: ServiceName | None = None
    tables: dict[Pair, tuple[int, ...]] = field(default_factory=dict)

    def open(self, name: ServiceName) -> int:
        """The places open to a service, as bits."""
        found = self.opens.get(name)
        return self.graph.open(name) if found is None else found

    def newest(self, name: ServiceName) -> int:
        """The newest place open to a service."""
        return self.open(name).bit_length() - 1

    def table(self, pair: Pair) -> tuple[int, ...]:
        """For each place of the first the places of the second at which a plan may leave the two: all is kept, or both stay."""
        found = self.tables.get(pair)
        if found is None:
            one, other = pair
            rows = self.graph.together(one, other)
            rows[self.graph.history(one).now] |= 1 << self.graph.history(other).now
            found = self.tables[pair] = tuple(rows)
        return found

    def agree(self, pair: Pair) -> bool:
        """Whether a plan may leave these two at their newest places."""
        one, other = pair
        return bool(self.table(pair)[self.newest(one)] >> self.newest(other) & 1)

    def narrow(self, name: ServiceName, places: int) -> None:
        """Leaves only these places open to a service."""
        self.opens[name] = places
        newest = places.bit_length() - 1
        if not places:
            self.empty = name
        elif newest != self.graph.history(name).now:
            self.tops[name] = newest

    def lower(self, pair: Pair, mover: ServiceName) -> bool:
        """Takes from one of two its newest places that go with nothing the other has left. Says whether there were any."""
        one, other = pair
        table, mine, theirs = self.table(pair), self.open(one), self.open(other)
        if mover == one:
            kept, anchor = mine, other
            while kept and not table[kept.bit_length() - 1] & theirs:
                kept ^= 1 << kept.bit_length() - 1
            lowered = kept != mine
        else:
            accepted, rest, anchor = 0, mine, one
            while rest:
                place = rest.bit_length() - 1
                rest ^= 1 << place
                accepted |= table[place]
            kept = theirs & (1 << (accepted & theirs).bit_length()) - 1
            lowered = kept != theirs
        if lowered:
            self.narrow(mover, kept)
            self.causes[mover] = self.causes.get(mover, _NOBODY) | {anchor}
        return lowered

    def branch(self) -> "Bounds":
        """The same, to be narrowed further by itself."""
        return replace(self, opens=dict(self.opens), tops=dict(self.tops), causes=dict(self.causes))

    def because_of(self, names: set[ServiceName]) -> frozenset[ServiceName]:
        """These services and all whose going back made them go back, the target included."""
        seen, todo = {self.target, *names}, [*names]
        while todo:
            for cause in self.causes.get(todo.pop(), ()):
                if cause not in seen:
                    seen.add(cause)
                    todo.append(cause)
        return frozenset(seen)
