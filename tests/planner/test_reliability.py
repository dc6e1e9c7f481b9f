"""What users feel: walks against plain linear algebra, one formula against solving anew, and what plans say of it."""

import random
from dataclasses import replace

import numpy as np
import pytest

from planner import walk as walking
from planner.calls import call_graph
from planner.facts import Edge, EdgeKind, Service
from planner.graph import graph_of
from planner.plan import Request
from planner.planning import make_plan
from planner.reliability import SERVES, alone, entering, reliability
from planner.users import users_of
from tests.planner.world import release, service, snapshot


def services(calls, rates=None):
    """Services by name from who calls whom."""
    names = sorted({*calls, *(other for others in calls.values() for other in others)})
    return {
        name: Service(
            name=name, depends_on=tuple(Edge(service=o, rate=(rates or {}).get((name, o))) for o in calls.get(name, ()))
        )
        for name in names
    }


def drawn(chance, size, *, cyclic):
    """Services that call one another at random, down the list only unless `cyclic`."""
    names = [f"s{at:02}" for at in range(size)]
    calls = {}
    for at, name in enumerate(names):
        below = [other for other in names if other != name] if cyclic else names[at + 1 :]
        calls[name] = chance.sample(below, min(len(below), chance.randint(0, 4)))
    return services(calls)


def dense(calls, serving, entry):
    """The share of requests that end well, N_ii, by the inverse of the whole matrix."""
    size, walk = len(calls.names), calls.walk
    q = np.zeros((size, size))
    for at in range(size):
        for place in range(walk.first[at], walk.first[at + 1]):
            q[at, walk.to[place]] += serving[at] * walk.share[place]
    n = np.linalg.inv(np.eye(size) - q)
    return float(np.array(entry) @ n @ (np.array(serving) * np.array(walk.ends))), np.diag(n), np.array(entry) @ n


def test_by_hand():
    """One service calls another: half of the requests end at the first."""
    calls = call_graph(services({"web": ["db"]}))
    serving = [0.9 if name == "db" else 1.0 for name in calls.names]
    assert reliability(calls, serving, entering(calls, calls.outermost)) == pytest.approx(0.5 + 0.5 * 0.9)


@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.parametrize("small", [True, False])
def test_walks_agree_with_the_whole_matrix(monkeypatch, cyclic, small):
    monkeypatch.setattr(walking, "SMALL", 10_000 if small else -1)
    chance = random.Random(8)
    for size in (1, 2, 7, 25, 25):
        calls = call_graph(drawn(chance, size, cyclic=cyclic))
        serving = [chance.uniform(0.8, 1.0) for _ in calls.names]
        entry = entering(calls, calls.outermost or range(size))
        share, _, visits = dense(calls, serving, entry)
        assert reliability(calls, serving, entry) == pytest.approx(share, abs=1e-10)
        assert calls.walk.visits(serving, entry) == pytest.approx(list(visits), abs=1e-9)


@pytest.mark.parametrize("small", [True, False])
def test_one_formula_for_every_single_rollback(monkeypatch, small):
    """Exact without cycles; with them off by the share d (N_ii - 1), and by no more."""
    monkeypatch.setattr(walking, "SMALL", 10_000 if small else -1)
    chance = random.Random(9)
    for cyclic in (False, True):
        calls = call_graph(drawn(chance, 30, cyclic=cyclic))
        serving = [chance.uniform(0.9, 0.99) for _ in calls.names]
        entry = entering(calls, calls.outermost or range(30))
        now, found = alone(calls, serving, entry, dict.fromkeys(range(30), 0.999))
        _, returns, _ = dense(calls, serving, entry)
        for at, share in found.items():
            changed = [*serving[:at], 0.999, *serving[at + 1 :]]
            anew, d = reliability(calls, changed, entry), 0.999 / serving[at] - 1
            off = d * (returns[at] - 1)
            assert share - now == pytest.approx((anew - now) * (1 - off), abs=1e-9)
            assert cyclic or off == pytest.approx(0)


def test_observed_calls_weigh():
    rates = {("web", "cart"): 30.0, ("web", "search"): 10.0}
    told = services({"web": ["cart", "search"]}, rates)
    told["edge"] = Service(name="edge", depends_on=(Edge(service="web", rate=50.0),))
    calls = call_graph(told)
    at = calls.numbers["web"]
    first, walk = calls.walk.first[at], calls.walk
    # Of 50 requests a second 40 go on, 30 to the cart and 10 to the search; 10 end here.
    assert {calls.names[walk.to[first + k]]: walk.share[first + k] for k in (0, 1)} == {"cart": 0.6, "search": 0.2}
    assert walk.ends[at] == pytest.approx(0.2)
    assert calls.observed


def test_more_calls_than_requests_leave_nothing_to_end_here():
    told = services({"edge": ["web"], "web": ["cart", "db"]}, {("edge", "web"): 10.0, ("web", "cart"): 10.0, ("web", "db"): 30.0})
    calls = call_graph(told)
    assert calls.walk.ends[calls.numbers["web"]] == 0.0


def test_what_nobody_waits_for_is_no_call():
    told = services({"web": ["db"]})
    told["web"] = replace(told["web"], depends_on=(Edge(service="db", kind=EdgeKind.PUBLISHES), Edge(service="ghost")))
    calls = call_graph(told)
    assert list(calls.walk.to) == []
    assert not calls.touches("web")


def test_requests_come_in_where_they_can_reach_the_service():
    calls = call_graph(services({"web": ["cart"], "app": ["cart"], "cart": ["db"], "admin": ["ledger"], "a": ["b"], "b": ["a"]}))
    assert {calls.names[at] for at in calls.entries_to(frozenset({"db"}))} == {"web", "app"}
    assert {calls.names[at] for at in calls.entries_to(frozenset({"a"}))} == {"a"}


SHOP = snapshot(
    service("web", release("1.0.0", 1, verified="good"), depends_on=["order"]),
    service("order", release("1.0.0", 1, verified="good"), release("2.0.0", 5), depends_on=["payment"]),
    service("payment", release("1.0.0", 0, verified="good"), release("1.1.0", 6)),
    service("lonely", release("1.0.0", 0), release("1.1.0", 6)),
)


def test_a_plan_says_what_users_see_now_and_after():
    plan = make_plan(Request(service="order"), SHOP)
    assert 0.9 < plan.risk.reliable_now < plan.risk.reliable_after < 1
    assert plan.alternatives[0].risk.reliable_now == plan.risk.reliable_now
    assert plan.alternatives[0].risk.reliable_after > plan.risk.reliable_after
    assert all("of requests end well afterwards" in line for line in plan.compared)


def test_nothing_is_said_where_nobody_calls():
    assert make_plan(Request(service="lonely"), SHOP).risk.reliable_now is None
    assert users_of(graph_of(SHOP), "order", most=1) is None


def test_each_service_alone():
    users = users_of(graph_of(SHOP), "order")
    singles = users.singles()
    assert [one.service for one in singles] == ["order", "payment", "lonely"]
    assert singles[0].to == "1.0.0"
    assert singles[0].after == pytest.approx(users.after({"order": 0}), abs=1e-9)
    assert users.serving[users.calls.numbers["order"]] == SERVES["bad"]
