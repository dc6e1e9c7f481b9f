"""What to expect of a plan: how likely it goes through, how long until it is over, what it costs, and how sure we are.

The numbers are those of the absorbing chain in `planner.process`, whose fundamental matrix `planner.chain` solves state by
state. Here the same is done block by block, which is as exact and takes a plan over 37,000 services in its stride: a step's
block is solved once for each kind of step, and the blocks are put together from the last to the first:

    B_a(k)  = sum over exits x: p_x B_a(x)                                  a: end, p_x = P(exit x)
    T_a(k)  = sum over exits x: m_x B_a(x) + p_x T_a(x)                     m_x = E[time in the block; exit x]
    M_a(k)  = sum over exits x: s_x B_a(x) + 2 m_x T_a(x) + p_x M_a(x)      s_x = E[its square; exit x]

`success` is the posterior mean. Its interval: given its odds, a step works with S = (1 + r) q - r q^2, q being one try and r the
share of failures that people try again; the product of the steps has known first and second moments, and the Beta distribution
with these gives the quantiles. Percentiles of time are those of the mixture of log-normals, one for each end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from math import erf, exp, log, sqrt

from planner.beta import between
from planner.chain import Chain, Solution
from planner.facts import NOTHING
from planner.names import ServiceName
from planner.plan import Plan, Risk, Strategy
from planner.process import ENDS, Escalation, Process, attempt_moments, process_of, whole
from planner.rates import PRIOR, Rates, Span, span_of

_Z95 = 1.6448536269514722

Values = list[tuple[float, float, float]]
"""For each end: its probability, E[T; end] and E[T^2; end]."""


def risk_of(
    waves: Sequence[Sequence[ServiceName]],
    rates: Rates = PRIOR,
    *,
    hazards: Mapping[ServiceName, int] = NOTHING,
    full: Risk | None = None,
) -> Risk:
    """What to expect of a plan with these waves.

    `hazards` counts the migrations that can lose data which each service's move crosses. `full` is what to expect of the full
    plan where there is another one to escalate to. Never looks at the world: what is not in `rates` is not known.
    """
    process = process_of(waves, rates, hazards=hazards, full=None if full is None else escalation(full))
    values = _entry(process)
    reach, down, data = 1.0, 0.0, 0.0
    through = [0.0, 0.0, 0.0, 0.0]
    for stage in process.stages:
        exits = stage.block.solution.ends
        down += reach * stage.block.down
        data += reach * stage.hazards * stage.block.meets
        for way, chance in enumerate(exits):
            through[way] += reach * chance
        reach *= exits[0]
    by_full, by_hand = through[1], through[2] + through[3]
    if process.full is not None:
        down, data = down + by_full * process.full.down, data + by_full * process.full.hazards
        by_hand += by_full * (1 - process.full.success)
    down += by_hand * process.by_hand.time.mean
    low, high = _interval(waves, rates)
    planned = span_of(*process.planned)
    times = [
        (chance, span_of(first / chance, second / chance - (first / chance) ** 2)) for chance, first, second in values if chance
    ]
    seconds = sum(first for _, first, _ in values)
    return Risk(
        success=round(values[0][0], 6),
        expected_seconds=round(seconds, 1),
        p90_seconds=round(_percentile(times, 0.9), 1),
        success_low=round(low, 12),
        success_high=round(high, 12),
        by_full=round(values[1][0], 6),
        by_hand=round(values[2][0], 6),
        not_restored=round(values[3][0], 6),
        sd_seconds=round(sqrt(max(sum(second for _, _, second in values) - seconds**2, 0.0)), 1),
        planned_seconds=round(planned.mean, 1),
        planned_low=round(planned.median * exp(-_Z95 * planned.sigma), 1),
        planned_high=round(planned.median * exp(_Z95 * planned.sigma), 1),
        down_minutes=round(down / 60, 2),
        data_at_risk=round(data, 4),
        runs=rates.runs,
    )


def escalation(full: Risk) -> Escalation:
    """The full plan as one state of another plan's chain, by what is expected of it."""
    return Escalation(full.success, full.expected_seconds, full.sd_seconds**2, full.down_minutes * 60, full.data_at_risk)


