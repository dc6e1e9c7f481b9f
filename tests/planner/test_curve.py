"""The curve between partial and full, and bridges, against trying out everything."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.bridge import bridges
from planner.closure import Choice
from planner.curve import Field, between, curve, field_of
from planner.full import Full, choose_full
from planner.graph import graph_of
from planner.min_cut import best_closed
from planner.offers import single_moves
from planner.order import order
from planner.partial import choose_partial
from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan
from planner.wire import plan_from_json, plan_to_json
from tests.planner.oracle import Oracle
from tests.planner.world import catalogs, knots, release, service, snapshot

thorough = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def fields(draw):
    count = draw(st.integers(1, 7))
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=10))
    forces = {}
    for one, other in pairs:
        if one != other:
            forces.setdefault(one, []).append(other)
    forces = {one: tuple(sorted(set(others))) for one, others in forces.items()}
    smallest, todo = {0}, [0]
    while todo:
        for other in forces.get(todo.pop(), ()):
            if other not in smallest:
                smallest.add(other)
                todo.append(other)
    costs = st.lists(st.integers(1, 12), min_size=count, max_size=count)
    return Field(
        names=tuple(f"s{at}" for at in range(count)),
        losses=tuple(draw(costs)),
        prices=tuple(draw(costs)),
        forces=forces,
        smallest=frozenset(smallest),
    )


def closed_sets(field):
    members = range(len(field.names))
    for size in range(len(field.names) + 1):
        for some in map(frozenset, combinations(members, size)):
            if all(other in some for one in some for other in field.forces.get(one, ())):
                yield some


@thorough
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=7), fields())
def test_a_minimum_cut_is_the_closed_set_worth_most_and_the_smallest_of_them(worth, field):
    worth = (worth * 7)[: len(field.names)]
    found = best_closed(worth, field.forces)
    every = list(closed_sets(field))
    most = max(sum(worth[at] for at in some) for some in every)
    best = [some for some in every if sum(worth[at] for at in some) == most]
    assert found == min(best, key=len)
    assert all(found <= some for some in best)


@thorough
@given(fields())
def test_the_curve_is_nested_and_holds_exactly_the_corners(field):
    corners = curve(field)
    assert corners[0] == field.smallest
    assert len(corners[-1]) == len(field.names)
    assert all(one < other for one, other in pairwise(corners))
    allowed = [some for some in closed_sets(field) if field.smallest <= some]
    rates = {Fraction(loss, price) for loss, price in product(range(1, 40), range(1, 12))}
    for rate in rates:
        most = max(field.loss(some) - rate * field.price(some) for some in allowed)
        assert max(field.loss(some) - rate * field.price(some) for some in corners) == most
    slopes = [
        Fraction(field.loss(more) - field.loss(less), field.price(more) - field.price(less)) for less, more in pairwise(corners)
    ]
    assert all(one > other for one, other in pairwise(slopes))
    middle = between(field)
    assert middle in corners if middle is not None else len(corners) <= 2


@thorough
@given(catalogs())
def test_every_point_of_the_curve_obeys_the_rules(snap):
    oracle, graph = Oracle(snap), graph_of(snap)
    for name in oracle.names:
        place = oracle.target(name)
        full = None if place is None else choose_full(graph, name, place)
        if not isinstance(full, Full):
            continue
        field = field_of(graph, name, full.choice.places)
        for corner in curve(field):
            moved = {field.names[member] for member in corner}
            state = dict(oracle.now) | {other: full.choice.places[other] for other in moved}
            assert name in moved
            assert oracle.safe(state, moved)


def shortest_bridge(oracle, state, members, limit):
    """How many single steps bring these services alone from where they run to `state`, by walking all states; None: no way."""
    start, goal = tuple(oracle.now[m] for m in members), tuple(state[m] for m in members)
    seen, frontier = {start}, [start]
    for steps in range(1, limit):
        following = []
        for at in frontier:
            for member in range(len(members)):
                for place in range(goal[member], start[member] + 1):
                    after = (*at[:member], place, *at[member + 1 :])
                    here = dict(oracle.now) | dict(zip(members, after, strict=True))
                    moved = {m for m in members if here[m] != oracle.now[m]}
                    barred = any(here[m] != oracle.now[m] and not oracle.allowed(m, here[m]) for m in members)
                    if after in seen or barred or not oracle.safe(here, moved):
                        continue
                    if after == goal:
                        return steps
                    seen.add(after)
                    following.append(after)
        frontier = following
    return None


@thorough
@given(st.one_of(catalogs(), knots()))
def test_a_bridge_is_a_shortest_safe_way(snap):
    oracle, graph = Oracle(snap), graph_of(snap)
    for name in oracle.names:
        place = oracle.target(name)
        choice = None if place is None else choose_partial(graph, name, place)
        if not isinstance(choice, Choice):
            continue
        found = order(graph, choice.places)
        if len(found.waves) != 1 or set(found.groups) != set(choice.places) or len(set(found.groups.values())) != 1:
            continue  # one group is the whole plan: then the walk above needs to know nothing else
        members = sorted(choice.places)
        state = dict(oracle.now) | choice.places
        built = bridges(graph, choice.places, found)
        least = shortest_bridge(oracle, state, members, 40)
        assert [len(bridge.steps) for bridge in built] == ([] if least is None else [least])


def contract_change():
    """`old` and `new` speak only one language each; the releases between speak both."""
    return snapshot(
        service(
            "caller",
            release("1.0.0", 1, requires={"callee": "^1"}),
            release("1.5.0", 3, requires={"callee": "1.x || 2.x"}),
            release("2.0.0", 5, requires={"callee": "^2"}, verified="unknown"),
        ),
        service(
            "callee",
            release("1.0.0", 0, requires={"caller": "<2"}),
            release("2.0.0", 4, requires={"caller": ">=1.5"}),
        ),
    )


def test_a_bridge_is_offered_with_its_extra_steps():
    plan = make_plan(Request(service="caller", to="1.0.0", strategy=Strategy.PARTIAL), contract_change())
    assert isinstance(plan, Plan)
    assert {move.group for move in plan.moves} == {"lockstep-1"}
    (bridge,) = [other for other in plan.alternatives if other.label == "bridge"]
    assert bridge.moves == (("caller", "1.5.0"), ("callee", "1.0.0"), ("caller", "1.0.0"))
    assert "3 single steps, 1 more than it has services" in bridge.text
    assert "caller to 1.5.0, callee to 1.0.0, then caller to 1.0.0" in bridge.text
    assert bridge.asked == "/rollback plan caller to 1.5.0 --strategy partial"


@thorough
@given(st.one_of(catalogs(), knots()))
def test_the_requests_of_a_bridge_lead_to_the_plan_by_single_safe_moves(snap):
    oracle = Oracle(snap)
    for name in oracle.names:
        place = oracle.target(name)
        choice = None if place is None else choose_partial(graph_of(snap), name, place)
        if not isinstance(choice, Choice):
            continue
        plan = make_plan(Request(service=name, strategy=Strategy.PARTIAL, accept_data_loss=True), snap)
        found = order(graph_of(snap), choice.places)
        steps = single_moves(graph_of(snap), choice, found, bridges(graph_of(snap), choice.places, found))
        if not steps:
            continue
        first = f"/rollback plan {steps[0][0]} to {steps[0][1]} --strategy partial --accept-data-loss"
        assert all(other.asked == first for other in plan.alternatives if other.label == "bridge")
        now, moved, state = dict(snap.current), set(), dict(oracle.now)
        for one, version in steps:
            request = Request(service=one, to=version, strategy=Strategy.PARTIAL, accept_data_loss=True)
            step = make_plan(request, replace(snap, current=now))
            assert [(move.service, move.to_version, move.group) for move in step.moves] == [(one, version, None)]
            now[one], moved = version, moved | {one}
            state[one] = [at.version for at in oracle.history[one]].index(version)
            assert oracle.safe(state, moved)
        assert {other for other in now if now[other] != snap.current[other]} == {move.service for move in plan.moves}
        assert all(now[move.service] == move.to_version for move in plan.moves)


def bad_afternoon():
    """One release at fault, a close and important service deployed after it, and three that have nothing to do with it."""
    names = ("near", "far-a", "far-b", "far-c")
    return snapshot(
        service("culprit", release("1.0.0", 1), release("2.0.0", 10), depends_on=("near",)),
        *(
            service(
                name,
                release("1.0.0", 1),
                release("1.1.0", 11 + at, migrations=() if name == "near" else ("expand",)),
            )
            for at, name in enumerate(names)
        ),
    )


def test_a_point_between_is_offered_and_survives_the_wire():
    plan = make_plan(Request(service="culprit", strategy=Strategy.PARTIAL), bad_afternoon())
    assert isinstance(plan, Plan)
    assert [other.label for other in plan.alternatives] == [None, "between"]
    middle = plan.alternatives[1]
    assert middle.moves == (("culprit", "1.0.0"), ("near", "1.0.0"))
    assert middle.services == 2
    assert "also near" in middle.text
    assert plan_from_json(plan_to_json(plan)) == plan
