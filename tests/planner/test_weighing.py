"""Which plan is recommended, and whether the sentence says why."""

from planner.plan import Request, Risk, Strategy
from planner.planning import make_plan
from planner.weighing import Weighed, numbers, pick
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
    assert why.startswith("Partial is recommended over full: it crosses 0 migrations that can lose data, not 1")
    assert numbers(full(hazards=1, low=0.99)) == "full: at least 99% likely, about 100 s, 0.0 migrations at risk"


def test_the_lower_bound_counts_not_the_mean():
    best, why = pick([weighed(low=0.6), full(low=0.9)])
    assert best.strategy is Strategy.FULL
    assert "at least 90% likely" in why
    assert "not 60%" in why


def test_then_what_users_see():
    best, why = pick([weighed(after=0.9), full(after=0.99)])
    assert best.strategy is Strategy.FULL
    assert "99.0% of requests" in why


def test_where_nothing_decides_less_is_moved():
    best, why = pick([weighed(low=0.9), full(low=0.91, seconds=10)])
    assert best.strategy is Strategy.PARTIAL
    assert "moves 2 services, not 5" in why
    assert numbers(best) == "partial: at least 90% likely, about 100 s, no data at risk"
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
    assert plan.advice.startswith("Partial is recommended over full: ")
    assert plan.risk.by_full > 0
    assert plan.alternatives[0].risk.success < plan.risk.success


def spread():
    """A partial plan of one service, a full one of six with hazards in what is far away, so that a point between is a bargain."""
    any_order = {"order": "*"}
    near = [service(f"near{k}", release("1.0.0", 1), release("1.1.0", 6, requires=any_order)) for k in range(3)]
    far = [service(f"far{k}", release("1.0.0", 1), release("1.1.0", 6, migrations=["contract"])) for k in range(3)]
    return snapshot(service("order", release("1.0.0", 1), release("1.1.0", 5)), *near, *far)


def test_a_point_between_is_weighed_and_can_be_asked_for():
    plan = make_plan(Request(service="order"), spread())
    between = next(other for other in plan.alternatives if other.label == "between")
    assert [line.split(":")[0] for line in plan.compared] == ["partial", "full", "between"]
    assert between.asked == "/rollback plan order to 1.0.0 --strategy full --without far0,far1,far2"
    pinned = frozenset(["far0", "far1", "far2"])
    asked = make_plan(Request(service="order", strategy=Strategy.FULL, pinned=pinned), spread())
    assert tuple((move.service, move.to_version) for move in asked.moves) == between.moves
    assert "far0 stays at 1.1.0: it was to be left out" in asked.warnings
    assert asked.risk.success == between.risk.success
