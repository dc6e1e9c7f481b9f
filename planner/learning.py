"""From what was seen to what to expect: Beta posteriors pooled over services, and log-normal times.

For each part of a step, services are taken as drawn from one population: p ~ Beta(m k, (1 - m) k). What is believed of m and k is
worked out on a grid from the Beta-binomial likelihood of every service's counts (empirical Bayes with a weak prior around the
declared odds); a service's own odds are then the mixture over the grid of Beta(m k + s, (1 - m) k + f), kept as the one Beta with
the same mean and variance. So a service with a long record stands on it, a new one on the others, and how much they tell is
learned too. An old count weighs less: half after `HALF_LIFE` days.

Logarithms of times are normal with one spread for a part; a service's median is drawn towards that of all with the weight of
`TIES` of its own observations, and the spread is widened by what is not known of the median.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import exp, lgamma, log, sqrt
from types import MappingProxyType

from planner.events import Choice
from planner.experience import Experience, Seen, Turn
from planner.names import ServiceName
from planner.rates import PRIOR, Choices, Odds, Part, PartRate, Rates, Span, StepRates

HALF_LIFE = 90.0
TIES = 3.0
SHORTEST = 0.05
"""Seconds; what the log's clock cannot tell from nothing counts as this."""

_STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
_STEP = 0.5
_MEANS = tuple(1 / (1 + exp(-_STEP * step)) for step in range(14))
"""From 0.5 to 0.998, even in the log-odds."""
_WEIGHT = 8.0
"""The declared odds weigh as much as so many tries in what is believed of the population's mean."""
_DECLARED_RUNS = 4.0
"""The declared numbers weigh as much as so many observations."""


@dataclass(slots=True)
class _Tally:
    """Counts and log-times of one part of one service, each weighed by its age."""

    works: float = 0.0
    fails: float = 0.0
    timed: float = 0.0
    total: float = 0.0
    squares: float = 0.0


def learn(experience: Experience, runs: int, now: datetime, declared: Rates = PRIOR) -> Rates:
    """The rates that this experience of so many runs teaches, on top of the declared ones."""
    if not experience.seen and not experience.turns:
        return declared
    tallies = _tallies(experience.seen, now)
    names = sorted({name for name, _ in tallies})
    learned: dict[ServiceName, dict[Part, PartRate]] = {name: {} for name in names}
    typical: dict[Part, PartRate] = {}
    for part, known in declared.typical.parts:
        counts = {name: tallies.get((name, part), _Tally()) for name in names}
        common, odds = pooled({name: (tally.works, tally.fails) for name, tally in counts.items()}, known.odds)
        usual, times = _times(counts, known.time)
        typical[part] = PartRate(common[0], usual, common[1])
        for name in names:
            learned[name][part] = PartRate(odds[name][0], times[name], odds[name][1])
    return replace(
        declared,
        typical=_step(typical),
        services=MappingProxyType({name: _step(parts) for name, parts in learned.items()}),
        choices=_choices(experience.turns, now, declared.choices),
        decide=_decide(experience.turns, now, declared.decide),
        runs=runs,
    )


Believed = tuple[Odds, float]
"""Odds, and how far not knowing the population moves their mean for all services at once (a standard deviation)."""


