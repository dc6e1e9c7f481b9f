"""How often a step works and how long it takes: the numbers that the Markov chain of a plan is made of.

They are learned from our own log (`planner.experience`); where nothing was learned yet, the declared ones below stand. A step
has three parts, as the log can tell them apart: `stop` until the runtime has taken the request, `start` until the right release
runs and stays up, `verify` until its checks are judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, log, sqrt
from types import MappingProxyType

from planner.facts import NOTHING
from planner.names import ServiceName


class Part(StrEnum):
    """The parts of a step, in order."""

    STOP = "stop"
    START = "start"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Odds:
    """Beta(`works`, `fails`): what is believed of a probability, as so many successes and failures seen."""

    works: float
    fails: float

    @property
    def mean(self) -> float:
        """The probability to reckon with next time."""
        return self.works / (self.works + self.fails)

    def moment(self, power: int) -> float:
        """E[p^power]."""
        product = 1.0
        for step in range(power):
            product *= (self.works + step) / (self.works + self.fails + step)
        return product


@dataclass(frozen=True, slots=True)
class Span:
    """A log-normal time: its median in seconds, and the standard deviation of its logarithm."""

    median: float
    sigma: float

    @property
    def mean(self) -> float:
        """Mean in seconds."""
        return self.median * exp(self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        """Variance in square seconds."""
        spread = exp(self.sigma**2)
        return self.median**2 * spread * (spread - 1)


def span_of(mean: float, variance: float) -> Span:
    """The log-normal time with this mean and variance (Fenton and Wilkinson)."""
    if mean <= 0:
        return Span(0.0, 0.0)
    spread = log(1 + max(variance, 0.0) / mean**2)
    return Span(mean * exp(-spread / 2), sqrt(spread))


@dataclass(frozen=True, slots=True)
class PartRate:
    """How one part of a step goes: its odds at one try, and its time.

    `shared` is the standard deviation of the odds' mean that comes from not knowing the population of services well: it moves all
    services together.
    """

    odds: Odds
    time: Span
    shared: float = 0.0


@dataclass(frozen=True, slots=True)
class StepRates:
    """How the step of one service goes, part by part."""

    stop: PartRate
    start: PartRate
    verify: PartRate

    @property
    def parts(self) -> tuple[tuple[Part, PartRate], ...]:
        """The parts in order."""
        return (Part.STOP, self.stop), (Part.START, self.start), (Part.VERIFY, self.verify)


@dataclass(frozen=True, slots=True)
class Choices:
    """What people do with a step that failed, as weights. After the last try, `retry` is no longer among them."""

    retry: float
    undo: float
    escalate: float
    hand: float

    def shares(self, *, retry: bool, escalate: bool) -> tuple[float, float, float, float]:
        """The weights as probabilities: retry, undo, escalate, hand. Who cannot escalate goes on by hand."""
        weights = (
            self.retry if retry else 0.0,
            self.undo,
            self.escalate if escalate else 0.0,
            self.hand + (0.0 if escalate else self.escalate),
        )
        whole = sum(weights)
        first, second, third, fourth = (weight / whole for weight in weights)
        return first, second, third, fourth


DECLARED = StepRates(
    stop=PartRate(Odds(10.0, 0.1), Span(4.0, 0.6)),
    start=PartRate(Odds(8.0, 0.3), Span(12.0, 0.6)),
    verify=PartRate(Odds(8.0, 0.3), Span(10.0, 0.5)),
)
"""A step of which nothing is known: twelve of thirteen work at the first try, held loosely; half a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Everything a plan's chain is made of.

    `typical` is a step of a service without a record; `services` holds those that have one. `decide` is how long people take
    over a failed step, `by_hand` how it ends and how long it takes when they go on by hand. `parallel` is how many moves of a
    wave run at once. `runs` says how many runs were learned from; 0 means that all of this was declared, not seen.
    """

    typical: StepRates = DECLARED
    services: Mapping[ServiceName, StepRates] = field(default_factory=lambda: NOTHING)
    choices: Choices = Choices(8.0, 1.0, 0.5, 1.5)
    decide: Span = Span(90.0, 0.8)
    by_hand: PartRate = PartRate(Odds(9.0, 1.0), Span(1200.0, 0.7))
    parallel: int = 4
    runs: int = 0

    def step(self, service: ServiceName) -> StepRates:
        """How the step of that service goes."""
        return self.services.get(service, self.typical)


PRIOR = Rates(services=MappingProxyType({}))
"""What is believed before anything was seen."""
