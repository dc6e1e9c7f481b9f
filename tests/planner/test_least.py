"""The exact solver by itself: what it needs to be handed, its limits, and its ties."""

import gc
import random

from hypothesis import given
from hypothesis import strategies as st

from planner import graph as graph_module
from planner.closure import TooHard, bound
from planner.graph import graph_of
from planner.ladder import Ladder, runs
from planner.least import Effort, least
from planner.order import components
from planner.plan import Request, Strategy
from planner.planning import make_plan
from planner.refusal import Code
from planner.refusals import too_hard
from tests.planner.world import release, service, snapshot


def two_ways(count):
    """The target needs each b and each c one release older, but those do not go together: either b or c must go back twice."""
    needs = {f"{letter}-{at:02}": "<3" for at in range(count) for letter in "bc"}
    made = [service("target", release("1.0.0", requires=needs), "2.0.0")]
    for at in range(count):
        made.append(service(f"b-{at:02}", "1.0.0", release("2.0.0", requires={f"c-{at:02}": "1.0.0"}), "3.0.0"))
        made.append(service(f"c-{at:02}", "1.0.0", "2.0.0", "3.0.0"))
    return snapshot(*made)


def test_many_independent_choices_are_no_trouble_and_ties_go_to_the_first_in_the_alphabet():
    facts = two_ways(30)
    assert len(bound(graph_of(facts), "target", 0).clashes) == 30
    plan = make_plan(Request(service="target"), facts)
    expected = {"target": "1.0.0"} | {f"b-{at:02}": "2.0.0" for at in range(30)} | {f"c-{at:02}": "1.0.0" for at in range(30)}
    assert {move.service: move.to_version for move in plan.moves} == expected


def test_too_little_effort_is_said_and_nothing_is_guessed():
    facts = two_ways(8)
    graph = graph_of(facts)
    bounds = bound(graph, "target", 0)
    found = least(bounds, Effort(conflicts=10, propagations=1))
    assert isinstance(found, TooHard)
    refusal = too_hard(graph, Request(service="target"), 0, found, full=True)
    assert refusal.code is Code.TOO_HARD
    assert "nothing is shown that is not proven" in refusal.message
    assert refusal.nearest == ("/rollback target to 1.0.0 --strategy full",)


def pigeons(count, holes):
    """Services that must all go back, no two of them to the same number: what solvers find hard when room is short."""
    names = [f"p-{at:02}" for at in range(count)]

    def needs(mine, hole):
        others = " || ".join(f"{other}.0.0" for other in range(1, holes + 1) if other != hole)
        return {name: others for name in names if name != mine}

    target = [release("1.0.0", 0, requires=dict.fromkeys(names, f"<{holes + 1}")), release("2.0.0", 50)]
    made = [service("target", *target)]
    for at, name in enumerate(names):
        days = [hole if hole <= at + 1 else 50 + hole for hole in range(1, holes + 1)]
        rows = [release(f"{hole}.0.0", day, requires=needs(name, hole)) for hole, day in enumerate(days, start=1)]
        made.append(service(name, *rows, release(f"{holes + 1}.0.0", 90)))
    return snapshot(*made)


def test_what_is_really_too_hard_is_refused():
    refusal = make_plan(Request(service="target"), pigeons(10, 9))
    assert refusal.code is Code.TOO_HARD
    assert refusal.nearest == ()
    assert make_plan(Request(service="target"), pigeons(6, 5)).code is Code.NO_SAFE_PLAN


def test_auto_falls_back_to_full_and_says_so_and_partial_does_not():
    facts = pigeons(9, 9)
    plan = make_plan(Request(service="target"), facts)
    assert plan.strategy is Strategy.FULL
    assert "could not be proven" in plan.warnings[0]
    assert {move.service: move.to_version for move in plan.moves if move.service != "target"} == {
        f"p-{at:02}": f"{at + 1}.0.0" for at in range(9)
    }
    refusal = make_plan(Request(service="target", strategy=Strategy.PARTIAL), facts)
    assert refusal.code is Code.TOO_HARD
    assert refusal.nearest == ("/rollback target to 1.0.0 --strategy full",)


@given(st.lists(st.booleans(), max_size=12))
def test_runs_cover_exactly_what_is_true(flags):
    covered = [at for low, high in runs(flags) for at in range(low, high + 1)]
    assert covered == [at for at, flag in enumerate(flags) if flag]


@given(st.integers(2, 7), st.data())
def test_outside_is_false_only_between(size, data):
    ladder = Ladder(first=1, places=tuple(range(size)))
    low = data.draw(st.integers(0, size - 1))
    high = data.draw(st.integers(low, size - 1))
    for rung in range(size):
        model = {variable if variable <= rung else -variable for variable in range(1, size)}
        assert ladder.rung(model) == rung
        assert any(literal in model for literal in ladder.outside(low, high)) == (not low <= rung <= high)


@given(st.integers(1, 12), st.randoms(use_true_random=False))
def test_components_are_those_of_networkx_in_reverse_topological_order(size, chance):
    import networkx as nx

    names = [f"n{at:02}" for at in range(size)]
    after = {name: sorted(other for other in names if chance.random() < 0.2) for name in names}
    mine = components(after)
    drawn = nx.DiGraph((name, other) for name in names for other in after[name])
    drawn.add_nodes_from(names)
    theirs = {frozenset(part) for part in nx.strongly_connected_components(drawn)}
    assert {frozenset(name for name in names if mine[name] == number) for number in mine.values()} == theirs
    assert all(mine[name] >= mine[other] for name in names for other in after[name])


def test_components_of_a_long_chain_need_no_deep_stack():
    after = {f"n{at:05}": [f"n{at + 1:05}"] if at < 20_000 else [] for at in range(20_001)}
    assert len(set(components(after).values())) == 20_001


def test_a_graph_lives_as_long_as_its_snapshot():
    facts = snapshot(service("order", "1.0.0"))
    graph = graph_of(facts)
    assert graph_of(facts) is graph
    key = id(facts)
    del facts
    gc.collect()
    assert key not in graph_module._graphs


def test_random_seeds_of_chance_are_unused_by_the_planner():
    random.seed(1)
    before = random.getstate()
    make_plan(Request(service="target"), two_ways(3))
    assert random.getstate() == before
