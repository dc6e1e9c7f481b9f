"""What logs teach: read from entries, pooled over services, and honest about how little is known."""

import random
from dataclasses import replace
from datetime import timedelta
from math import exp, log

import pytest

from planner.events import Choice, Decided, Entry, Gate, GateJudged, Halted, StepAccepted, StepFailed, StepIntended, StepVerified
from planner.experience import Experience, Proven, Seen, Turn, experience, together
from planner.learning import learn, pooled
from planner.rates import PRIOR, Odds, Part
from planner.risk import risk_of
from planner.verdict import Verdict
from tests.making import ANA, NOON, asked


def log_of(*events):
    """Entries from (seconds, event) pairs."""
    return [Entry(seq=at, at=NOON + timedelta(seconds=seconds), event=event) for at, (seconds, event) in enumerate(events, 1)]


def intended(step="a"):
    return StepIntended(step=step, attempt=1, expect="2.0.0", to="1.0.0", key="k")


def passed(gate, step="a"):
    return GateJudged(step=step, gate=gate, verdict=Verdict.PASS, because="", seconds=1.0)


STEP = [
    (0, intended()),
    (3, StepAccepted(step="a", key="k")),
    (9, passed(Gate.IDENTITY)),
    (9, passed(Gate.CONVERGED)),
    (13, passed(Gate.STABLE)),
    (20, StepVerified(step="a")),
]


def test_a_step_is_read_part_by_part():
    seen = experience(log_of(*STEP)).seen
    assert [(one.part, one.worked, one.seconds) for one in seen] == [("stop", True, 3), ("start", True, 10), ("verify", True, 7)]


def test_a_failure_belongs_to_the_part_in_which_it_happened():
    for upto, part in ((1, Part.STOP), (3, Part.START), (5, Part.VERIFY)):
        last = experience(log_of(*STEP[:upto], (30, StepFailed(step="a", because="no")))).seen[-1]
        assert (last.part, last.worked, last.seconds) == (part, False, None)


def test_what_was_found_after_a_crash_has_no_time_but_counts():
    seen = experience(log_of((0, intended()), (50, StepAccepted(step="a", key="k", recovered=True)))).seen
    assert [(one.worked, one.seconds) for one in seen] == [(True, None)]


def test_undoing_teaches_about_the_same_service():
    step = [(0, intended("undo:a")), (4, StepAccepted(step="undo:a", key="k"))]
    assert [one.service for one in experience(log_of(*step)).seen] == ["a"]


def test_a_release_whose_checks_passed_is_proven():
    checked = (18, replace(passed(Gate.INDICATORS), check="works"))
    steps = [*STEP[:-1], checked, STEP[-1]]
    assert experience(log_of(*steps)).proven == (Proven("a", "1.0.0"),)
    assert experience(log_of(*STEP)).proven == (), "without a check it only stayed up"
    unclear = (20, StepVerified(step="a", unclear=("works",)))
    assert experience(log_of(*steps[:-1], unclear)).proven == ()
    forward = (0, replace(asked("a"), forward_of="r1"))
    assert experience(log_of(forward, *steps)).proven == (), "what was rolled back from is not good because it runs again"


def test_people_are_timed_from_the_halt():
    turns = experience(log_of((0, Halted(because="x")), (90, Decided(by=ANA, choice=Choice.RETRY)))).turns
    assert [(turn.choice, turn.seconds) for turn in turns] == [(Choice.RETRY, 90)]


def test_nothing_seen_is_the_declared_rates():
    assert learn(Experience(), 0, NOON) is PRIOR


def seen(service, part, worked, *, days=0, seconds=None):
    return Seen(service, part, worked, seconds, NOON - timedelta(days=days))


def test_a_new_service_borrows_from_the_others():
    good = Experience(tuple(seen(name, part, True, seconds=2.0) for name in "abc" for part in Part for _ in range(30)))
    rates = learn(good, 30, NOON)
    assert rates.runs == 30
    assert rates.step("new").start.odds.mean > PRIOR.typical.start.odds.mean
    assert rates.step("new").start.time.median < PRIOR.typical.start.time.median


