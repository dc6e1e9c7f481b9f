"""Real call graphs with made-up histories: safe in every state, and the fixpoint's answer is the solver's too."""

import json
import random
from itertools import combinations
from pathlib import Path

import pytest

from planner.closure import Choice, bound
from planner.graph import as_networkx, graph_of
from planner.least import least
from planner.partial import choose_partial
from planner.plan import Plan, Request
from planner.planning import make_plan
from planner.refusal import Code, Refusal
from tests.planner.oracle import Oracle
from tests.planner.world import release, service, snapshot

GRAPHS = Path(__file__).parent.parent / "fixtures" / "graphs"
NAMES = ("online-boutique", "otel-demo", "train-ticket-observed")


def read(name):
    return json.loads((GRAPHS / f"{name}.json").read_text())


def world(graph, seed, monotone=True):
    """Five releases each. A release asks for one no older than its own number, sometimes; where not `monotone`, for anything."""
    chance = random.Random(seed)
    calls = {name: sorted({edge["to"] for edge in graph["edges"] if edge["from"] == name}) for name in graph["services"]}
    made = []
    for name in graph["services"]:
        rows, least_of = [], dict.fromkeys(calls[name], 1)
        for number in range(1, 6):
            requires = {}
            for other in calls[name]:
                if chance.random() < 0.4:
                    least_of[other] = number if monotone else chance.randint(1, number)
                upper = f" <{chance.randint(number + 1, 7)}" if not monotone and chance.random() < 0.3 else ""
                requires[other] = f">={least_of[other]}{upper}"
            rows.append(release(f"{number}.0.0", number + chance.random(), requires=requires))
        made.append(service(name, *rows))
    return snapshot(*made)


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_is_as_its_file_says(name):
    graph = read(name)
    drawn = as_networkx(world(graph, seed=0))
    pairs = {(edge["from"], edge["to"]) for edge in graph["edges"] if edge["from"] != edge["to"]}
    assert set(drawn.edges) == pairs
    assert len(drawn) == graph["stats"]["services"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_every_service_of_a_monotone_world_can_go_back_safely(name, seed):
    facts = world(read(name), seed)
    oracle, graph = Oracle(facts), graph_of(facts)
    for target in oracle.names:
        plan = make_plan(Request(service=target), facts)
        assert isinstance(plan, Plan), plan
        check(oracle, plan)
        bounds = bound(graph, target, oracle.target(target))
        assert bounds.clashes == []
        # The solver is given the whole catalog, as if everything clashed.
        bounds.clashes = list(combinations(oracle.names, 2))
        assert least(bounds) == choose_partial(graph, target, oracle.target(target))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_worlds_that_are_not_monotone_are_safe_or_refused_with_facts(name, seed):
    facts = world(read(name), seed, monotone=False)
    oracle, graph = Oracle(facts), graph_of(facts)
    for target in oracle.names:
        plan = make_plan(Request(service=target), facts)
        if isinstance(plan, Refusal):
            assert plan.code is Code.NO_SAFE_PLAN
            assert len(plan.facts) >= 2
            continue
        check(oracle, plan)
        bounds = bound(graph, target, oracle.target(target))
        bounds.clashes = list(combinations(oracle.names, 2))
        whole = least(bounds)
        assert isinstance(whole, Choice)
        assert {name: graph.history(name).version(place) for name, place in whole.places.items()} == {
            move.service: move.to_version for move in plan.moves
        }


def check(oracle, plan):
    """Groups and waves as networkx has them, and safety in the states between waves and in random ones within them."""
    versions = {name: [item.version for item in oracle.history[name]] for name in oracle.names}
    after = dict(oracle.now) | {move.service: versions[move.service].index(move.to_version) for move in plan.moves}
    groups, waves = oracle.groups_and_waves(after)
    assert [list(wave) for wave in plan.waves] == waves
    assert sum(1 for move in plan.moves if move.group) == sum(len(group) for group in groups)
    chance, done = random.Random(1), set()
    for wave in plan.waves:
        for _ in range(4):
            units = {plan.move(name).group or name for name in wave if chance.random() < 0.5}
            some = done | {name for name in wave if (plan.move(name).group or name) in units}
            assert oracle.safe(dict(oracle.now) | {name: after[name] for name in some}, some)
        done |= set(wave)
        assert oracle.safe(dict(oracle.now) | {name: after[name] for name in done}, done)
