"""The curve between the smallest set that can go back to one moment and all of it: how much more to move, and for what.

A full rollback takes everything that went live since a moment T back to what was live at T. Any part of it that is *closed* is a
safe plan too: it has the service that was named, and with each service all that would not go with it where they run now. For
each service two simple costs are declared:

    loss of leaving it   weight by tier x (1 + its direct dependents among those that went live since), halved with every step
                         away from the service that was named, along needs: what is near the fault is likelier to share in it
    price of moving it   weight by tier, plus HAZARD for each migration crossed that can lose data, plus one for each release
                         stepped back: what was written since may be lost, and every restart is felt

Weights by tier are 8, 4, 2 and 1; an unknown tier counts as 2. These are declared, not measured: they rank, they do not predict.

For an exchange rate x the best closed set has the greatest (loss avoided) - x (price). As x falls the best sets only grow, each
holding the ones before (Gallo, Grigoriadis and Tarjan, "A fast parametric maximum flow algorithm and applications", 1989): they
are the corners of a concave curve from the smallest closed set to everything. Each corner is a minimum cut (`planner.min_cut`).
The corner furthest from the straight line between the ends is the best bargain, and takes one cut.
"""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from planner.graph import Graph
from planner.min_cut import best_closed
from planner.names import ServiceName

LARGEST = 300
"""Full rollbacks of more services than this get no curve: it would take longer than the plan."""

HAZARD = 20
_TIERS = {1: 8, 2: 4, 3: 2, 4: 1}
_NEAR = 6
"""Further away than so many steps makes no difference any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What the curve is drawn over: the services of a full rollback by name, their costs, and who forces whom."""

    names: tuple[ServiceName, ...]
    losses: tuple[int, ...]
    prices: tuple[int, ...]
    forces: dict[int, tuple[int, ...]]
    smallest: frozenset[int]

    def loss(self, members: frozenset[int]) -> int:
        """The loss avoided by moving these."""
        return sum(self.losses[member] for member in members)

    def price(self, members: frozenset[int]) -> int:
        """The price of moving these."""
        return sum(self.prices[member] for member in members)

    def best(self, rate: Fraction) -> frozenset[int]:
        """The closed set with the service that was named that is worth most at that exchange rate; of several the smallest."""
        worth = [rate.denominator * loss - rate.numerator * price for loss, price in zip(self.losses, self.prices, strict=True)]
        always = 1 + sum(abs(value) for value in worth)
        for member in self.smallest:
            worth[member] = always
        return best_closed(worth, self.forces)


def field_of(graph: Graph, target: ServiceName, places: dict[ServiceName, int]) -> Field:
    """The field of a full rollback to these places, which keeps all needs as a whole."""
    names = tuple(sorted(places))
    number = {name: at for at, name in enumerate(names)}
    forces = {}
    for at, name in enumerate(names):
        odds = sorted({number[other] for other in graph.at_odds(name, places[name]) if other in number})
        if odds:
            forces[at] = tuple(odds)
    near = _distances(graph, target, number)
    losses = tuple(
        _weight(graph, name) * (1 + sum(other in number for other in graph.consumers(name))) << (_NEAR - near[name])
        for name in names
    )
    return Field(
        names=names,
        losses=losses,
        prices=tuple(_price(graph, name, places[name]) for name in names),
        forces=forces,
        smallest=_closed(number[target], forces),
    )


def between(field: Field) -> frozenset[int] | None:
    """The corner of the curve furthest from the line between its ends; `None` where the curve is that line."""
    return _furthest(field, field.smallest, frozenset(range(len(field.names))))


def curve(field: Field) -> list[frozenset[int]]:
    """Every corner, from the smallest closed set to everything; each holds the ones before."""
    everything = frozenset(range(len(field.names)))
    corners, todo = {field.smallest, everything}, [(field.smallest, everything)]
    while todo:
        less, more = todo.pop()
        middle = _furthest(field, less, more)
        if middle is not None:
            corners.add(middle)
            todo += [(less, middle), (middle, more)]
    return sorted(corners, key=len)


def _furthest(field: Field, less: frozenset[int], more: frozenset[int]) -> frozenset[int] | None:
    if less == more:
        return None
    gained, paid = field.loss(more) - field.loss(less), field.price(more) - field.price(less)
    rate = Fraction(gained, paid)
    found = field.best(rate)
    # Worth at this rate: both ends have the same, a corner between them has more.
    ahead = field.loss(found) - field.loss(less) - rate * (field.price(found) - field.price(less))
    return found if ahead > 0 else None


def _closed(start: int, forces: dict[int, tuple[int, ...]]) -> frozenset[int]:
    found, todo = {start}, [start]
    while todo:
        for forced in forces.get(todo.pop(), ()):
            if forced not in found:
                found.add(forced)
                todo.append(forced)
    return frozenset(found)


def _distances(graph: Graph, target: ServiceName, among: dict[ServiceName, int]) -> dict[ServiceName, int]:
    """Steps along needs, either way, through services that went live since; at most `_NEAR`."""
    steps = dict.fromkeys(among, _NEAR)
    steps[target], queue = 0, deque([target])
    while queue:
        name = queue.popleft()
        for other in graph.neighbours(name):
            if other in among and steps[other] > steps[name] + 1:
                steps[other] = steps[name] + 1
                queue.append(other)
    return steps


def _weight(graph: Graph, name: ServiceName) -> int:
    tier = graph.history(name).service.tier
    return 2 if tier is None else _TIERS.get(tier, 1)


def _price(graph: Graph, name: ServiceName, place: int) -> int:
    history = graph.history(name)
    return _weight(graph, name) + HAZARD * history.hazards_to(place) + history.now - place
