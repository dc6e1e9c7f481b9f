"""A plan that waits fits on a phone's screen, however many services it moves: what one decides on is seen without scrolling."""

import re
from dataclasses import replace

import pytest

from bot.slack.render.kit import Block
from bot.slack.render.run import parent
from tests.bot.slack.runs import at, plan, stories
from tests.commands.fakes import POLICY

WIDE = 43
"""Characters of a line on a phone of 390 points, as the local workspace and Slack set them."""
BUTTON = 4
"""Characters that a button's frame takes beside its label."""
ADVICE = "Partial is recommended over full: at least 81% likely to go through, not 76%."
SCREEN = 30
"""Lines between the channel's name and the box to write in, with what surrounds a message taken off."""


def lines(text: str) -> int:
    """Lines that this mrkdwn takes, its marks and the inside of its links taken off."""
    seen = re.sub(r"<[^<>|]*\|([^<>]*)>", r"\1", text).replace("*", "").replace("`", "")
    return sum(max(1, -(-len(row) // WIDE)) for row in seen.split("\n"))


def height(block: Block) -> float:
    """Lines that a block takes, the space around it included."""
    match block["type"]:
        case "section":
            return lines(block["text"]["text"]) + 0.3
        case "context":
            return 0.9 * sum(lines(element["text"]) for element in block["elements"]) + 0.3
        case "actions":
            rows, used = 1, 0
            for button in block["elements"]:
                width = len(button["text"]["text"]) + BUTTON
                rows, used = (rows + 1, width) if used + width > WIDE else (rows, used + width)
            return 1.9 * rows
        case other:
            raise AssertionError(other)


@pytest.mark.parametrize("services", [1, 2, 8, 9, 50, 500])
def test_a_plan_fits_a_phone(services: int):
    weighed = replace(plan(services), advice=ADVICE)
    message = parent(at(stories(weighed)["waiting"]), POLICY)
    assert ADVICE in str(message.blocks)
    assert sum(map(height, message.blocks)) <= SCREEN


def test_a_plan_that_can_lose_data_fits_a_phone():
    message = parent(at(stories(plan(8, hazards=6, grouped=True))["waiting"]), POLICY)
    assert sum(map(height, message.blocks)) <= SCREEN + 9
    assert "Data can be lost" in str(message.blocks)
