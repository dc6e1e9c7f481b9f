"""Which release the named service goes back to, and what is said where there is none."""

import pytest

from planner.facts import Verified
from planner.plan import Plan, Request
from planner.planning import make_plan, why_not
from planner.refusal import Code, Refusal
from planner.snapshot import with_proven
from tests.planner.world import release, service, snapshot


def ask(facts, name="order", **more):
    return make_plan(Request(service=name, **more), facts)


def order(*releases, **more):
    return snapshot(service("order", *releases, **more))


def test_the_newest_earlier_release():
    assert ask(order("1.0.0", "1.1.0", "2.0.0")).target.to_version == "1.1.0"


def test_a_good_one_is_preferred_to_a_newer_unknown_one():
    facts = order(release("1.0.0", verified="good"), release("1.1.0"), release("2.0.0"))
    plan = ask(facts)
    assert plan.target.to_version == "1.0.0"
    assert plan.moves[0].because == (
        "order goes back to 1.0.0, the newest earlier release that is verified good (1.1.0 is not verified good)",
    )
    assert ask(facts, prefer_verified=False).target.to_version == "1.1.0"


def test_bad_ones_are_passed_over_whoever_says_so():
    releases = [release("1.0.0"), release("1.1.0", verified="bad"), release("1.2.0"), release("2.0.0")]
    facts = snapshot(service("order", *releases), bad={"order": {"1.2.0": "lost carts"}})
    plan = ask(facts)
    assert plan.target.to_version == "1.0.0"
    assert "1.2.0 is remembered as bad (lost carts), 1.1.0 is marked bad in the catalog" in plan.moves[0].because[0]
    refusal = ask(facts, to="1.2.0")
    assert refusal.code is Code.BAD_VERSION
    assert refusal.message == "order 1.2.0 is remembered as bad (lost carts), so it is not gone back to."
    assert refusal.nearest == ("/rollback order to 1.0.0",)


def test_never_below_the_security_floor():
    facts = order("1.0.0", "1.1.0", "2.0.0", floor="1.1.0")
    assert ask(facts).target.to_version == "1.1.0"
    refusal = ask(facts, to="1.0.0")
    assert refusal.code is Code.BELOW_FLOOR
    assert refusal.nearest == ("/rollback order to 1.1.0",)


def test_a_floor_that_cannot_be_compared_is_decided_by_time_and_else_keeps_everything_out():
    assert ask(order("blue", "green", "red", floor="green"), to="blue").code is Code.BELOW_FLOOR
    assert ask(order("blue", "green", "red", floor="green")).target.to_version == "green"
    assert ask(order("blue", "green", "red", floor="1.0.0")).code is Code.NO_EARLIER_RELEASE


@pytest.mark.parametrize("name", ["ordr", "orders", "oder"])
def test_an_unknown_service_is_refused_with_its_likely_name(name):
    refusal = ask(order("1.0.0", "2.0.0"), name=name)
    assert refusal.code is Code.UNKNOWN_SERVICE
    assert refusal.nearest == ("/rollback order",)


def test_an_unknown_service_in_a_large_catalog():
    facts = snapshot(*(service(f"service-{number:05}", "1.0.0") for number in range(3000)))
    refusal = ask(facts, name="servce-00042")
    assert refusal.nearest[0] == "/rollback service-00042"


def test_an_unknown_version_is_refused_with_what_is_known():
    refusal = ask(order("1.4.1", "1.4.2", "2.0.0"), to="1.4.3")
    assert refusal.code is Code.UNKNOWN_VERSION
    assert refusal.facts == ("order runs 2.0.0; it can go back to 1.4.2, 1.4.1",)
    assert set(refusal.nearest) == {"/rollback order to 1.4.2", "/rollback order to 1.4.1"}


def test_what_runs_now_and_what_came_later_are_no_rollback():
    facts = order("1.0.0", "1.1.0", "2.0.0", current="1.1.0")
    assert ask(facts).target.to_version == "1.0.0"
    assert ask(facts, to="1.1.0").code is Code.NOT_EARLIER
    refusal = ask(facts, to="2.0.0")
    assert refusal.code is Code.NOT_EARLIER
    assert "way forward" in refusal.message


def test_one_release_only():
    refusal = ask(order("1.0.0"))
    assert refusal.code is Code.NO_EARLIER_RELEASE
    assert refusal.message == "order has no release before 1.0.0, which runs now, so there is nothing to go back to."


def test_nothing_left_to_go_back_to():
    refusal = ask(order(release("1.0.0", verified="bad"), release("2.0.0")))
    assert refusal.code is Code.NO_EARLIER_RELEASE
    assert refusal.facts == ("order 1.0.0 is marked bad in the catalog",)


def test_a_running_version_nobody_listed_counts_as_the_newest_and_is_warned_of():
    plan = ask(order("1.0.0", "1.1.0", current="1.2.0-hotfix"))
    assert plan.target.to_version == "1.1.0"
    assert "order runs 1.2.0-hotfix, which is not in its list of releases" in plan.warnings[0]


def test_times_order_releases_whatever_the_catalog_says():
    facts = order(release("2.0.0", 9), release("1.0.0", 1), release("1.1.0", 5), current="2.0.0")
    assert ask(facts).target.to_version == "1.1.0"


def test_releases_of_one_moment_keep_the_order_of_the_catalog():
    facts = order(release("1.0.0", 1), release("1.2.0", 5), release("1.1.0", 5), release("2.0.0", 5), current="2.0.0")
    assert ask(facts).target.to_version == "1.1.0"


def test_a_hundred_releases():
    facts = order(*(f"1.{number}.0" for number in range(100)))
    assert ask(facts).target.to_version == "1.98.0"
    assert isinstance(ask(facts, to="1.0.0"), Plan)


def test_why_not_has_the_refusal_or_nothing():
    facts = order(release("1.0.0", verified=Verified.BAD), release("1.1.0"), release("2.0.0"))
    assert isinstance(why_not(facts, Request(service="order", to="1.0.0")), Refusal)
    assert why_not(facts, Request(service="order", to="1.1.0")) is None


def test_a_release_that_we_verified_ourselves_is_preferred_like_a_good_one():
    world = snapshot(service("order", release("1.0.0", 1), release("1.1.0", 2), release("2.0.0", 3)))
    assert make_plan(Request(service="order"), world).target.to_version == "1.1.0"
    known = with_proven(world, {"order": frozenset({"1.0.0"}), "ghost": frozenset({"1.0.0"})})
    assert make_plan(Request(service="order"), known).target.to_version == "1.0.0"
    assert with_proven(world, {}) is world


def test_what_the_catalog_calls_bad_stays_bad():
    world = snapshot(service("order", release("1.0.0", 1, verified="bad"), release("2.0.0", 3)))
    assert with_proven(world, {"order": frozenset({"1.0.0"})}) is world
