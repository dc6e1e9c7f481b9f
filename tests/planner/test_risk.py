"""The closed form against rolling the dice."""

import random

import pytest

from planner.risk import ALPHA, BETA, MEDIAN_SECONDS, SIGMA, risk_of


def test_the_numbers_are_plausible():
    one = risk_of([["a"]])
    assert one.success == pytest.approx(64 / 65, abs=1e-6)
    assert 20 < one.expected_seconds < 40 < one.p90_seconds < 70


def test_more_moves_are_riskier_and_waves_take_longer_than_company():
    assert risk_of([["a", "b"]]).success == risk_of([["a"], ["b"]]).success < risk_of([["a"]]).success
    assert risk_of([["a"]]).expected_seconds < risk_of([["a", "b"]]).expected_seconds < risk_of([["a"], ["b"]]).expected_seconds


def test_simulation_agrees():
    chance, waves, rounds = random.Random(7), [["a", "b", "c"], ["d"], ["e", "f"]], 20_000
    times, good = [], 0
    for _ in range(rounds):
        total, fine = 0.0, True
        for wave in waves:
            longest = 0.0
            for _ in wave:
                works = chance.betavariate(ALPHA, BETA)
                fine = fine and (chance.random() < works or chance.random() < works)
                seconds = chance.lognormvariate(0, SIGMA) * MEDIAN_SECONDS
                if chance.random() < BETA / (ALPHA + BETA):
                    seconds += chance.lognormvariate(0, SIGMA) * MEDIAN_SECONDS
                longest = max(longest, seconds)
            total += longest
        times.append(total)
        good += fine
    risk = risk_of(waves)
    assert risk.success == pytest.approx(good / rounds, abs=0.01)
    assert risk.expected_seconds == pytest.approx(sum(times) / rounds, rel=0.02)
    assert risk.p90_seconds == pytest.approx(sorted(times)[int(0.9 * rounds)], rel=0.05)


def test_a_plan_of_ten_thousand_moves_is_computed_too():
    risk = risk_of([["x"] * 9_000, ["y"] * 1_000])
    assert 0 <= risk.success < 0.01
    assert risk.expected_seconds < risk.p90_seconds
