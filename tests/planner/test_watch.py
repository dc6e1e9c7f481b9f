"""When a watch looks, and what its looks come to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from planner.events import Entry
from planner.verdict import Verdict
from planner.watch import KEPT, Watch, every, judge_watch, looked, replay_watch
from planner.watch_events import Reading, WatchBegan, WatchEnded
from tests.making import ANA, NOON

HALF_AN_HOUR = timedelta(minutes=30)
WATCH = Watch(run="r1", running={"order": "1.4.2"}, began=NOON, until=NOON + HALF_AN_HOUR, every=60.0, asked_by=ANA, looks=30)


def reading(verdict=Verdict.PASS, service="order", check="answers"):
    return Reading(service=service, check=check, verdict=verdict, because="seen")


@pytest.mark.parametrize(("seconds", "apart"), [(1800, 60), (3600, 60), (240, 30), (8, 1), (1, 0.5)])
def test_it_looks_once_a_minute_and_eight_times_at_least(seconds, apart):
    assert every(seconds) == apart


def test_the_last_look_is_at_the_end():
    assert replace(WATCH, looked_at=NOON + timedelta(minutes=29, seconds=30)).next_look == WATCH.until
    assert WATCH.next_look == NOON + timedelta(seconds=60)


def test_it_goes_on_while_all_is_well_and_ends_well_in_the_end():
    assert judge_watch(WATCH, [reading()], (), NOON) is None
    end = judge_watch(WATCH, [reading(), reading(check="")], (), WATCH.until)
    assert (end.verdict, end.because) == ("pass", "order 1.4.2 ran all the while, 1 checks good at the last of 30 looks")
    assert end.asked_by == ANA


def test_one_failure_ends_it_and_a_neighbours_only_if_it_was_well_before():
    assert judge_watch(WATCH, [reading(Verdict.FAIL)], (), NOON).verdict == "fail"
    web = reading(Verdict.FAIL, "web")
    assert judge_watch(WATCH, [web], (), NOON) is None
    assert judge_watch(WATCH, [web], (reading(Verdict.FAIL, "web"),), NOON) is None
    assert judge_watch(WATCH, [web], (reading(Verdict.PASS, "web"),), NOON).verdict == "fail"


def test_what_is_unclear_matters_at_the_end_alone():
    assert judge_watch(WATCH, [reading(Verdict.INCONCLUSIVE)], (), NOON) is None
    assert judge_watch(WATCH, [reading(Verdict.INCONCLUSIVE)], (), WATCH.until).verdict == "inconclusive"
    assert judge_watch(WATCH, [reading(Verdict.INCONCLUSIVE, "web")], (), WATCH.until).verdict == "pass"


def test_a_watch_without_enough_looks_tells_nothing():
    assert judge_watch(replace(WATCH, looks=14), [reading()], (), WATCH.until).verdict == "inconclusive"
    assert judge_watch(replace(WATCH, looks=15), [reading()], (), WATCH.until).verdict == "pass"
    assert judge_watch(replace(WATCH, gone=frozenset({"order"})), [], (), NOON).verdict == "inconclusive"


def test_large_looks_keep_what_did_not_pass_and_a_count():
    many = [reading(service=f"s{number}") for number in range(KEPT)]
    event = looked(WATCH, [*many, reading(Verdict.FAIL)], ())
    assert (len(event.readings), event.passed) == (1, KEPT)
    assert len(looked(WATCH, many, ()).readings) == KEPT


def test_a_watch_is_what_the_log_tells_and_ends_once():
    began = WatchBegan(run="r1", running={"order": "1.4.2"}, until=WATCH.until, every=60.0, asked_by=ANA)
    looks = [looked(WATCH, [reading()], ()), looked(WATCH, [reading()], ("order",))]
    ends = [
        WatchEnded(run="r1", services=("order",), verdict=verdict, because="", looks=2)
        for verdict in (Verdict.PASS, Verdict.FAIL)
    ]
    told = [Entry(seq=seq, at=NOON + timedelta(minutes=seq), event=event) for seq, event in enumerate([began, *looks, *ends])]
    watch = replay_watch(told)
    assert (watch.looks, watch.gone, watch.ended.verdict, watch.looked_at) == (2, {"order"}, "pass", NOON + timedelta(minutes=2))
    assert replay_watch([]) is None
