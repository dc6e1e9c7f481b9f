"""On which kind of dependency a plan stands: always in the thread, beside the plan where not all of it is declared."""

from dataclasses import replace

from bot.slack.render.paper import paper, rows
from bot.slack.render.plan import body
from tests.bot.slack.runs import asking, at, plan
from tests.commands.test_views_plan import STANDS


def test_the_thread_always_says_it():
    assert any("_Stands on 3 declared dependencies; 1 imported" in row for row in rows(replace(plan(2), stands_on=STANDS)))
    assert "- stands on 3 declared dependencies; 1 imported" in paper(at(asking(replace(plan(2), stands_on=STANDS))))


def test_the_plan_says_it_where_not_all_is_declared():
    assert "Stands on 3 declared dependencies; 1 imported" in str(body(replace(plan(2), stands_on=STANDS)))
    assert "Stands on" not in str(body(replace(plan(2), stands_on=STANDS[:1])))
