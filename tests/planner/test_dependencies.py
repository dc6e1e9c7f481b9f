"""Who depends on whom is worked out once for the services of a catalog, and anew as soon as one of them is another."""

from dataclasses import replace

from planner.dependencies import dependencies_of
from planner.graph import graph_of
from planner.snapshot import with_proven
from tests.planner.world import service, snapshot


def two():
    return snapshot(service("web", "1.0.0", "2.0.0", depends_on=["db"]), service("db", "1.0.0", "2.0.0"))


def test_the_next_snapshot_of_the_same_services_walks_through_nothing_again():
    facts = two()
    later = replace(facts, services={**facts.services}, current={**facts.current, "web": "1.0.0"})
    assert graph_of(later).among is graph_of(facts).among
    assert graph_of(later).current("web") == "1.0.0"


def test_what_was_learned_of_a_release_changes_no_dependency():
    facts = two()
    proven = with_proven(facts, {"db": frozenset({"1.0.0"})})
    assert proven.services["db"] is not facts.services["db"]
    assert graph_of(proven).among is graph_of(facts).among


def test_another_service_or_an_equal_one_that_is_not_the_same_is_looked_at_anew():
    facts = two()
    before = dependencies_of(facts.services)
    without = {**facts.services, "web": replace(facts.services["web"], depends_on=())}
    assert dependencies_of(without).consumers().of("db") == ()
    assert before.consumers().of("db") == ("web",)
    assert dependencies_of(two().services) is not before
    newer = {**facts.services, "db": service("db", "1.0.0", "2.1.0")}
    assert dependencies_of(newer) is not dependencies_of(facts.services)


def test_services_in_another_order_are_others():
    facts = two()
    turned = dict(reversed(facts.services.items()))
    assert dependencies_of(turned) is not dependencies_of(facts.services)
    assert dependencies_of(turned).names == ["db", "web"]
