"""What to expect of a plan, from an absorbing chain with two ends: done, or halted for people.

A step succeeds with probability p at each try and is tried at most twice. Until a service has a record, p has the prior
Beta(6, 1/2): twelve of thirteen steps at the first try, held loosely. Both tries share p, so a step fails for good with
E[(1-p)^2] = b(b+1) / ((a+b)(a+b+1)) = 1/65, not with the square of the mean (Jensen). Steps are taken as independent: success
is a product.

A try takes a log-normal time with median 25 s (sigma 0.5). A step is one try, or two with the mean probability of a second;
the time of two is a log-normal with the same mean and variance (Fenton and Wilkinson). The moves of a wave run side by side,
so a wave takes the longest of them: E[max] is integrated from the distribution function to the power of the wave's size.
Waves add up; the 90th percentile is that of the log-normal with the sum's mean and variance.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import erf, exp, log, sqrt

from planner.names import ServiceName
from planner.plan import Risk

ALPHA, BETA = 6.0, 0.5
MEDIAN_SECONDS, SIGMA = 25.0, 0.5

_GRID = 400
_Z90 = 1.2815515655446004


def risk_of(waves: Sequence[Sequence[ServiceName]]) -> Risk:
    """Success, mean and 90th percentile in seconds of a plan with these waves, before anything was learned of its services."""
    steps = sum(len(wave) for wave in waves)
    lost = BETA * (BETA + 1) / ((ALPHA + BETA) * (ALPHA + BETA + 1))
    times = [_longest(len(wave)) for wave in waves]
    mean, variance = sum(time[0] for time in times), sum(time[1] for time in times)
    spread = log(1 + variance / mean**2)
    p90 = exp(log(mean) - spread / 2 + _Z90 * sqrt(spread))
    return Risk(success=round((1 - lost) ** steps, 6), expected_seconds=round(mean, 1), p90_seconds=round(p90, 1))


@lru_cache(maxsize=4096)
def _longest(moves: int) -> tuple[float, float]:
    """Mean and variance of the longest of so many steps, integrated on a grid that is even in the logarithm."""
    low, high = log(MEDIAN_SECONDS) - 6 * SIGMA, log(MEDIAN_SECONDS) + 8 * SIGMA
    points = [exp(low + (high - low) * at / _GRID) for at in range(_GRID + 1)]
    below = [_step_done_by(point) ** moves for point in points]
    first = second = 0.0
    for at in range(_GRID):
        middle, share = (points[at] + points[at + 1]) / 2, below[at + 1] - below[at]
        first += middle * share
        second += middle**2 * share
    return first, second - first**2


def _step_done_by(seconds: float) -> float:
    again = BETA / (ALPHA + BETA)
    mean = MEDIAN_SECONDS * exp(SIGMA**2 / 2)
    sigma = sqrt(log(1 + (exp(SIGMA**2) - 1) / 2))
    twice = 2 * mean * exp(-(sigma**2) / 2)
    return (1 - again) * _log_normal(seconds, MEDIAN_SECONDS, SIGMA) + again * _log_normal(seconds, twice, sigma)


def _log_normal(value: float, median: float, sigma: float) -> float:
    return (1 + erf(log(value / median) / (sigma * sqrt(2)))) / 2
