"""Branching by itself: the same answers as the solver's, whichever is asked, and an end to it where ways double."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from planner.bounds import Bounds
from planner.branching import branch
from planner.closure import Choice, Impossible, TooHard, bound
from planner.conflict import conflict
from planner.graph import graph_of
from planner.least import least
from planner.partial import choose_partial
from tests.planner.test_least import two_ways
from tests.planner.world import catalogs, knots, release, service, snapshot

slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
usual = settings(deadline=None, suppress_health_check=slow)


@usual
@given(st.one_of(catalogs(wild=False), knots()), st.data())
def test_branching_and_the_solver_give_the_same_choice_or_none(facts, data):
    graph = graph_of(facts)
    asked = [(name, place) for name in graph.names() for place in graph.choices(name)[1:]]
    assume(asked)
    target, place = data.draw(st.sampled_from(asked))
    bounds = bound(graph, target, place)
    assert not isinstance(bounds, TooHard)
    assume(bounds.empty is None)
    mine, solved = branch(bounds, ways=10_000), least(bounds)
    if isinstance(solved, Choice):
        assert mine == solved
        return
    for found in (mine, solved):
        assert isinstance(found, Impossible)
        # What they name suffices for a conflict: whoever finds none raises.
        facts_at_odds = conflict(graph, target, place, found)
        assert facts_at_odds
        assert len(facts_at_odds) >= 2


def test_branching_leaves_the_bounds_as_they_were():
    graph = graph_of(two_ways(3))
    bounds = bound(graph, "target", 0)
    before = (dict(bounds.opens), dict(bounds.tops), dict(bounds.causes), list(bounds.clashes))
    assert branch(bounds) == least(bounds)
    assert (bounds.opens, bounds.tops, bounds.causes, bounds.clashes) == before


def test_where_the_ways_double_it_stops_and_the_solver_answers():
    graph = graph_of(two_ways(30))
    assert branch(bound(graph, "target", 0)) == TooHard(spent="200 ways tried")
    assert isinstance(choose_partial(graph, "target", 0), Choice)


def test_only_asking_touches_no_more_than_it_may():
    bounds = bound(graph_of(two_ways(3)), "target", 0, 7)
    assert isinstance(bounds, Bounds)
    assert branch(bounds, 7) == least(bounds)
    assert branch(bounds, 6) == TooHard(spent="6 services looked at")


def test_of_equal_costs_the_first_in_the_alphabet_stays_newer():
    needs = {"a": "<3", "b": "<3"}
    facts = snapshot(
        service("target", release("1.0.0", requires=needs), "2.0.0"),
        service("a", "1.0.0", release("2.0.0", requires={"b": "1.0.0"}), "3.0.0"),
        service("b", "1.0.0", release("2.0.0", requires={"a": "1.0.0"}), "3.0.0"),
    )
    assert branch(bound(graph_of(facts), "target", 0)) == Choice(places={"target": 0, "a": 1, "b": 0})
