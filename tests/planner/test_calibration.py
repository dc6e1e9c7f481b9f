"""Predicted against actual."""

from dataclasses import replace

import pytest

from planner.calibration import calibrate, compare
from planner.risk import risk_of
from tests.making import SHOP
from tests.planner.drawing.runs import Story, finished, undone

PLAN = replace(SHOP, risk=risk_of(SHOP.waves))


def test_runs_that_touched_nothing_are_not_compared():
    assert compare("r1", Story(PLAN).entries) is None
    assert compare("r1", Story(PLAN).end()) is None


def test_a_smooth_run_has_a_time_and_another_has_none():
    smooth, bumpy, back = (compare("r1", log) for log in (finished(PLAN), finished(PLAN, failing=1), undone(PLAN)))
    assert smooth.went_through
    assert smooth.seconds == pytest.approx(76, abs=15)
    assert bumpy.went_through
    assert bumpy.seconds is None
    assert not back.went_through


def test_all_together():
    found = calibrate([compare("r1", log) for log in (finished(PLAN), finished(PLAN, failing=1), undone(PLAN))])
    assert (found.happened, found.timed) == (2, 1)
    assert found.predicted == pytest.approx(3 * PLAN.risk.success)
    assert 0 < found.brier < 0.5
    assert found.ratio == pytest.approx(found.runs[0].seconds / PLAN.risk.planned_seconds)


def test_nothing_to_compare():
    assert calibrate([]).brier is None
