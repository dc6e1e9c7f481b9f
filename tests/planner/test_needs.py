"""Needs gathered by range and from the consumers' side say the same as asking every pair of services one by one."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.graph import graph_of
from tests.planner.world import catalogs, knots, release, service, snapshot

usual = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@usual
@given(st.one_of(catalogs(), knots()), st.data())
def test_at_odds_are_all_whose_needs_are_not_met_where_they_are(facts, data):
    graph = graph_of(facts)
    names = graph.names()
    for name in names:
        moved = {
            other: data.draw(st.integers(0, graph.history(other).now - 1))
            for other in names
            if graph.history(other).now and data.draw(st.booleans())
        }
        place = moved.get(name, graph.history(name).now)
        at = {other: moved.get(other, graph.history(other).now) for other in names}
        pairs = {other for other in names if other != name and not graph.agree(name, place, other, at[other])}
        assert set(graph.at_odds(name, place, moved)) == pairs


@usual
@given(st.one_of(catalogs(), knots()))
def test_rows_and_wishes_hold_just_the_needs(facts):
    alone, graph = graph_of(facts), graph_of(snapshot(*facts.services.values(), bad=facts.bad))
    for name in graph.names():
        for place in range(len(graph.history(name).releases)):
            needs = {other: alone.need(name, place, other) for other in graph.names() if other != name}
            assert graph.needs(name, place) == {other: need for other, need in needs.items() if need is not None}
        wishes = {other: wish.need for wish in graph.wishes(name) for other in wish.of}
        running = {other: alone.need(other, alone.history(other).now, name) for other in graph.names() if other != name}
        assert wishes == {other: need for other, need in running.items() if need is not None}
        assert set(graph.silent(name)) == {
            other for other in running if running[other] is None and graph.edge(other, name) is not None
        }


def test_a_pinned_service_has_nowhere_to_go_and_the_others_are_as_before():
    facts = snapshot(
        service("a", release("1.0.0", 1), release("2.0.0", 2)), service("b", release("1.0.0", 1), release("2.0.0", 2))
    )
    graph = graph_of(facts)
    pinned = graph.pinning(frozenset({"a", "nobody"}))
    assert (pinned.choices("a"), pinned.choices("b")) == ((1,), (1, 0))
    assert graph.choices("a") == pinned.releasing("a").choices("a") == (1, 0)


def test_the_call_graph_is_the_same_in_whatever_order_a_catalog_is_told():
    def told(order, turn):
        names = ["web", "shop", "cart", "db"]
        depends_on = {"web": ["shop", "cart", "db"], "shop": ["cart", "db"], "cart": ["db", "shop"], "db": []}
        return snapshot(*(service(names[at], "1.0.0", depends_on=depends_on[names[at]][::turn]) for at in order))

    one, other = graph_of(told((0, 1, 2, 3), 1)).calls(), graph_of(told((3, 1, 0, 2), -1)).calls()
    assert (one.names, one.walk, one.outermost) == (other.names, other.walk, other.outermost)
