import hypothesis.strategies as st
from hypothesis import given

from planner.facts import Check
from planner.verdict import Measurement, Outcome, Verdict, cut_short, judge

measurements = st.lists(
    st.sampled_from(Outcome).map(lambda outcome: Measurement(outcome=outcome, seen=outcome.value)), max_size=20
).map(tuple)


def check(count=3, failure_limit=0, error_limit=1, unclear_limit=0):
    limits = {"failure_limit": failure_limit, "error_limit": error_limit, "unclear_limit": unclear_limit}
    return Check(name="c", probe="http", count=count, **limits)


def said(*words, **limits):
    taken = tuple(Measurement(outcome=Outcome(word), seen=word) for word in words)
    judgement = judge(check(**limits), taken)
    return judgement.verdict if judgement else None


def test_silence_is_no_verdict_and_never_passes():
    assert said() is None
    assert cut_short(check(), ()).verdict is Verdict.INCONCLUSIVE


def test_count_counts_what_was_measured():
    assert said("pass", "pass", "error") is None
    assert said("pass", "pass", "error", "pass") is Verdict.PASS


def test_limits_are_what_is_tolerated():
    assert said("fail") is Verdict.FAIL
    assert said("fail", failure_limit=1) is None
    assert said("fail", "pass", "pass", failure_limit=1) is Verdict.PASS
    assert said("fail", "pass", "fail", failure_limit=1) is Verdict.FAIL
    assert said("error") is None
    assert said("error", "error") is Verdict.INCONCLUSIVE
    assert said("error", "pass", "error") is None


def test_one_unclear_answer_keeps_it_from_passing():
    assert said("pass", "inconclusive", "pass") is Verdict.INCONCLUSIVE


def test_unclear_answers_are_set_aside_as_long_as_there_is_patience():
    assert said("inconclusive", "inconclusive", "pass", count=1, unclear_limit=2) is Verdict.PASS
    assert said("inconclusive", "inconclusive", count=1, unclear_limit=2) is None
    assert said("inconclusive", "inconclusive", "inconclusive", count=1, unclear_limit=2) is Verdict.INCONCLUSIVE
    assert said("inconclusive", "fail", count=1, unclear_limit=2) is Verdict.FAIL


@given(measurements, st.integers(1, 5), st.integers(0, 3), st.integers(0, 3))
def test_a_pass_needs_enough_good_answers(taken, count, failure_limit, error_limit):
    rule = check(count, failure_limit, error_limit)
    judgement = judge(rule, taken)
    if judgement is not None and judgement.verdict is Verdict.PASS:
        measured = [m for m in taken if m.outcome is not Outcome.ERROR]
        assert len(measured) >= count
        assert sum(m.outcome is Outcome.FAIL for m in measured) <= failure_limit
    assert cut_short(rule, taken).verdict is not Verdict.PASS
