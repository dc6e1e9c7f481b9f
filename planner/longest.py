"""How long a wave takes: its longest move, and the queue of those that wait for a free hand.

For at most `parallel` moves at once, of m in the wave: E = E[longest of min(m, parallel)] + the rest of the work shared out
among the hands. Exact for one move and for a wave that runs all at once; between the two it is the usual estimate for lists of
independent jobs. E[max] is integrated from the product of the distribution functions.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from math import erf, exp, log, sqrt

from planner.rates import Span, StepRates, span_of

_GRID = 80
_ROOT2 = sqrt(2)


@dataclass(frozen=True, slots=True)
class Clock:
    """Mean and variance in seconds of a wave without a failure, and how much slower than alone each of its moves' clock runs."""

    mean: float
    variance: float
    slow_mean: float
    slow_variance: float


def clock_of(moves: Sequence[StepRates], parallel: int) -> Clock:
    """The clock of a wave of these moves."""
    # By identity, as in `planner.process`: most moves of a large wave share one value.
    kinds = {id(move): move for move in moves}
    alone = {key: _alone(move) for key, move in kinds.items()}
    return _clock(tuple([alone[id(move)] for move in moves]), parallel)


@lru_cache(maxsize=1024)
def _clock(spans: tuple[Span, ...], parallel: int) -> Clock:
    work, spread = sum(span.mean for span in spans), sum(span.variance for span in spans)
    if len(spans) == 1 or parallel <= 1:
        return Clock(work, spread, 1.0, 1.0)
    # The longest moves decide when the wave is done; the others fill the hands before them.
    front = nlargest(parallel, spans, key=lambda span: span.mean)
    mean, variance = longest(front)
    waiting = work - sum(span.mean for span in front)
    queued = spread - sum(span.variance for span in front)
    mean, variance = mean + waiting / parallel, variance + queued / parallel**2
    return Clock(mean, variance, mean / work, variance / spread if spread > 0 else 1.0)


def longest(spans: list[Span]) -> tuple[float, float]:
    """Mean and variance of the longest of these independent times, integrated on a grid that is even in the logarithm."""
    kinds = Counter(spans)
    low = max(log(span.median) - 6 * span.sigma for span in kinds)
    high = max(log(span.median) + 7 * span.sigma for span in kinds)
    step = (high - low) / _GRID
    first = second = before = 0.0
    for at in range(_GRID + 1):
        place = low + step * at
        below = 1.0
        for span, many in kinds.items():
            below *= _below(place, span) ** many
        middle, share = exp(place - step / 2), below - before
        first += middle * share
        second += middle**2 * share
        before = below
    return first, second - first**2


def _below(place: float, span: Span) -> float:
    if span.sigma == 0:
        return 1.0 if place >= log(span.median) else 0.0
    return (1 + erf((place - log(span.median)) / (span.sigma * _ROOT2))) / 2


def _alone(move: StepRates) -> Span:
    parts = [rate.time for _, rate in move.parts]
    return span_of(sum(part.mean for part in parts), sum(part.variance for part in parts))
