"""A run over time, from its log."""

import pytest

from planner.events import Entry
from planner.timeline import Phase, minutes, timeline
from tests.making import ANA, NOON, SHOP, asked
from tests.planner.drawing.runs import Story, finished, undone


def test_every_step_has_its_phases_in_order():
    line = timeline("r1", finished(SHOP))
    assert [(row.step, row.state) for row in line.rows] == [("payment-service", "verified"), ("order-service", "verified")]
    for row in line.rows:
        assert [span.phase for span in row.spans][-2:] == [Phase.EXECUTING, Phase.VERIFYING]
        for one, after in zip(row.spans, row.spans[1:], strict=False):
            assert one.end == after.begin
    assert line.over
    assert [mark.words for mark in line.marks] == ["Ana asked", "planned", "Raj approved", "granted", "ended: finished"]


def test_a_failure_lasts_until_it_is_tried_again():
    row = timeline("r1", finished(SHOP, failing=1)).rows[0]
    failed = next(span for span in row.spans if span.phase is Phase.FAILED)
    assert failed.end - failed.begin == pytest.approx(70.5, abs=0.01)
    assert row.state == "verified"


def test_what_was_undone_has_rows_of_its_own():
    line = timeline("r1", undone(SHOP))
    assert [row.step for row in line.rows] == ["payment-service", "order-service", "undo:payment-service", "undo:order-service"]
    assert line.rows[3].change == "1.4.2 → 2.0.0"


def test_a_run_that_goes_on_is_drawn_so_far():
    story = Story(SHOP)
    story.step("payment-service")
    line = timeline("r1", story.entries)
    assert not line.over
    assert line.rows[1].state == "not begun"
    assert [span.phase for span in line.rows[1].spans] == [Phase.WAITING]


def test_no_plan_no_timeline():
    assert timeline("r1", [Entry(seq=1, at=NOON, event=asked(by=ANA))]) is None


def test_minutes_add_up():
    line = timeline("r1", finished(SHOP))
    counted = minutes(line)
    assert counted["deciding"] == pytest.approx(95 / 60, abs=0.01)
    assert counted["deciding"] + counted["running"] == pytest.approx(line.seconds / 60, abs=0.02)
    assert counted["failed"] == 0
