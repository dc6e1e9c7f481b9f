"""The arithmetic of verification against SciPy, and the sentences it makes."""

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from scipy import stats

from planner.evidence import larger as larger_than
from planner.evidence import least_total, more_often, times, wilson
from planner.limits import Counts, against_counts, against_numbers, judge_ratio
from planner.verdict import Outcome

SOME = st.integers(1, 5_000)


@given(SOME.flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_is_scipys(counts, confidence):
    bad, total = counts
    ours = wilson(bad, total, confidence)
    theirs = stats.binomtest(bad, total).proportion_ci(2 * confidence - 1, method="wilson")
    assert ours.low == pytest.approx(theirs.low, abs=1e-9)
    assert ours.high == pytest.approx(theirs.high, abs=1e-9)


@given(st.floats(0.0001, 0.5), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_least_number_of_samples_is_the_least(allowed, confidence):
    least = least_total(allowed, confidence)
    assert wilson(0, least, confidence).high <= allowed + 1e-12
    if least > 1:
        assert wilson(0, least - 1, confidence).high > allowed


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 80), st.integers(1, 3_000), st.integers(0, 80), st.integers(1, 3_000))
def test_two_proportions_are_scipys(bad, good, bad_before, good_before):
    ours = more_often(bad, bad + good, bad_before, bad_before + good_before)
    theirs = stats.fisher_exact([[bad, good], [bad_before, good_before]], alternative="greater").pvalue
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


@settings(max_examples=60)
@given(st.integers(1_001, 9_000), st.integers(10_000, 90_000), st.integers(1_001, 9_000), st.integers(10_000, 90_000))
def test_many_of_them_are_scipys_chi_square(bad, good, bad_before, good_before):
    ours = more_often(bad, bad + good, bad_before, bad_before + good_before)
    chi, _, _, _ = stats.chi2_contingency([[bad, good], [bad_before, good_before]], correction=False)
    more = bad / (bad + good) > bad_before / (bad_before + good_before)
    assert ours == pytest.approx(stats.norm.sf(math.copysign(math.sqrt(chi), 1 if more else -1)), rel=1e-6, abs=1e-12)


NUMBERS = st.lists(st.integers(0, 40).map(float), min_size=10, max_size=80)


@settings(max_examples=80)
@given(NUMBERS, NUMBERS)
def test_ranks_are_scipys(now, before):
    if len({*now, *before}) == 1:
        assert larger_than(now, before) == 1.0
        return
    theirs = stats.mannwhitneyu(now, before, alternative="greater", method="asymptotic", use_continuity=True).pvalue
    assert larger_than(now, before) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_nothing_is_no_evidence():
    assert more_often(0, 0, 3, 100) == 1.0
    assert larger_than([], [1.0]) == 1.0
    assert times([0.0], [0.0]) == 1.0
    assert times([1.0], [0.0]) == math.inf


@pytest.mark.parametrize(
    ("bad", "total", "outcome", "says"),
    [
        (7.7, 1830, Outcome.PASS, "0.42 % errors in 1,830 requests, allowed 1 %: pass (at most 0.75 % with 95 % confidence)"),
        (0, 268, Outcome.PASS, "0 % errors in 268 requests, allowed 1 %: pass (at most 1 % with 95 % confidence)"),
        (30, 1000, Outcome.FAIL, "3 % errors in 1,000 requests, allowed 1 %: fail (at least 2.23 % with 95 % confidence)"),
        (9, 1000, Outcome.INCONCLUSIVE, "0.9 % errors in 1,000 requests, allowed 1 %: cannot tell yet (between"),
        (0, 37, Outcome.INCONCLUSIVE, "too little traffic: 37 of 268 requests"),
        (37, 37, Outcome.INCONCLUSIVE, "too little traffic: 37 of 268 requests"),
        (0, 0, Outcome.INCONCLUSIVE, "too little traffic: 0 of 268 requests"),
    ],
)
def test_a_ratio_shows_its_arithmetic(bad, total, outcome, says):
    found = judge_ratio(Counts(bad=bad, total=total), 0.01, 0.95)
    assert (found.outcome, found.seen[: len(says)]) == (outcome, says)


def test_a_baseline_only_doubts():
    now = Counts(bad=15, total=5000)
    fine = judge_ratio(now, 0.01, 0.95)
    assert fine.outcome is Outcome.PASS
    worse = against_counts(fine, now, Counts(bad=1, total=5000), 1.2)
    assert (worse.outcome, "but worse than 0.02 % of 5,000 requests before" in worse.seen) == (Outcome.INCONCLUSIVE, True)
    assert against_counts(fine, now, Counts(bad=14, total=5000), 1.2).outcome is Outcome.PASS
    assert against_counts(fine, now, Counts(bad=0, total=0), 1.2).outcome is Outcome.PASS
    failed = judge_ratio(Counts(bad=300, total=1000), 0.01, 0.95)
    assert against_counts(failed, Counts(bad=300, total=1000), Counts(bad=900, total=1000), 1.2) == failed


def test_numbers_are_compared_only_where_there_are_enough_and_by_more_than_a_little():
    fine = judge_ratio(Counts(bad=0, total=5000), 0.01, 0.95)
    slow, fast = [0.3 + i / 1000 for i in range(60)], [0.2 + i / 1000 for i in range(60)]
    assert against_numbers(fine, slow, fast, 1.2).outcome is Outcome.INCONCLUSIVE
    assert against_numbers(fine, slow, fast, 1.6).outcome is Outcome.PASS
    assert against_numbers(fine, fast, slow, 1.2).outcome is Outcome.PASS
    few = against_numbers(fine, slow[:20], fast, 1.2)
    assert (few.outcome, "too few points" in few.seen, "20 of 50" in few.seen) == (Outcome.PASS, True, True)
