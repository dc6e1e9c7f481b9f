"""The chain of a plan, put together block by block, against the whole chain and against rolling the dice."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.chain import solve, visits
from planner.plan import Risk
from planner.process import process_of, whole
from planner.rates import PRIOR, Odds, PartRate, Rates, Span, StepRates
from planner.risk import escalation, risk_of

part_rates = st.builds(
    PartRate,
    st.builds(Odds, st.floats(1, 200), st.floats(0.05, 20)),
    st.builds(Span, st.floats(1, 300), st.floats(0.1, 1)),
)
step_rates = st.builds(StepRates, part_rates, part_rates, part_rates)


def test_the_numbers_are_plausible():
    one = risk_of([["a"]])
    assert 0.95 < one.success < 0.99
    assert one.success_low < one.success < one.success_high
    assert 20 < one.planned_seconds < one.expected_seconds < 120
    assert one.planned_low < one.planned_seconds < one.planned_high


def test_more_moves_are_riskier_and_waves_take_longer_than_company():
    assert risk_of([["a", "b"]]).success == risk_of([["a"], ["b"]]).success < risk_of([["a"]]).success
    assert risk_of([["a"]]).planned_seconds < risk_of([["a", "b"]]).planned_seconds < risk_of([["a"], ["b"]]).planned_seconds


def test_a_full_hand_makes_moves_wait():
    few, many = Rates(parallel=2), Rates(parallel=8)
    wave = [["a", "b", "c", "d", "e", "f", "g", "h"]]
    assert risk_of(wave, many).planned_seconds < risk_of(wave, few).planned_seconds < 8 * risk_of([["a"]]).planned_seconds


def test_the_full_plan_catches_some_of_what_people_would_have_to():
    full = risk_of([["a", "b"], ["c"]])
    alone, caught = risk_of([["a"], ["b"]]), risk_of([["a"], ["b"]], full=full)
    assert caught.success == alone.success
    assert caught.by_hand < alone.by_hand
    assert caught.by_full > alone.by_full == 0


@given(st.lists(step_rates, min_size=1, max_size=5), st.lists(st.integers(0, 2), min_size=5, max_size=5), st.booleans())
def test_block_by_block_is_the_same_as_state_by_state(steps, hazards, escalates):
    names = [f"s{at}" for at in range(len(steps))]
    waves = [names[:2], names[2:]] if len(names) > 2 else [names]
    rates = Rates(services=dict(zip(names, steps, strict=True)))
    crossed = dict(zip(names, hazards, strict=False))
    full = risk_of([names, ["x"]], rates) if escalates else None
    risk = risk_of(waves, rates, hazards=crossed, full=full)
    chain = whole(process_of(waves, rates, hazards=crossed, full=escalation(full) if full else None))
    solved = solve(chain)
    assert sum(solved.ends) == pytest.approx(1, abs=1e-12)
    assert (risk.success, risk.by_full, risk.by_hand, risk.not_restored) == pytest.approx(solved.ends, abs=1e-6)
    assert risk.expected_seconds == pytest.approx(solved.time, abs=0.051)
    assert risk.sd_seconds**2 == pytest.approx(sum(solved.squares) - solved.time**2, rel=1e-2, abs=5)
    per_visit = list(zip(visits(chain), chain.states, strict=True))
    assert risk.down_minutes * 60 == pytest.approx(sum(count * state.down for count, state in per_visit), rel=0.01, abs=0.31)
    assert risk.data_at_risk == pytest.approx(sum(count * state.hazards for count, state in per_visit), abs=1e-4)


class Dice:
    """Plays a plan with true probabilities drawn from what is believed of them."""

    def __init__(self, seed: int, rates: Rates = PRIOR) -> None:
        self.chance = random.Random(seed)
        self.rates = rates

    def span(self, span: Span) -> float:
        return span.median * self.chance.lognormvariate(0, span.sigma)

    def step(self, name: str) -> tuple[str, float, float]:
        """How a step ends, seconds of its first try, seconds after it."""
        parts = self.rates.step(name).parts
        works = [self.chance.betavariate(rate.odds.works, rate.odds.fails) for _, rate in parts]
        spent = [0.0, 0.0]
        for attempt in (0, 1):
            for chance, (_, rate) in zip(works, parts, strict=True):
                spent[attempt > 0] += self.span(rate.time)
                if self.chance.random() >= chance:
                    break
            else:
                return "next", *spent
            spent[1] += self.span(self.rates.decide)
            choice = self.chance.choices(
                ("retry", "undo", "full", "hand"), self.rates.choices.shares(retry=not attempt, escalate=False)
            )
            if choice != ["retry"]:
                return choice[0], *spent
        raise AssertionError

    def play(self, waves: list[list[str]]) -> tuple[bool, bool, float]:
        total, fine, smooth = 0.0, True, True
        for wave in waves:
            ends = [self.step(name) for name in wave]
            total += max(first for _, first, _ in ends) + sum(more for _, _, more in ends)
            smooth = smooth and not any(more for _, _, more in ends)
            if any(end != "next" for end, _, _ in ends):
                fine = False
                break
        return fine, smooth, total


def test_simulation_agrees():
    dice, waves, rounds = Dice(7), [["a", "b", "c"], ["d"], ["e", "f"]], 20_000
    played = [dice.play(waves) for _ in range(rounds)]
    risk = risk_of(waves)
    assert risk.success == pytest.approx(sum(fine for fine, _, _ in played) / rounds, abs=0.008)
    clean = sorted(seconds for _, smooth, seconds in played if smooth)
    assert risk.planned_seconds == pytest.approx(sum(clean) / len(clean), rel=0.02)
    assert risk.planned_high == pytest.approx(clean[int(0.95 * len(clean))], rel=0.03)
    assert risk.planned_low == pytest.approx(clean[int(0.05 * len(clean))], rel=0.03)
    # All ends: the people's time comes on top for the runs that end with them.
    most = [seconds + (0 if fine else dice.span(PRIOR.by_hand.time)) for fine, _, seconds in played]
    assert risk.expected_seconds == pytest.approx(sum(most) / rounds, rel=0.06)


def test_percentiles_hold_the_runs_that_people_finish():
    sure = Rates(typical=StepRates(*(PartRate(Odds(1e6, 1e-3), Span(10, 0.3)) for _ in range(3))))
    assert risk_of([["a"]], sure).p90_seconds < 45
    shaky = Rates(typical=StepRates(*(PartRate(Odds(1, 1), Span(10, 0.3)) for _ in range(3))))
    assert risk_of([["a"]], shaky).p90_seconds > 1200


def test_a_plan_of_ten_thousand_moves_is_computed_too():
    risk = risk_of([["x"] * 9_000, ["y"] * 1_000])
    assert 0 <= risk.success < 0.01
    assert risk.expected_seconds < risk.p90_seconds


def test_hazards_are_crossed_by_who_gets_there():
    risk = risk_of([["a"], ["b"]], hazards={"a": 1, "b": 2})
    assert 2.8 < risk.data_at_risk < 3
    assert isinstance(risk, Risk)
