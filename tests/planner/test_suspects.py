"""Who is suspect: what changed lately, below where something fails."""

from datetime import timedelta

import pytest

from planner.graph import graph_of
from planner.suspects import Symptom, suspicion
from tests.planner.world import START, release, service, snapshot

NOW = START + timedelta(days=100)


def live(hours):
    """A day number for a release that went live so many hours before now."""
    return 100 - hours / 24


def shop(*, order=0.5, stock=30.0, web=900.0, more=()):
    return snapshot(
        service(
            "web", release("1.0.0", 0), release("1.1.0", live(web)) if web < 200 else release("1.0.1", 1), depends_on=["order"]
        ),
        service("order", release("1.0.0", 0), release("2.0.0", live(order)), depends_on=["payment", "stock"]),
        service("payment", release("1.0.0", 0)),
        service("stock", release("1.0.0", 0), release("1.1.0", live(stock))),
        service("report", release("1.0.0", 0), release("3.0.0", live(0.2))),
    )


def names(found):
    return [one.service for one in found.suspects]


def test_the_youngest_release_below_what_fails_comes_first():
    found = suspicion(graph_of(shop()), [Symptom(service="web", words="“home” fails: 500")], NOW)
    assert names(found)[0] == "order"
    assert found.suspects[0].share > 0.5
    assert found.suspects[0].evidence == (
        "2.0.0 went live 30 min ago (2026-04-10 23:30 UTC)",
        "web, where something fails, depends on it",
    )


def test_what_has_nothing_to_do_with_it_is_no_suspect_however_young():
    assert "report" not in names(suspicion(graph_of(shop()), [Symptom(service="web", words="x")], NOW))


def test_a_fault_two_steps_down_is_found():
    found = suspicion(graph_of(shop(order=2300.0, stock=1.0)), [Symptom(service="web", words="x")], NOW)
    assert names(found)[0] == "stock"


def test_a_failing_service_draws_suspicion_to_it():
    both = shop(order=3.0, stock=3.0)
    plain = suspicion(graph_of(both), [Symptom(service="web", words="x")], NOW)
    drawn = suspicion(graph_of(both), [Symptom(service="web", words="x"), Symptom(service="stock", words="“ready” fails")], NOW)
    share = {one.service: one.share for one in plain.suspects}
    pulled = {one.service: one.share for one in drawn.suspects}
    assert pulled["stock"] > share["stock"]


def test_a_service_whose_own_checks_pass_is_less_suspect():
    both, symptom = shop(order=3.0, stock=3.0), [Symptom(service="web", words="x")]
    plain, well = (suspicion(graph_of(both), symptom, NOW, frozenset(fine)) for fine in ((), ("stock",)))
    shares = [next(one for one in found.suspects if one.service == "stock") for found in (plain, well)]
    assert shares[1].share < shares[0].share
    assert "its own checks pass" in shares[1].evidence


def test_a_new_caller_can_be_at_fault():
    found = suspicion(graph_of(shop(order=2300.0, stock=2300.0, web=1.0)), [Symptom(service="order", words="x")], NOW)
    assert names(found) == ["web", "order"]
    assert found.suspects[1].share < 0.2 < found.suspects[0].share < 1


def test_shares_add_up_to_one():
    found = suspicion(graph_of(shop()), [Symptom(service="web", words="x")], NOW)
    assert sum(one.share for one in found.suspects) + found.elsewhere == pytest.approx(1)


def test_without_symptoms_everything_young_that_users_reach_is_suspect():
    assert set(names(suspicion(graph_of(shop()), [], NOW))) == {"order", "stock", "report"}


def test_where_nothing_changed_nobody_is_suspect():
    later = NOW + timedelta(days=60)
    assert suspicion(graph_of(shop()), [], later).elsewhere == 1.0
    found = suspicion(graph_of(shop()), [Symptom(service="payment", words="x")], later)
    assert found.suspects == ()


def test_an_old_release_is_suspect_where_something_fails_at_its_own_service():
    found = suspicion(graph_of(shop()), [Symptom(service="web", words="“home” fails: 500")], NOW + timedelta(days=60))
    assert names(found) == ["web"]
    assert found.suspects[0].share < 0.4
    assert "“home” fails: 500" in found.suspects[0].evidence


def test_a_release_of_last_week_is_suspect_but_less_than_one_of_today():
    found = suspicion(graph_of(shop(order=120.0, stock=1.0)), [Symptom(service="order", words="x")], NOW)
    share = {one.service: one.share for one in found.suspects}
    assert share["stock"] > share["order"] > 0.05


def test_a_version_that_is_known_as_bad_is_suspect_at_any_age():
    old = snapshot(service("web", release("1.0.0", 0), release("1.1.0", 1)), bad={"web": {"1.1.0": "it leaked"}})
    found = suspicion(graph_of(old), [], NOW + timedelta(days=60))
    assert "1.1.0 is known as bad: it leaked" in found.suspects[0].evidence


def test_what_nobody_knows_is_passed_over():
    assert names(suspicion(graph_of(shop()), [Symptom(service="ghost", words="x")], NOW))
