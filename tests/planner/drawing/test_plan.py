"""The plan's picture, looked at by program: nothing overlaps, nothing leaves its place, everything is there."""

import pytest

from planner.drawing.folding import MOST_BOXES, folded
from planner.drawing.plan import plan_svg, plan_words
from tests.making import SHOP
from tests.planner.drawing.plans import drawn
from tests.planner.drawing.seen import faults, look

SIZES = [
    *((1, 1, 0, 0), (2, 2, 0, 1), (2, 1, 1, 0), (12, 5, 2, 4), (60, 7, 3, 30), (60, 60, 0, 5), (60, 1, 2, 0)),
    *((500, 9, 9, 200), (500, 90, 0, 0)),
]


@pytest.mark.parametrize(("services", "waves", "groups", "staying"), SIZES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_text_outside_its_box_and_no_edge_through_a_box(services, waves, groups, staying, seed):
    seen = look(plan_svg(drawn(services, waves, groups=groups, staying=staying, seed=seed)))
    assert not faults(seen)


def test_everything_small_enough_is_there():
    plan = drawn(12, 4, groups=1, staying=5)
    seen = look(plan_svg(plan))
    assert {move.service for move in plan.moves} <= seen.boxes.keys()
    assert {f"stays:neighbour-number-{k}" for k in range(5)} <= seen.boxes.keys()
    assert len(seen.lines) == len(plan.order)
    assert seen.titles[0] == f"{plan.order[0].before} before {plan.order[0].after}: {plan.order[0].because}"


@pytest.mark.parametrize(("services", "waves"), [(41, 1), (60, 7), (500, 9), (500, 400)])
def test_what_is_folded_is_counted(services, waves):
    plan = drawn(services, waves, staying=300)
    small = folded(plan)
    assert sum(len(column.moves) + column.more for column in small.columns) == services
    assert sum(len(column.moves) for column in small.columns) <= MOST_BOXES
    assert len(small.staying) + small.more_staying == 300
    assert any(move.service == plan.target.service for column in small.columns for move in column.moves)


def test_it_fits_a_phone():
    """Four hundred pixels across, the smallest words that matter are still eight high."""
    for services, waves in ((12, 5), (60, 7), (500, 9)):
        seen = look(plan_svg(drawn(services, waves)))
        assert 15 * 400 / seen.wide > 6.5


def test_a_word_stands_wherever_colour_speaks():
    text = plan_svg(drawn(12, 4, groups=1))
    for words in ("asked for", "can lose data", "in one step", "Stay as they are", "Wave 1"):
        assert words in text


def test_alternative_text_holds_the_waves():
    words = plan_words(SHOP)
    assert "Wave 1: payment-service 3.0.0 to 2.2.0." in words
    assert "Wave 2: order-service 2.0.0 to 1.4.2." in words
    assert len(plan_words(drawn(500, 9))) <= 1000


def test_the_same_plan_is_the_same_picture():
    assert plan_svg(drawn(60, 7)) == plan_svg(drawn(60, 7))
