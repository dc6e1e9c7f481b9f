"""Who counts as a neighbour, and when one got worse: for any readings, before and now."""

import hypothesis.strategies as st
from hypothesis import given

from planner.facts import Edge, Service
from planner.neighbours import around, judge_neighbours
from planner.symptom import judge_symptom
from planner.verdict import Verdict
from planner.watch_events import Reading

NAMES = ("a", "b", "c")
READINGS = st.lists(
    st.builds(
        Reading,
        service=st.sampled_from(NAMES),
        check=st.sampled_from(("x", "y")),
        verdict=st.sampled_from(Verdict),
        because=st.just("seen"),
    ),
    max_size=6,
    unique_by=lambda reading: (reading.service, reading.check),
)


def catalog(**calls):
    return {name: Service(name=name, depends_on=tuple(Edge(service=other) for other in others)) for name, others in calls.items()}


def test_one_hop_around_what_moves_and_nothing_that_moves():
    shop = catalog(web=("order",), stock=("order",), order=("payment", "mail"), payment=("ledger",), ledger=(), mail=(), alone=())
    assert around({"order", "payment"}, shop) == {"order": ("mail", "stock", "web"), "payment": ("ledger",)}
    assert around({"alone"}, shop) == {"alone": ()}
    assert around({"order"}, catalog(order=("ghost", "order"))) == {"order": ()}


@given(READINGS, READINGS)
def test_only_what_passed_before_and_fails_now_fails(before, now):
    was = {(reading.service, reading.check): reading.verdict for reading in before}
    worse = any(r.verdict is Verdict.FAIL and was.get((r.service, r.check)) is Verdict.PASS for r in now)
    assert (judge_neighbours(before, now, ("silent",)).verdict is Verdict.FAIL) is worse


@given(READINGS, READINGS)
def test_a_pass_needs_something_that_was_measured(before, now):
    if judge_neighbours(before, now, ("silent",)).verdict is Verdict.PASS:
        assert any(reading.verdict is not Verdict.INCONCLUSIVE for reading in now)


@given(READINGS, READINGS)
def test_a_symptom_is_gone_only_if_it_was_there_and_all_of_it_is_gone(before, now):
    mine = [reading for reading in now if reading.service == "a"]
    said = judge_symptom("a", before, mine).verdict
    failed = {r.check for r in before if r.service == "a" and r.verdict is Verdict.FAIL}
    asked = [r for r in mine if r.check in failed]
    assert (said is Verdict.PASS) is (bool(asked) and all(r.verdict is Verdict.PASS for r in asked))
    if not failed:
        assert said is Verdict.INCONCLUSIVE
