"""How "which release" is told to a SAT solver: the order encoding.

A service with n open places, newest first, gets n-1 variables: the j-th says "at the j-th place or further back". A cost that
grows with every step back is then a sum over variables, and forbidding a rectangle of places of two services is one clause.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from planner.names import ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The variables of one service: `first` is the number of its first one, `places` what the rungs stand for, newest first."""

    first: int
    places: tuple[int, ...]

    @property
    def last(self) -> int:
        """The number of the last variable."""
        return self.first + len(self.places) - 2

    def at_least(self, rung: int) -> int | None:
        """The variable "at this rung or further back"; `None` for the newest rung, where it is always true."""
        return None if rung <= 0 else self.first + rung - 1

    def rules(self) -> Iterator[list[int]]:
        """Further back than j+1 is further back than j."""
        for variable in range(self.first, self.last):
            yield [-(variable + 1), variable]

    def outside(self, low: int, high: int) -> list[int]:
        """Literals of which one holds exactly where the service is not between rungs `low` and `high`, both included."""
        literals = []
        below, above = self.at_least(low), self.at_least(high + 1)
        if below is not None:
            literals.append(-below)
        if high + 1 < len(self.places) and above is not None:
            literals.append(above)
        return literals

    def rung(self, model: set[int]) -> int:
        """The rung a model puts the service on."""
        return sum(variable in model for variable in range(self.first, self.last + 1))


def ladders(places: Iterable[tuple[ServiceName, tuple[int, ...]]], free: int = 1) -> tuple[dict[ServiceName, Ladder], int]:
    """One ladder for each service, with variables from `free` on, and the first number that is still free."""
    built = {}
    for name, open_places in places:
        built[name] = Ladder(first=free, places=open_places)
        free += len(open_places) - 1
    return built, free


def runs(forbidden: Iterable[bool]) -> list[tuple[int, int]]:
    """The stretches of true, as first and last index."""
    found: list[tuple[int, int]] = []
    for at, bad in enumerate(forbidden):
        if not bad:
            continue
        if found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found
