"""What a refusal offers instead: it must work, and it must be typed as it stands."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.rollback import Rollback
from commands.table import VERBS as TABLE
from commands.table import understand
from planner.names import VERBS
from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan
from planner.refusal import Code, Refusal
from planner.refusals import TOLD
from tests.planner.world import catalogs, knots, release, service, snapshot


def held_back(name="order"):
    return snapshot(
        service(name, release("1.0.0", 1), release("2.0.0", 9)),
        service("cart", release("1.0.0", 2), release("2.0.0", 10, requires={name: "^2"})),
        service("shop", release("1.0.0", 3), release("2.0.0", 11)),
    )


def test_one_more_service_released_is_offered_where_that_is_enough():
    request = Request(service="order", strategy=Strategy.PARTIAL, pinned=frozenset({"cart", "shop"}))
    answer = make_plan(request, held_back())
    assert isinstance(answer, Refusal)
    assert answer.code is Code.NO_SAFE_PLAN
    assert answer.nearest == ("/rollback order to 1.0.0 --without shop",)
    assert isinstance(make_plan(Request(service="order", to="1.0.0", pinned=frozenset({"shop"})), held_back()), Plan)


def test_a_service_named_like_a_verb_is_asked_for_with_plan():
    request = Request(service="status", strategy=Strategy.PARTIAL, pinned=frozenset({"cart"}))
    answer = make_plan(request, held_back("status"))
    assert isinstance(answer, Refusal)
    assert answer.nearest == ("/rollback plan status to 1.0.0",)
    ready = understand(answer.nearest[0].removeprefix("/rollback "))
    assert not isinstance(ready, Refusal)
    assert (ready.intent.service, ready.intent.to) == ("status", "1.0.0")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of(catalogs(), knots()), st.data())
def test_whatever_is_offered_gives_a_plan(facts, data):
    names = sorted(facts.services)
    for name in names:
        to = data.draw(st.sampled_from([None, "9.9.9", *(one.version for one in facts.services[name].releases)]))
        pinned = frozenset(data.draw(st.sets(st.sampled_from(names), max_size=2)))
        strategy = data.draw(st.sampled_from(Strategy))
        answer = make_plan(Request(service=name, to=to, strategy=strategy, pinned=pinned), facts)
        for line in getattr(answer, "nearest", ()):
            ready = understand(line.removeprefix("/rollback "))
            assert not isinstance(ready, Refusal)
            if isinstance(ready.intent, Rollback):
                assert isinstance(make_plan(request_of(ready.intent), facts), Plan), (answer, line)


def request_of(intent):
    return Request(
        service=intent.service,
        to=intent.to,
        strategy=intent.strategy,
        accept_data_loss=intent.accept_data_loss,
        pinned=frozenset(intent.without),
    )


def test_every_verb_is_known_as_one():
    assert {verb.name for verb in TABLE} <= VERBS


def test_very_many_facts_are_counted_from_some_point_on():
    rows = [release(f"1.{at}.0", at, migrations=("contract",)) for at in range(TOLD + 50)]
    answer = make_plan(Request(service="db", to="1.0.0"), snapshot(service("db", *rows)))
    assert isinstance(answer, Refusal)
    assert answer.code is Code.DATA_LOSS
    assert len(answer.facts) == TOLD + 1
    assert answer.facts[-1] == "and 49 more"


def test_what_is_offered_instead_of_another_release_was_tried_out():
    facts = snapshot(
        service(
            "order",
            release("1.0.0", 1, migrations=["data"]),
            release("1.1.0", 2, requires={"db": "^9"}),
            release("1.2.0", 3, migrations=["contract"]),
            release("2.0.0", 4),
        ),
        service("db", release("1.0.0", 1)),
    )
    unknown = make_plan(Request(service="order", to="1.1.1"), facts)
    assert unknown.message == "order never ran a release '1.1.1'. Did you mean 1.1.0?"
    for refusal in (unknown, make_plan(Request(service="order", to="2.0.0"), facts)):
        assert sorted(refusal.nearest) == ["/rollback order to 1.0.0 --accept-data-loss", "/rollback order to 1.2.0"]
