"""Who needs whom, and in which versions: the snapshot turned into something a plan can walk quickly.

A need is "release a of A works with B in range R". It is declared by the release (`requires`), or, for a dependency without a
declaration, derived from history: `^V`, V being the release of B that was live when a went live. `planner.needs` looks needs up;
here stand the questions that planning asks of them: which places a service may go to, and who is at odds with whom.
"""

import weakref
from collections.abc import Iterator, Mapping
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING

from planner.history import History, fits, history_of
from planner.names import ServiceName
from planner.need import Need
from planner.needs import Needs
from planner.snapshot import Snapshot

if TYPE_CHECKING:
    import networkx

NOBODY: Mapping[ServiceName, int] = MappingProxyType({})
"""Nobody has moved: every service is where it runs now."""


class Graph(Needs):
    """The needs of one snapshot, and where services may go. Of pinned ones nothing but the running release may be used."""

    _pinned: Mapping[ServiceName, History] = MappingProxyType({})

    def pinning(self, pinned: frozenset[ServiceName]) -> "Graph":
        """The same with exactly these services pinned, as far as they exist."""
        other = copy(self)
        other._pinned = {
            name: history_of(self._services[name], self._current[name], pinned=True) for name in pinned if name in self
        }
        return other

    def releasing(self, name: ServiceName) -> "Graph":
        """The same with one service no longer pinned."""
        return self.pinning(frozenset(self._pinned) - {name})

    def pinned(self, name: ServiceName) -> bool:
        """Whether that service must stay where it is."""
        return name in self._pinned

    def history(self, name: ServiceName) -> History:
        """The releases of one service."""
        if self._pinned and name in self._pinned:
            return self._pinned[name]
        found = self._kept.histories.get(name)  # asked for so often that a call less counts
        return super().history(name) if found is None else found

    def choices(self, name: ServiceName) -> tuple[int, ...]:
        """The places a service may be at after a plan, the running one first; without those that contradict themselves."""
        if name in self._pinned:
            return self._pinned[name].candidates
        found = self._kept.choices.get(name)
        if found is None:
            history = self.history(name)
            found = history.candidates
            if name in self.among.required(name):
                now, *earlier = found
                found = (now, *(place for place in earlier if self.met(name, place, name, place)))
            self._kept.choices[name] = found
        return found

    def open(self, name: ServiceName) -> int:
        """The same places as bits; the lowest is the oldest release."""
        return sum([1 << place for place in self.choices(name)])

    def at_odds(self, name: ServiceName, place: int, moved: Mapping[ServiceName, int] = NOBODY) -> Iterator[ServiceName]:
        """Others that do not go with that release, each being where `moved` says, or else where it runs now. May say one twice.

        For a service that moves; costs what it needs and what needs it, and looks at no one else. `moved` holds only services
        that are not where they run now.
        """
        yield from self.unmet(name, place, moved)
        yield from self.missed(name, place, moved)
        if not moved:
            return
        version, needing = self.history(name).version(place), self.among.needing(name)
        some = needing if len(needing) < len(moved) else moved
        for other in some:
            if other in moved and other != name:
                asked = self.need(other, moved[other], name)
                if asked is not None and not fits(asked.range, version):
                    yield other

    def unmet(self, name: ServiceName, place: int, moved: Mapping[ServiceName, int]) -> Iterator[ServiceName]:
        """Others that are not in a release that this one needs of them, each being where `moved` says or where it runs now."""
        for other, need in self.needs(name, place).items():
            there = moved.get(other)
            if not fits(need.range, self._current[other] if there is None else self.history(other).version(there)):
                yield other

    def missed(self, name: ServiceName, place: int, moved: Mapping[ServiceName, int]) -> Iterator[ServiceName]:
        """Others that have not moved and whose running release does not go with that release."""
        version = self.history(name).version(place)
        for wish in self.wishes(name):
            if not fits(wish.need.range, version):
                yield from (other for other in wish.of if other not in moved)

    def broken_now(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """The others whose running release is not what the running release of this one needs, in alphabetical order."""
        found = self._kept.broken.get(name)
        if found is None:
            needs = self.running_needs(name)
            found = tuple(other for other, need in needs.items() if not fits(need.range, self._current[other]))
            self._kept.broken[name] = found
        return found

    def met(self, name: ServiceName, place: int, other: ServiceName, other_place: int) -> bool:
        """Whether the release at `place` works with the release of `other` at `other_place`."""
        need = self.need(name, place, other)
        return need is None or fits(need.range, self.history(other).version(other_place))

    def agree(self, one: ServiceName, place: int, other: ServiceName, other_place: int) -> bool:
        """Whether two services at these releases keep every need between them."""
        return self.met(one, place, other, other_place) and self.met(other, other_place, one, place)

    def together(self, one: ServiceName, other: ServiceName) -> list[int]:
        """For each place of `one` the places of `other` it agrees with, as bits. Not kept: whoever asks often keeps it."""
        ahead = self._accepted(one, other)
        if one not in self.among.bound_to(other):
            return ahead
        content: dict[int, int] = {}  # from places of `one` to the places of `other` that are content with just these
        for there, accepts in enumerate(self._accepted(other, one)):
            content[accepts] = content.get(accepts, 0) | 1 << there
        back = [0] * len(ahead)
        for accepts, theirs in content.items():
            for place in range(accepts.bit_length()):
                if accepts >> place & 1:
                    back[place] |= theirs
        return [mask & others for mask, others in zip(ahead, back, strict=True)]

    def _accepted(self, name: ServiceName, other: ServiceName) -> list[int]:
        """For each place of `name` the places of `other` that its need is content with, as bits."""
        everything = (1 << len(self.history(other).releases)) - 1
        if other not in self.among.bound_to(name):
            return [everything] * len(self.history(name).releases)
        found: list[int] = []
        before: Need | None = None
        mask = everything
        for need in self.by_place(name, other):
            if need is not before:  # releases that follow one another mostly need the same
                before, mask = need, self.accepts(need, other) & everything
            found.append(mask)
        return found


_graphs: dict[int, tuple[weakref.ref[Snapshot], Graph]] = {}


def graph_of(snapshot: Snapshot, pinned: frozenset[ServiceName] = frozenset()) -> Graph:
    """The snapshot's graph, made once and kept as long as the snapshot lives; pinned ones share what it knows."""
    key = id(snapshot)
    known = _graphs.get(key)
    if known is None or known[0]() is not snapshot:
        known = _graphs[key] = (weakref.ref(snapshot, lambda _: _graphs.pop(key, None)), Graph(snapshot))
    return known[1].pinning(pinned) if pinned else known[1]


def as_networkx(snapshot: Snapshot) -> "networkx.DiGraph[ServiceName]":
    """The dependency graph in its public form, an arrow from each service to every one it may need. Slow on large catalogs."""
    import networkx

    graph = graph_of(snapshot)
    drawn: networkx.DiGraph[ServiceName] = networkx.DiGraph()
    drawn.add_nodes_from(graph.names())
    drawn.add_edges_from((name, other) for name in graph.names() for other in graph.providers(name))
    return drawn