def _entry(process: Process) -> Values:
    """The values at the first step, put together from the last."""
    people = process.by_hand
    once, twice = people.time.mean, people.time.variance + people.time.mean**2
    hand: Values = [(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)]
    hand += [(chance, chance * once, chance * twice) for chance in (people.odds.mean, 1 - people.odds.mean)]
    full = hand
    if (way := process.full) is not None:
        full = _after(1 - way.success, way.seconds, way.variance, hand)
        square = way.variance + way.seconds**2
        full[1] = (way.success, way.success * way.seconds, way.success * square)
    here: Values = [(1.0, 0.0, 0.0), *([(0.0, 0.0, 0.0)] * (len(ENDS) - 1))]
    known: dict[tuple[int, int], Values] = {}
    for stage in reversed(process.stages):
        solved = stage.block.solution
        # What the exits other than to the next step bring is the same for the same block in the same wave.
        aside = known.get((id(stage.block), stage.wave))
        if aside is None:
            undo = _after(1.0, stage.undo_seconds, stage.undo_variance, hand)
            aside = known[id(stage.block), stage.wave] = _aside(solved, full, undo, hand)
        p, m, s = solved.ends[0], solved.seconds[0], solved.squares[0]
        here = [
            (p * b + one, m * b + p * t + two, s * b + 2 * m * t + p * q + three)
            for (b, t, q), (one, two, three) in zip(here, aside, strict=True)
        ]
    return here


def _aside(solved: Solution, full: Values, undo: Values, hand: Values) -> Values:
    """The part of the values that comes by way of the full plan, of undoing, and of people."""
    doors = list(zip(solved.ends[1:], solved.seconds[1:], solved.squares[1:], (full, undo, hand), strict=True))
    return [
        (
            sum(p * to[end][0] for p, _, _, to in doors),
            sum(m * to[end][0] + p * to[end][1] for p, m, _, to in doors),
            sum(s * to[end][0] + 2 * m * to[end][1] + p * to[end][2] for p, m, s, to in doors),
        )
        for end in range(len(ENDS))
    ]


def _after(share: float, seconds: float, variance: float, onward: Values) -> Values:
    """The values before a state that goes on to `onward` with that probability."""
    square = variance + seconds**2
    return [(share * b, share * (seconds * b + t), share * (square * b + 2 * seconds * t + m)) for b, t, m in onward]


def _interval(waves: Sequence[Sequence[ServiceName]], rates: Rates) -> tuple[float, float]:
    """The middle 90 % of what is believed of the probability that every step works in the end."""
    again = rates.choices.shares(retry=True, escalate=True)[0]
    mean = square = 1.0
    kinds = Counter(map(rates.step, chain.from_iterable(waves))) if rates.services else {rates.typical: sum(map(len, waves))}
    pulls, own = [0.0, 0.0, 0.0], 0.0
    for kind, many in kinds.items():
        _, one, two, three, four = attempt_moments(kind, 4)
        works = (1 + again) * one - again * two
        mean *= works**many
        square *= ((1 + again) ** 2 * two - 2 * again * (1 + again) * three + again**2 * four) ** many
        for at, (_, rate) in enumerate(kind.parts):
            # How far the logarithm of the step's success moves with what all services share.
            pull = (1 + again - 2 * again * one) * one / (rate.odds.mean * works) * rate.shared
            pulls[at] += many * pull
            own += many * pull**2
    # Each step's own moments hold its part of it; what moves them together comes on top.
    square *= exp(min(sum(pull**2 for pull in pulls) - own, 50.0))
    return between(mean, min(square, mean), 0.05, 0.95)


def _percentile(times: Sequence[tuple[float, Span]], share: float) -> float:
    """The time within which so many of all cases are over."""
    high = max(span.median * exp(6 * span.sigma) for _, span in times)
    low, whole = 0.0, sum(chance for chance, _ in times)
    for _ in range(48):
        middle = (low + high) / 2
        if sum([chance * _over(middle, span) for chance, span in times]) < share * whole:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _over(seconds: float, span: Span) -> float:
    if seconds <= 0:
        return 0.0
    if span.sigma == 0:
        return 1.0 if seconds >= span.median else 0.0
    return (1 + erf(log(seconds / span.median) / (span.sigma * sqrt(2)))) / 2


def plan_chain(plan: Plan, rates: Rates = PRIOR) -> Chain:
    """The whole chain of a plan, state by state: what its `risk` was reckoned from, where the rates are still the same."""
    crossed = Counter(hazard.service for hazard in plan.hazards)
    full = next((one.risk for one in plan.alternatives if one.strategy is Strategy.FULL), None)
    return whole(process_of(plan.waves, rates, hazards=crossed, full=None if full is None else escalation(full)))
