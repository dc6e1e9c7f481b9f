"""On which kind of dependency a plan stands, and what makes one old."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from planner.edges import merged, together
from planner.facts import Edge, EdgeKind, Origin
from planner.plan import Plan, Request
from planner.planning import make_plan
from planner.wire import canonical, plan_from_json, plan_to_json
from tests.planner.world import START, release, service, snapshot

SEEN = START + timedelta(days=30)


def shop(*edges: Edge, taken_at=SEEN):
    """Order 2 calls payment and was deployed with it; going back to order 1 takes payment along."""
    order = service("order", release("1.0.0", 1), release("2.0.0", 5))
    payment = service("payment", release("1.0.0", 0), release("2.0.0", 4))
    mail = service("mail", release("1.0.0", 0))
    return replace(snapshot(replace(order, depends_on=edges), payment, mail), taken_at=taken_at)


def plan(*edges: Edge, **more) -> Plan:
    made = make_plan(Request(service="order"), shop(*edges, **more))
    assert isinstance(made, Plan), made
    return made


def test_a_plan_tells_declared_imported_and_observed_dependencies_apart():
    made = plan(
        Edge(service="mail", origin=Origin.IMPORTED, source="backstage"),
        Edge(service="payment", origin=Origin.OBSERVED, source="prometheus", seen_at=SEEN, rate=2.0, window=60.0),
    )
    assert [(f.origin, f.source, f.edges, f.some) for f in made.stands_on] == [
        (Origin.IMPORTED, "backstage", 1, ("order -> mail",)),
        (Origin.OBSERVED, "prometheus", 1, ("order -> payment",)),
    ]
    assert made.stands_on[1].oldest_seen_at == SEEN
    assert not made.warnings


def test_what_a_release_says_itself_is_declared_whoever_saw_the_calls():
    order = service("order", release("1.0.0", 1, requires={"payment": "^1"}), release("2.0.0", 5, requires={"payment": "^2"}))
    order = replace(order, depends_on=(Edge(service="payment", origin=Origin.OBSERVED, seen_at=START),))
    payment = service("payment", release("1.0.0", 0), release("2.0.0", 4))
    made = make_plan(Request(service="order"), replace(snapshot(order, payment), taken_at=SEEN))
    assert isinstance(made, Plan)
    assert [(f.origin, f.edges) for f in made.stands_on] == [(Origin.DECLARED, 1)]
    assert not made.warnings


def test_a_dependency_not_seen_for_long_is_warned_about_unless_somebody_declared_it():
    old = {"seen_at": SEEN - timedelta(days=9), "source": "prometheus"}
    made = plan(Edge(service="payment", origin=Origin.OBSERVED, **old))
    assert [line for line in made.warnings if "9 days ago" in line]
    assert not plan(Edge(service="payment", seen_at=SEEN - timedelta(days=9))).warnings
    assert not plan(Edge(service="payment", origin=Origin.OBSERVED, **old), taken_at=None).warnings


def test_who_told_of_it_changes_no_digest():
    seen = Edge(service="payment", origin=Origin.OBSERVED, source="prometheus", seen_at=SEEN)
    assert plan(seen).digest == plan(Edge(service="payment")).digest


def test_the_footing_survives_the_wire_and_may_be_absent():
    made = plan(Edge(service="payment", origin=Origin.OBSERVED, source="prometheus", seen_at=SEEN))
    value = json.loads(canonical(plan_to_json(made)))
    assert plan_from_json(value) == made
    del value["stands_on"]
    assert plan_from_json(value).stands_on == ()


EDGES = st.builds(
    Edge,
    service=st.sampled_from(["a", "b"]),
    kind=st.sampled_from(EdgeKind),
    origin=st.sampled_from(Origin),
    seen_at=st.none() | st.integers(0, 9).map(lambda day: START + timedelta(days=day)),
)


@given(st.lists(EDGES, max_size=8))
def test_merging_keeps_every_dependency_the_best_origin_and_the_last_sight(edges):
    found = merged(edges)
    assert {(e.service, e.kind) for e in found} == {(e.service, e.kind) for e in edges}
    assert len(found) == len({(e.service, e.kind) for e in found})
    for one in found:
        same = [e for e in edges if (e.service, e.kind) == (one.service, one.kind)]
        assert one.origin is min((e.origin for e in same), key=list(Origin).index)
        assert one.seen_at == max((e.seen_at for e in same if e.seen_at), default=None)
    assert merged(found) == found


@given(EDGES, EDGES)
def test_the_order_of_telling_changes_neither_origin_nor_age(one, other):
    other = replace(other, service=one.service, kind=one.kind)
    ahead, back = together(one, other), together(other, one)
    assert (ahead.origin, ahead.seen_at) == (back.origin, back.seen_at)
