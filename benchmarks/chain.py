"""The chain of one plan: `python -m benchmarks.chain [--services 20]`. Prints milliseconds of the processor, cold and warm.

Cold is a plan whose rates were never seen before, warm the same plan again. The services stand in four waves; either each has
rates of its own, as after many runs, or all share the declared ones.
"""

import argparse
import random
from collections.abc import Iterator

from benchmarks.measure import spread, timed
from planner.names import ServiceName
from planner.rates import Odds, PartRate, Rates, Span, StepRates
from planner.risk import risk_of

TIMES = 200


def rates(names: list[ServiceName], *, own: bool, chance: random.Random) -> Rates:
    """Rates that no plan before had."""

    def part() -> PartRate:
        return PartRate(
            Odds(chance.uniform(5, 50), chance.uniform(0.1, 3)), Span(chance.uniform(2, 20), chance.uniform(0.3, 0.7))
        )

    def step() -> StepRates:
        return StepRates(part(), part(), part())

    return Rates(services={name: step() for name in names} if own else {}, typical=step())


def waves(names: list[ServiceName]) -> Iterator[list[ServiceName]]:
    """The services in four waves of about the same size."""
    size = -(-len(names) // 4)
    for first in range(0, len(names), size):
        yield names[first : first + size]


def main() -> None:
    """One table."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.chain", description=__doc__)
    words.add_argument("--services", type=int, default=20)
    names = [ServiceName(f"service-{number}") for number in range(words.parse_args().services)]
    chance, parts = random.Random(1), list(waves(names))
    print(f"| a plan of {len(names)} services | cold, ms | p95 | warm, ms |\n| --- | ---: | ---: | ---: |")
    for own in (True, False):
        cold, warm = [], []
        for _ in range(TIMES):
            known = rates(names, own=own, chance=chance)
            cold.append(timed(lambda known=known: risk_of(parts, known))[1] * 1000)  # type: ignore[misc]
            warm.append(timed(lambda known=known: risk_of(parts, known))[1] * 1000)  # type: ignore[misc]
        first, again = spread(cold), spread(warm)
        name = "rates of its own for each" if own else "the same rates for all"
        print(f"| {name} | {first['median']:.2f} | {first['p95']:.2f} | {again['median']:.2f} |")


if __name__ == "__main__":
    main()
