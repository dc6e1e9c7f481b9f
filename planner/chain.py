"""An absorbing Markov chain, solved exactly: where it ends, how often it passes each state, and how long that takes.

With P = [[Q, R], [0, I]] and the fundamental matrix N = (I - Q)^-1 (Kemeny and Snell, Finite Markov Chains, 1960):

    ends       B = N R                       probability of each end
    visits     n = e0' N                     expected visits to each state, from the first
    time       T = N c                       c: mean seconds spent at one visit
    spread     M = N (s + 2 c * Q T)         second moment of the time; s: second moment of one visit

N is never written down. (I - Q) x = b is solved by elimination over sparse rows in the order of the states: a chain without
loops whose transitions lead forward needs no elimination at all, only one pass back; a loop costs as much as it is wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state that is passed through. A visit takes `seconds` on average, with `variance`.

    `down` are service-seconds without service at one visit, `hazards` the migrations that can lose data crossed by one visit.
    """

    name: str
    seconds: float = 0.0
    variance: float = 0.0
    down: float = 0.0
    hazards: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """States and where each leads: `steps[i]` holds (state, probability), `exits[i]` holds (end, probability). Begins at 0."""

    states: tuple[State, ...]
    steps: tuple[tuple[tuple[int, float], ...], ...]
    exits: tuple[tuple[tuple[int, float], ...], ...]
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What a chain leads to, from its first state. By end: probability, E[T; end], E[T^2; end]. By state: expected visits."""

    ends: tuple[float, ...]
    seconds: tuple[float, ...]
    squares: tuple[float, ...]
    visits: tuple[float, ...]

    @property
    def time(self) -> float:
        """Expected seconds until any end."""
        return sum(self.seconds)


Row = dict[int, float]


def solve(chain: Chain) -> Solution:
    """Everything above. Raises `ValueError` where some state can never end."""
    if _leads_forward(chain.steps):
        return _one_pass(chain)
    factors = _eliminate(chain.steps)
    exits = [[0.0] * len(chain.states) for _ in chain.ends]
    for at, doors in enumerate(chain.exits):
        for end, p in doors:
            exits[end][at] += p
    mean = [state.seconds for state in chain.states]
    square = [state.variance + state.seconds**2 for state in chain.states]
    ends, seconds, squares = [], [], []
    for end in range(len(chain.ends)):
        reach = _back(factors, exits[end])
        first = _back(factors, [c * b for c, b in zip(mean, reach, strict=True)])
        # First moments obey x = c B + Q x, so what is left of them after c B is Q x.
        onward = [f - c * b for f, c, b in zip(first, mean, reach, strict=True)]
        second = _back(factors, [s * b + 2 * c * o for s, b, c, o in zip(square, reach, mean, onward, strict=True)])
        ends.append(reach[0])
        seconds.append(first[0])
        squares.append(second[0])
    return Solution(ends=tuple(ends), seconds=tuple(seconds), squares=tuple(squares), visits=tuple(visits(chain)))


def _leads_forward(steps: Sequence[Sequence[tuple[int, float]]]) -> bool:
    """Whether every transition leads to a later state: then there is no loop, and nothing to eliminate."""
    for at, row in enumerate(steps):
        for to, _ in row:
            if to <= at:
                return False
    return True


def _one_pass(chain: Chain) -> Solution:
    """The same for a chain that leads forward: from the last state to the first, everything about each of them at once."""
    ends = range(len(chain.ends))
    known: list[tuple[list[float], list[float], list[float]]] = [([], [], [])] * len(chain.states)
    for at in range(len(chain.states) - 1, -1, -1):
        reach, first, second = [0.0] * len(ends), [0.0] * len(ends), [0.0] * len(ends)
        for to, p in chain.steps[at]:
            there, once, twice = known[to]
            for end in ends:
                reach[end] += p * there[end]
                first[end] += p * once[end]
                second[end] += p * twice[end]
        for end, p in chain.exits[at]:
            reach[end] += p
        state = chain.states[at]
        mean = state.seconds
        square = state.variance + mean * mean
        for end in ends:
            second[end] += square * reach[end] + 2 * mean * first[end]
            first[end] += mean * reach[end]
        known[at] = reach, first, second
    reach, first, second = known[0]
    return Solution(ends=tuple(reach), seconds=tuple(first), squares=tuple(second), visits=tuple(visits(chain)))


def visits(chain: Chain) -> list[float]:
    """Expected visits to each state from the first: the first row of N, by the same elimination on the transpose."""
    size = len(chain.steps)
    if _leads_forward(chain.steps):
        found = [1.0, *([0.0] * (size - 1))]
        for at, row in enumerate(chain.steps):
            for to, p in row:
                found[to] += found[at] * p
        return found
    # Turned round, states last to first, a chain whose transitions lead forward again needs one pass only.
    turned: list[list[tuple[int, float]]] = [[] for _ in range(size)]
    for state, steps in enumerate(chain.steps):
        for to, p in steps:
            turned[size - 1 - to].append((size - 1 - state, p))
    found = _back(_eliminate(turned), [*([0.0] * (size - 1)), 1.0])
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Factors:
    """I - Q made triangular: pivots, what stands right of them with its sign turned, and the multipliers that made it so."""

    pivots: tuple[float, ...]
    right: tuple[tuple[tuple[int, float], ...], ...]
    multipliers: tuple[tuple[int, Row], ...]


def _eliminate(steps: Sequence[Sequence[tuple[int, float]]]) -> Factors:
    if _leads_forward(steps):
        return Factors((1.0,) * len(steps), tuple(map(tuple, steps)), ())
    upper: list[Row] = []
    lower: list[tuple[int, Row]] = []
    for at, row in enumerate(steps):
        line: Row = {at: 1.0}
        for to, p in row:
            line[to] = line.get(to, 0.0) - p
        used: Row = {}
        while (below := min((to for to in line if to < at), default=None)) is not None:
            value = line.pop(below)
            if value:
                factor = used[below] = value / upper[below][below]
                for to, entry in upper[below].items():
                    if to != below:
                        line[to] = line.get(to, 0.0) - factor * entry
        if line[at] <= 1e-14:
            raise ValueError(f"state {at} never ends")
        upper.append(line)
        if used:
            lower.append((at, used))
    right = tuple(tuple((to, -entry) for to, entry in line.items() if to != at) for at, line in enumerate(upper))
    return Factors(tuple(line[at] for at, line in enumerate(upper)), right, tuple(lower))


def _back(factors: Factors, right: list[float]) -> list[float]:
    """X with (I - Q) x = right."""
    found = list(right)
    for at, used in factors.multipliers:
        found[at] -= sum([factor * found[to] for to, factor in used.items()])
    for at in range(len(found) - 1, -1, -1):
        total = found[at]
        for to, entry in factors.right[at]:
            total += entry * found[to]
        found[at] = total / factors.pivots[at]
    return found
