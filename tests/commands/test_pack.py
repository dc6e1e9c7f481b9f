"""The pack of a run: where the minutes went, who decided what, what went otherwise, what still stands."""

import json
from dataclasses import replace

import pytest

from commands.reply import Packed
from commands.table import answer
from commands.views.reply_text import reply_text
from commands.views.run_json import run_json
from commands.views.run_markdown import run_markdown
from planner.events import Choice, Decided, Ended, Ending, Halted, Measured, StepIntended
from planner.facts import MigrationKind
from planner.plan import Hazard
from planner.review import Period, review
from planner.risk import risk_of
from planner.verdict import Outcome
from tests.commands.fakes import ANA, Office, call
from tests.making import ANA as PERSON
from tests.making import SHOP
from tests.planner.drawing.runs import Story, finished, undone

PLAN = replace(SHOP, risk=risk_of(SHOP.waves))
LOST = Hazard(service="order-service", release="2.0.0", migration="0042", kind=MigrationKind.CONTRACT)


def left():
    """A run that moved one service, failed at the other, and was left."""
    story = Story(replace(PLAN, hazards=(LOST,)))
    first, second = story.plan.moves
    story.step(first.service)
    story.step(second.service, fails=True)
    story.add(Halted(because="order-service failed"))
    story.wait(120)
    story.add(Decided(by=PERSON, choice=Choice.LEAVE, reason="by hand"))
    story.add(Ended(ending=Ending.LEFT, because="left", by=PERSON, obligations=("Fix it.",)))
    return story.entries


@pytest.mark.parametrize("entries", [finished(PLAN, failing=1), undone(PLAN), left()], ids=["finished", "undone", "left"])
def test_the_minutes_add_up(entries):
    found = review("r1", entries)
    whole = (entries[-1].at - entries[0].at).total_seconds() / 60
    assert sum(found.minutes.values()) == pytest.approx(whole, abs=0.03)
    assert found.minutes[Period.DECIDING] == pytest.approx(95 / 60, abs=0.01)
    assert found.minutes[Period.PEOPLE] > 0.6


def test_who_saw_and_decided_what():
    said = [(one.by.name, one.saw, one.said) for one in review("r1", left()).decisions]
    assert said[1][0] == "Raj"
    assert "2 services, 1 hazards" in said[1][1]
    assert ("Ana", "order-service failed", "leave: by hand") in said


def test_what_went_otherwise_than_planned():
    found = review("r1", finished(PLAN, failing=1)).deviations
    assert "payment-service failed: did not stay up" in found
    assert "it stopped, and Ana chose retry" in found
    assert "payment-service was asked for 2 times" in found
    assert review("r1", finished(PLAN)).deviations == ()


def test_what_was_not_undone():
    standing = review("r1", left()).standing
    assert "payment-service stays at 2.2.0, where this run brought it" in standing
    assert "order-service was on its way to 1.4.2 when it failed: look at it" in standing
    assert "contract migration 0042 of order-service 2.0.0 is still applied" in standing
    assert review("r1", finished(PLAN)).standing == ()
    assert review("r1", undone(PLAN)).standing == ()


def test_a_run_much_slower_than_predicted_says_so():
    slow = finished(replace(PLAN, risk=replace(PLAN.risk, planned_low=1.0, planned_high=2.0)))
    assert any("longer than the 1 to 2 s that were predicted" in line for line in review("r1", slow).deviations)


def test_the_page_and_the_json_tell_the_same():
    entries = left()
    page, told = run_markdown("r1", entries, {"The run": "r1.run.svg"}), json.loads(run_json("r1", entries))
    for title in ("Minutes", "Pictures", "Plan", "Who saw and decided what", "Otherwise than planned", "Not undone", "Timeline"):
        assert f"## {title}\n" in page
    assert "![The run](<r1.run.svg>)" in page
    assert told["schema"] == "rollbot/review/v1"
    assert told["obligations"] == ["Fix it."]
    assert told["left_standing"] == list(review("r1", entries).standing)
    assert len(told["timeline"]) == len(entries)
    assert told["plan"]["digest"] == PLAN.digest


def test_measurements_are_counted_as_evidence():
    story = Story(PLAN)
    story.add(StepIntended(step="order-service", attempt=1, expect="2.0.0", to="1.4.2", key="k"))
    for outcome in (Outcome.PASS, Outcome.PASS, Outcome.FAIL):
        story.add(Measured(step="order-service", check="ready", outcome=outcome, seen="200"))
    assert review("r1", story.entries).measured == {("order-service", "ready"): {"pass": 2, "fail": 1}}


async def test_it_is_had_by_its_verb():
    office = Office()
    await answer(office.desk, call(ANA, "order-service"))
    reply = await answer(office.desk, call(ANA, "pack r1"))
    assert isinstance(reply, Packed)
    assert reply_text(reply).startswith("# Run r1: order-service 2.0.0 to 1.4.2")
