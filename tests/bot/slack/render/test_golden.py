"""What people read has not changed unseen."""

import pytest

from tests.bot.slack.render.golden import HERE, as_json, drawn

DRAWN = drawn()


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_messages_look_as_agreed(name: str):
    agreed = (HERE / f"{name}.json").read_text(encoding="utf-8")
    assert as_json(DRAWN[name]) == agreed, "if this is meant: python -m tests.bot.slack.render.golden, and read the difference"


def test_no_agreed_message_is_left_over():
    assert sorted(path.stem for path in HERE.glob("*.json")) == sorted(DRAWN)
