"""What a button carries survives the way to Slack and back, and garbage is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.actions import ActionId, Press, action_id, decode, encode
from planner.events import Choice
from planner.names import RunId
from tests.bot.slack.runs import at, plan, stories


def test_a_value_comes_back_as_it_was():
    assert decode(encode(at(stories(plan(2))["waiting"]))) == Press(run=RunId("r12"), digest="5f" * 8, decisions=0)
    assert decode(encode(at(stories(plan(2))["undoing"]))) == Press(run=RunId("r12"), digest="5f" * 8, decisions=1)


@pytest.mark.parametrize(
    "value", ["", "r12", "r12 xyz 0", "r0 5f 0", "r12 5f -1", "r12 5f 0\n", " r12 5f 0", "r1٢ 5f 0", "r12 5f 0 x"]
)
def test_what_we_never_wrote_is_nothing(value: str):
    assert decode(value) is None


@given(st.text())
def test_garbage_never_raises(value: str):
    decode(value)
    action_id(value)


def test_every_choice_has_its_button():
    assert {action.choice for action in ActionId} - {None} == set(Choice)
    assert action_id("rollbot:approve") is ActionId.APPROVE
    assert action_id("rollbot:launch") is None
