"""Random small catalogs against trying out everything: least choice, full, order, safety in every state, minimal conflicts."""

from dataclasses import replace
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.closure import Impossible
from planner.conflict import Ask, Ban, Demand, conflict
from planner.graph import graph_of
from planner.partial import choose_partial
from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan, way_forward
from planner.refusal import Code, Refusal
from tests.planner.oracle import Oracle
from tests.planner.world import catalogs, knots

thorough = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def plan_for(snapshot, name, strategy=Strategy.PARTIAL, accept=True):
    return make_plan(Request(service=name, strategy=strategy, accept_data_loss=accept), snapshot)


def state_after(oracle, plan):
    state = dict(oracle.now)
    for move in plan.moves:
        versions = [release.version for release in oracle.history[move.service]]
        state[move.service] = versions.index(move.to_version)
    return state


def check_order(oracle, plan, state):
    groups, waves = oracle.groups_and_waves(state)
    assert [list(wave) for wave in plan.waves] == waves
    named = {}
    for move in plan.moves:
        assert move.service in plan.waves[move.wave - 1]
        if move.group:
            named.setdefault(move.group, []).append(move.service)
    assert sorted(named.values()) == groups
    for met, moved in oracle.met_states(plan):
        assert oracle.safe(met, moved)


@thorough
@given(st.one_of(catalogs(), knots()), st.booleans())
def test_partial_is_the_least_choice_in_a_safe_order(snapshot, accept):
    oracle = Oracle(snapshot)
    for name in oracle.names:
        place, plan = oracle.target(name), plan_for(snapshot, name, accept=accept)
        if place is None:
            assert isinstance(plan, Refusal)
            assert plan.code is Code.NO_EARLIER_RELEASE
            continue
        least = oracle.least(name, place)
        if least is None:
            assert isinstance(plan, Refusal)
            assert plan.code is Code.NO_SAFE_PLAN
        elif oracle.cost(least)[0] and not accept:
            assert isinstance(plan, Refusal)
            assert plan.code is Code.DATA_LOSS
            assert len(plan.facts) == oracle.cost(least)[0]
        else:
            assert isinstance(plan, Plan), plan
            assert state_after(oracle, plan) == least
            assert len(plan.hazards) == oracle.cost(least)[0]
            check_order(oracle, plan, least)
            assert all(move.because for move in plan.moves)


@thorough
@given(st.one_of(catalogs(), knots()), st.data())
def test_pinned_services_stay_and_the_rest_is_still_least(snapshot, data):
    oracle = Oracle(snapshot)
    pinned = frozenset(data.draw(st.sets(st.sampled_from(oracle.names))))
    allowed, oracle.allowed = oracle.allowed, lambda name, place: name not in pinned and allowed(name, place)
    for name in oracle.names:
        place = oracle.target(name)
        request = Request(service=name, strategy=Strategy.PARTIAL, accept_data_loss=True, pinned=pinned)
        plan = make_plan(request, snapshot)
        least = None if place is None else oracle.least(name, place)
        if least is None:
            assert isinstance(plan, Refusal)
            assert plan.code in {Code.NO_EARLIER_RELEASE, Code.NO_SAFE_PLAN}
            continue
        assert isinstance(plan, Plan), plan
        assert state_after(oracle, plan) == least
        assert not pinned & {move.service for move in plan.moves}
        check_order(oracle, plan, least)
        full = make_plan(replace(request, strategy=Strategy.FULL), snapshot)
        assert isinstance(full, Refusal) or not pinned & {move.service for move in full.moves}


@thorough
@given(catalogs())
def test_full_goes_back_to_one_moment_or_is_refused(snapshot):
    oracle = Oracle(snapshot)
    for name in oracle.names:
        place = oracle.target(name)
        if place is None:
            continue
        full, plan = oracle.full(name, place), plan_for(snapshot, name, Strategy.FULL)
        if full is None:
            assert isinstance(plan, Refusal)
            assert plan.code is Code.NO_SAFE_PLAN
            assert plan.facts
        else:
            assert isinstance(plan, Plan)
            assert state_after(oracle, plan) == full
            check_order(oracle, plan, full)
            assert all(move.because for move in plan.moves)


@thorough
@given(st.one_of(catalogs(services=3), knots(services=3, releases=3)))
def test_a_conflict_is_minimal(snapshot):
    oracle, graph = Oracle(snapshot), graph_of(snapshot)
    for name in oracle.names:
        place = oracle.target(name)
        found = None if place is None else choose_partial(graph, name, place)
        if not isinstance(found, Impossible):
            continue
        facts = conflict(graph, name, place, found)
        assert isinstance(facts[0], Ask)
        assert not solvable(oracle, facts)
        for left_out in facts:
            assert solvable(oracle, [fact for fact in facts if fact != left_out]), left_out


def solvable(oracle, facts):
    """Whether some places, barred ones included, keep these facts."""
    return any(
        all(kept(oracle, dict(zip(oracle.names, places, strict=True)), fact) for fact in facts)
        for places in product(*(range(oracle.now[name] + 1) for name in oracle.names))
    )


def kept(oracle, state, fact):
    at = state[fact.service]
    if isinstance(fact, Ask):
        return at == fact.place
    if isinstance(fact, Ban):
        return at not in fact.places
    assert isinstance(fact, Demand)
    stay = at == oracle.now[fact.service] and state[fact.other] == oracle.now[fact.other]
    return stay or at not in fact.places or oracle.holds(fact.service, at, fact.other, state[fact.other])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(catalogs(services=5, releases=3, wild=False))
def test_larger_tame_catalogs(snapshot):
    oracle = Oracle(snapshot)
    name = oracle.names[0]
    place, plan = oracle.target(name), plan_for(snapshot, name)
    if place is None:
        return
    least = oracle.least(name, place)
    if least is None:
        assert isinstance(plan, Refusal)
    else:
        assert state_after(oracle, plan) == least
        check_order(oracle, plan, least)


@thorough
@given(catalogs())
def test_the_way_forward_meets_the_same_states_backwards(snapshot):
    oracle = Oracle(snapshot)
    plan = plan_for(snapshot, oracle.names[0])
    if isinstance(plan, Refusal):
        return
    back = way_forward(plan)
    assert back.waves == tuple(reversed(plan.waves))
    assert {(m.service, m.from_version, m.to_version) for m in back.moves} == {
        (m.service, m.to_version, m.from_version) for m in plan.moves
    }
    assert all(back.facts[move.service] == move.from_version for move in back.moves)
    assert way_forward(back).waves == plan.waves