def test_a_bad_record_stays_with_its_service():
    others = [seen(name, Part.START, True) for name in "bcdefgh" for _ in range(20)]
    rates = learn(Experience((*others, *(seen("a", Part.START, at % 2 == 0) for at in range(20)))), 20, NOON)
    assert rates.step("a").start.odds.mean < 0.75 < 0.9 < rates.step("b").start.odds.mean


def test_old_counts_fade():
    fails = [seen("a", Part.START, False, days=0) for _ in range(6)]
    old = [seen("a", Part.START, False, days=900) for _ in range(6)]
    fresh, faded = (learn(Experience(tuple(many)), 6, NOON).step("a").start.odds.mean for many in (fails, old))
    assert fresh < faded
    assert faded == pytest.approx(learn(Experience((seen("x", Part.STOP, True),)), 1, NOON).typical.start.odds.mean, abs=0.03)


def test_choices_are_learned():
    turns = tuple(Turn(Choice.UNDO, 600.0, NOON) for _ in range(40))
    rates = learn(Experience((), turns), 40, NOON)
    assert rates.choices.shares(retry=True, escalate=False)[1] > 0.7
    assert 400 < rates.decide.median < 600


def test_pooling_more_of_the_same_is_surer():
    few, many = ({f"s{at}": (9.0 * times, 1.0 * times) for at in range(5)} for times in (1, 10))
    (loose, wide), _ = pooled(few, Odds(8, 0.3))
    (tight, narrow), _ = pooled(many, Odds(8, 0.3))
    assert narrow < wide
    assert tight.mean == pytest.approx(0.9, abs=0.03)
    assert loose.mean == pytest.approx(0.9, abs=0.05)


class History:
    """A made-up company: true odds and times drawn from what is believed beforehand, and a log of what happened."""

    def __init__(self, chance: random.Random) -> None:
        self.names = [f"s{at}" for at in range(chance.choice((5, 8, 14)))]
        self.truth = {name: {} for name in self.names}
        for part, rate in PRIOR.typical.parts:
            mean = min(max(chance.betavariate(8 * rate.odds.mean, 8 * (1 - rate.odds.mean)), 0.5), 0.998)
            strength = exp(chance.uniform(0, log(128)))
            for name in self.names:
                works = chance.betavariate(mean * strength, (1 - mean) * strength)
                self.truth[name][part] = (works, log(10) + chance.gauss(0, 0.3))
        seen = [one for name in self.names for _ in range(chance.randint(0, 12)) for one in self.step(chance, name)]
        self.rates = learn(Experience(tuple(seen)), len(seen), NOON)

    def step(self, chance, name):
        for part in Part:
            works, middle = self.truth[name][part]
            worked = chance.random() < works
            yield Seen(
                name,
                part,
                worked,
                exp(chance.gauss(middle, 0.5)) if worked else None,
                NOON - timedelta(days=chance.random() * 20),
            )
            if not worked:
                return

    def played(self, chance, waves):
        """The true probability that this plan works, and how long it takes if nothing fails."""
        again = self.rates.choices.shares(retry=True, escalate=True)[0]
        works, seconds = 1.0, 0.0
        for wave in waves:
            for name in wave:
                once = 1.0
                for part in Part:
                    once *= self.truth[name][part][0]
                works *= (1 + again) * once - again * once**2
            seconds += max(sum(exp(chance.gauss(self.truth[name][part][1], 0.5)) for part in Part) for name in wave)
        return works, seconds


def test_the_ninety_percent_intervals_hold_the_truth_nine_times_in_ten():
    chance, inside, timely, rounds = random.Random(1), 0, 0, 500
    for _ in range(rounds):
        company = History(chance)
        plan = chance.sample(company.names, chance.randint(1, 5))
        waves = [plan[at : at + 3] for at in range(0, len(plan), 3)]
        risk = risk_of(waves, company.rates)
        works, seconds = company.played(chance, waves)
        inside += risk.success_low <= works <= risk.success_high
        timely += risk.planned_low <= seconds <= risk.planned_high
    assert 0.88 <= inside / rounds <= 0.92
    assert 0.88 <= timely / rounds <= 0.92


def test_experience_of_several_runs_adds_up():
    one = experience(log_of(*STEP))
    assert len(together([one, one]).seen) == 6
