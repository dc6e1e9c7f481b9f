"""The plan's message names the one that is recommended and why, and the others are a button away."""

from bot.slack.actions import SMALLER, TYPED
from bot.slack.render.kit import bare, escape
from bot.slack.render.paper import pages
from bot.slack.render.plan import preview, waiting
from planner.plan import Request, Strategy
from planner.planning import make_plan
from planner.run import Run, follow
from tests.bot.slack.runs import log
from tests.commands.fakes import POLICY
from tests.making import asked, planned
from tests.planner.test_curve import contract_change
from tests.planner.test_weighing import spread


def drawn():
    plan = make_plan(Request(service="order"), spread())
    run = Run(id="r12")
    for entry in log([asked("order"), planned(plan)]):
        run = follow(run, entry)
    return plan, waiting(run, POLICY)


def buttons(message):
    return {e["text"]["text"]: e for block in message.blocks if block["type"] == "actions" for e in block["elements"]}


def test_the_point_between_is_a_button_away_and_says_first_what_it_would_do():
    _, message = drawn()
    found = buttons(message)
    assert {"Approve", "Full plan", "Plan between"} <= found.keys()
    between = found["Plan between"]
    assert between["action_id"] == SMALLER
    assert between["value"] == "plan order to 1.0.0 --strategy full --without far0,far1,far2"
    assert between["value"].startswith(TYPED[SMALLER])
    assert "Plans again: 4 services" in between["confirm"]["text"]["text"]


def test_the_message_says_why_with_the_numbers():
    plan, message = drawn()
    said = bare(str(message.blocks))
    assert "Partial is recommended over full" in said
    assert escape(plan.advice) in str(message.blocks)
    assert "• partial: at least" in "".join(pages(plan))


def test_a_dry_run_says_what_to_type():
    plan, _ = drawn()
    said = str(preview(plan, 1).blocks)
    assert "/rollback plan order to 1.0.0 --strategy full --without far0,far1,far2" in said
    assert "--strategy full`" in said


def test_single_steps_begin_with_a_button_that_plans_the_first():
    plan = make_plan(Request(service="caller", to="1.0.0", strategy=Strategy.PARTIAL), contract_change())
    run = Run(id="r12")
    for entry in log([asked("caller"), planned(plan)]):
        run = follow(run, entry)
    first = buttons(waiting(run, POLICY))["Plan first step"]
    assert first["action_id"] == SMALLER
    assert first["value"] == "plan caller to 1.5.0 --strategy partial"
    assert first["value"].startswith(TYPED[SMALLER])
    assert first["confirm"]["text"]["text"].startswith("Plans caller to 1.5.0 alone. The new plan takes the place of run r12.")