def pooled(counts: Mapping[ServiceName, tuple[float, float]], declared: Odds) -> tuple[Believed, dict[ServiceName, Believed]]:
    """The odds of a service without a record, and of each with one, from (worked, failed) counts."""
    seen = [(works, fails) for works, fails in counts.values() if works or fails]
    grid = [(mean * strength, (1 - mean) * strength) for mean in _MEANS for strength in _STRENGTHS]
    priors = _priors(declared)
    logs = [
        priors[at // len(_STRENGTHS)] + sum(_likelihood(a, b, works, fails) for works, fails in seen)
        for at, (a, b) in enumerate(grid)
    ]
    top = max(logs)
    weights = [exp(value - top) for value in logs]
    return _mixed(grid, weights, 0.0, 0.0), {name: _mixed(grid, weights, *count) for name, count in counts.items()}


def _priors(declared: Odds) -> list[float]:
    """The logarithm of what is believed of each mean before anything was seen: weakly of the declared one, as a Beta.

    Even in the logarithm of the strength. The two ends of the grid stand for everything beyond them too: there the density falls
    off as a power, so that what is beyond is a geometric series.
    """
    a, b = _WEIGHT * declared.mean, _WEIGHT * (1 - declared.mean)
    found = [a * log(mean) + b * log(1 - mean) for mean in _MEANS]
    found[0] -= log(1 - exp(-a * _STEP))
    found[-1] -= log(1 - exp(-b * _STEP))
    return found


def _likelihood(a: float, b: float, works: float, fails: float) -> float:
    return _log_beta(a + works, b + fails) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _mixed(grid: list[tuple[float, float]], weights: list[float], works: float, fails: float) -> Believed:
    """One Beta for the mixture of posteriors. The weights hold this service's own counts already."""
    whole = first = second = between = 0.0
    for (a, b), weight in zip(grid, weights, strict=True):
        odds = Odds(a + works, b + fails)
        whole += weight
        first += weight * odds.mean
        second += weight * odds.moment(2)
        between += weight * odds.mean**2
    mean, square = first / whole, second / whole
    strength = max((mean - square) / max(square - mean**2, 1e-12), 0.5)
    return Odds(mean * strength, (1 - mean) * strength), sqrt(max(between / whole - mean**2, 0.0))


def _tallies(seen: Iterable[Seen], now: datetime) -> dict[tuple[ServiceName, Part], _Tally]:
    found: dict[tuple[ServiceName, Part], _Tally] = {}
    for one in seen:
        tally = found.setdefault((one.service, one.part), _Tally())
        weight = _weight(one.at, now)
        if not one.worked:
            tally.fails += weight
            continue
        tally.works += weight
        if one.seconds is not None:
            value = log(max(one.seconds, SHORTEST))
            tally.timed += weight
            tally.total += weight * value
            tally.squares += weight * value**2
    return found


def _weight(at: datetime, now: datetime) -> float:
    days = max((now - at).total_seconds(), 0.0) / 86400
    return float(0.5 ** (days / HALF_LIFE))


def _times(counts: Mapping[ServiceName, _Tally], declared: Span) -> tuple[Span, dict[ServiceName, Span]]:
    """The usual time of a part and each service's own."""
    many = sum(tally.timed for tally in counts.values())
    centre = (_DECLARED_RUNS * log(declared.median) + sum(tally.total for tally in counts.values())) / (_DECLARED_RUNS + many)
    within = _DECLARED_RUNS * declared.sigma**2
    for tally in counts.values():
        if tally.timed:
            within += max(tally.squares - tally.total**2 / tally.timed, 0.0)
    # Each service costs one degree of freedom for its own median.
    variance = within / (_DECLARED_RUNS + max(many - sum(min(tally.timed, 1.0) for tally in counts.values()), 0.0))
    own = {}
    for name, tally in counts.items():
        middle = (TIES * centre + tally.total) / (TIES + tally.timed)
        own[name] = Span(exp(middle), sqrt(variance * (1 + 1 / (TIES + tally.timed))))
    return Span(exp(centre), sqrt(variance * (1 + 1 / TIES))), own


def _step(parts: Mapping[Part, PartRate]) -> StepRates:
    return StepRates(stop=parts[Part.STOP], start=parts[Part.START], verify=parts[Part.VERIFY])


def _choices(turns: Iterable[Turn], now: datetime, declared: Choices) -> Choices:
    """The declared weights and what people chose. To skip or to leave is to go on by hand."""
    retry, undo, hand = declared.retry, declared.undo, declared.hand
    for turn in turns:
        weight = _weight(turn.at, now)
        if turn.choice is Choice.RETRY:
            retry += weight
        elif turn.choice is Choice.UNDO:
            undo += weight
        else:
            hand += weight
    return Choices(retry, undo, declared.escalate, hand)


def _decide(turns: Iterable[Turn], now: datetime, declared: Span) -> Span:
    tally = _Tally()
    for turn in turns:
        if turn.seconds is not None:
            weight, value = _weight(turn.at, now), log(max(turn.seconds, SHORTEST))
            tally.timed, tally.total, tally.squares = (
                tally.timed + weight,
                tally.total + weight * value,
                tally.squares + weight * value**2,
            )
    _, own = _times({ServiceName("people"): tally}, declared)
    return own[ServiceName("people")] if tally.timed else declared
