"""Which plan is recommended, and whether the sentence says why."""

from planner.plan import Request, Risk, Strategy
from planner.planning import make_plan
from planner.weighing import Weighed, pick
from tests.planner.world import release, service, snapshot


def weighed(strategy=Strategy.PARTIAL, services=2, hazards=0, low=0.9, seconds=100.0, after=None):
    risk = Risk(success=0.97, expected_seconds=seconds, p90_seconds=seconds * 2, success_low=low, reliable_after=after)
    return Weighed(strategy=strategy, services=services, hazards=hazards, risk=risk)


def full(**more):
    return weighed(strategy=Strategy.FULL, **{"services": 5, **more})


def test_no_choice_no_sentence():
    assert pick([weighed()])[1] == ""


def test_data_comes_before_everything():
    best, why = pick([weighed(hazards=0, low=0.2), full(hazards=1, low=0.99)])
    assert best.strategy is Strategy.PARTIAL
    assert why == "The partial plan is recommended over the full one: it crosses 0 migrations that can lose data, not 1."


def test_the_lower_bound_counts_not_the_mean():
    best, why = pick([weighed(low=0.6), full(low=0.9)])
    assert best.strategy is Strategy.FULL
    assert "at least 90% likely" in why
    assert "only 60%" in why


def test_then_what_users_see():
    best, why = pick([weighed(after=0.9), full(after=0.99)])
    assert best.strategy is Strategy.FULL
    assert "99.0% of requests" in why


def test_where_nothing_decides_less_is_moved():
    best, why = pick([weighed(low=0.9), full(low=0.91, seconds=10)])
    assert best.strategy is Strategy.PARTIAL
    assert "moves 2 services, not 5" in why
    _, same = pick([weighed(seconds=50), full(services=2)])
    assert "about 50 s, not 100 s" in same


def test_auto_recommends_and_says_why():
    shop = snapshot(
        service("order", release("1.0.0", 1), release("2.0.0", 5), depends_on=["payment"]),
        service("payment", release("1.0.0", 0)),
        service("search", release("1.0.0", 1), release("1.1.0", 6)),
    )
    plan = make_plan(Request(service="order"), shop)
    assert plan.strategy is Strategy.PARTIAL
    assert plan.advice.startswith("The partial plan is recommended over the full one: ")
    assert plan.risk.by_full > 0
    assert plan.alternatives[0].risk.success < plan.risk.success
