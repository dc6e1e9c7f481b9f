"""Locks by hand as people use them: who may, what they are told, and what a held service offers instead."""

from datetime import timedelta

import pytest

from commands.reply import HoldList, Opened, Refused, Said
from commands.table import answer
from planner.events import Granted, LocksTaken, Person
from planner.lock_events import LockBroken, Locked, LockExpired, ReleaseAsked, Unlocked, WaiterCalled
from planner.names import RunId, ServiceName
from planner.refusal import Code
from planner.run import Stage
from tests.commands.fakes import ANA, BEN, GUEST, HERE, NOON, Office, call, release, service, snapshot


async def said(office, who, words):
    reply = await answer(office.desk, call(who, words))
    assert isinstance(reply, Said), reply
    return reply


async def refused(office, who, words):
    reply = await answer(office.desk, call(who, words))
    assert isinstance(reply, Refused), reply
    return reply


def noted(office, kind):
    return [event for event in office.runs.environment if isinstance(event, kind)]


async def test_a_lock_by_hand_keeps_rollbacks_away_until_its_time_is_over():
    office = Office()
    reply = await said(office, ANA, "lock payment-service for 2h comparing the books")
    assert "until 2026-11-23 14:00 UTC" in reply.text
    (event,) = noted(office, Locked)
    assert (event.service, event.by, event.reason) == ("payment-service", ANA.person, "comparing the books")
    assert event.until == NOON + timedelta(hours=2)
    no = (await refused(office, BEN, "order-service")).refusal
    assert no.code is Code.LOCKED
    facts = "\n".join(no.facts)
    assert no.facts[0] == "You wanted to roll order-service back to 1.4.2, which also moves payment-service."
    assert "payment-service (1 of the 2 services that takes)" in facts
    assert "<@UANA> by hand, since 12:00 UTC in <#C0INCIDENT>: “comparing the books”" in facts
    assert "Until: 14:00 UTC, in 120 min" in facts
    assert no.nearest[0] == "/rollback wait payment-service"
    office.clock.go(2 * 3600)
    assert isinstance(await answer(office.desk, call(BEN, "order-service")), Opened)


async def test_both_kinds_of_holds_are_listed():
    office = Office()
    opened = await answer(office.desk, call(ANA, "ledger-service --accept-data-loss"))
    run = await office.runs.append(opened.run, [Granted(approvals=1)])
    await office.runs.append(run, [LocksTaken(services=("ledger-service",))])
    await said(office, ANA, "lock payment-service watching it")
    reply = await answer(office.desk, call(GUEST, "locks"))
    assert isinstance(reply, HoldList)
    assert {(holder.service, holder.who, of is not None) for holder, of in reply.held} == {
        ("ledger-service", "run r1", True),
        ("payment-service", "Ana", False),
    }


async def test_a_service_of_a_run_is_not_locked_by_hand_nor_freed_by_hand():
    office = Office()
    run = (await answer(office.desk, call(ANA, "order-service"))).run
    run = await office.runs.append(run, [Granted(approvals=1)])
    about_to = (await refused(office, BEN, "lock order-service mine")).refusal
    assert "approved a moment ago" in "\n".join(about_to.facts)
    await office.runs.append(run, [LocksTaken(services=("payment-service", "order-service"))])
    held = await refused(office, BEN, "lock order-service mine")
    assert held.blocked == ("order-service",)
    assert "You wanted to hold order-service by hand: mine." in held.refusal.facts
    no = (await refused(office, BEN, "unlock order-service --break I must")).refusal
    assert no.code is Code.LOCKED
    assert "/rollback cancel r1" in no.nearest
    assert "/rollback leave r1 REASON" in no.nearest


async def test_ones_own_lock_takes_new_terms_and_another_persons_does_not():
    office = Office()
    await said(office, ANA, "lock order-service for 10m first look")
    await said(office, ANA, "lock order-service for 1h longer than I thought")
    assert (await office.runs.all_holders())[0].reason == "longer than I thought"
    no = (await refused(office, BEN, "lock order-service mine")).refusal
    assert no.code is Code.LOCKED
    assert len(noted(office, Locked)) == 2


async def test_only_an_approver_breaks_a_lock_with_a_reason_and_the_holder_is_told_where_they_took_it():
    office = Office()
    await said(office, ANA, "lock order-service watching it")
    assert (await refused(office, GUEST, "unlock order-service")).refusal.code is Code.NOT_ALLOWED
    assert "/rollback unlock order-service --break REASON" in (await refused(office, BEN, "unlock order-service")).refusal.nearest
    assert (await refused(office, BEN, "unlock order-service --break")).refusal.code is Code.BAD_COMMAND
    assert (await refused(office, GUEST, "unlock order-service --break now")).refusal.code is Code.NOT_ALLOWED
    assert noted(office, LockBroken) == []
    reply = await said(office, BEN, "unlock order-service --break checkouts fail and Ana is asleep")
    assert "You broke the lock of Ana" in reply.text
    (event,) = noted(office, LockBroken)
    assert (event.by, event.holder, event.reason) == (BEN.person, ANA.person, "checkouts fail and Ana is asleep")
    assert event.place is not None
    assert event.place.channel == "C0INCIDENT"
    assert "nothing to unlock" in (await said(office, BEN, "unlock order-service")).text


async def test_waiters_are_told_in_order_and_once():
    office = Office()
    await said(office, ANA, "lock order-service watching it")
    for who in (BEN, GUEST, BEN):
        reply = await said(office, who, "wait order-service")
        assert "held by Ana" in reply.lines[0]
    await said(office, ANA, "unlock order-service all good")
    assert [(event.waiter, event.position) for event in noted(office, WaiterCalled)] == [(BEN.person, 1), (GUEST.person, 2)]
    assert noted(office, Unlocked)[0].reason == "all good"
    assert "free now" in (await said(office, BEN, "wait order-service")).text


async def test_an_expiry_calls_too():
    office = Office()
    await said(office, ANA, "lock order-service for 5m watching it")
    await said(office, BEN, "wait order-service")
    office.clock.go(300)
    await office.runs.expire_holds()
    assert len(noted(office, LockExpired)) == len(noted(office, WaiterCalled)) == 1


def loose_shop():
    """Payment went live after order, and neither needs anything of the other."""
    return snapshot(
        service("order-service", release("1.4.2", 1), release("2.0.0", 20)),
        service("payment-service", release("2.4.1", 1), release("3.0.0", 21)),
    )


async def test_the_smaller_plan_without_the_held_services_is_offered_where_there_is_one():
    office = Office()
    await said(office, ANA, "lock payment-service watching it")
    assert (await refused(office, BEN, "order-service")).smaller == "", "the older order release cannot do without it"
    full = await refused(office, BEN, "order-service --strategy full")
    assert full.smaller == ""

    office = Office(world=loose_shop())
    await said(office, ANA, "lock payment-service watching it")
    reply = await refused(office, BEN, "order-service --strategy full --reason “it fails”")
    assert reply.smaller == ('/rollback order-service --strategy partial --reason "it fails" --without payment-service'), (
        reply.refusal
    )
    assert reply.smaller in reply.refusal.nearest
    opened = await answer(office.desk, call(BEN, reply.smaller.removeprefix("/rollback ")))
    assert isinstance(opened, Opened)
    assert [move.service for move in opened.run.plan.moves] == ["order-service"]


async def test_a_plan_that_waits_is_not_started_into_a_lock():
    office = Office()
    run = (await answer(office.desk, call(ANA, "order-service"))).run
    lines = (await said(office, GUEST, "lock payment-service watching it")).lines
    assert any("Run r1 waits for approval" in line for line in lines)
    no = (await refused(office, BEN, "approve r1")).refusal
    assert no.code is Code.LOCKED
    assert (await office.runs.read(run.id)).stage is Stage.WAITING
    await said(office, GUEST, "unlock payment-service")
    await said(office, BEN, "approve r1")


@pytest.mark.parametrize(
    "words",
    [
        "lock",
        "lock order-service",
        "lock order-service for",
        "lock order-service for 2h",
        "lock order-service for ever and ever",
        "lock order-service for 0s why",
        "lock order-service for 400d why",
        "lock ORDER_SERVICE why",
        "unlock",
        "wait",
        "wait a b c d e f g h i j k",
        "order-service --without",
        "order-service --without order-service",
        'order-service --override-freeze "peak"',
        'order-service --break-glass ""',
    ],
)
async def test_words_that_make_no_sense_change_nothing(words):
    office = Office()
    assert (await refused(office, ANA, words)).refusal.code is Code.BAD_COMMAND
    assert await office.runs.all_holders() == ()


async def test_a_service_that_is_not_in_the_catalog_is_neither_locked_nor_left_out():
    office = Office()
    assert (await refused(office, ANA, "lock order-servise why")).refusal.code is Code.UNKNOWN_SERVICE
    assert (await refused(office, ANA, "order-service --without payment-servise")).refusal.code is Code.UNKNOWN_SERVICE


async def test_the_holder_is_asked_once_for_a_while_with_what_it_is_wanted_for():
    office = Office()
    assert "is not held by anybody" in (await said(office, BEN, "ask payment-service to roll it back")).text
    await said(office, ANA, "lock payment-service comparing the books")
    reply = await refused(office, BEN, "order-service")
    (holder,) = reply.holders
    assert holder.name == "Ana"
    assert holder.ask in reply.refusal.nearest
    first = await said(office, BEN, holder.ask.removeprefix("/rollback "))
    assert "Ana is told" in first.text
    again = await said(office, BEN, "ask payment-service now please")
    assert "was told" in again.text
    (event,) = noted(office, ReleaseAsked)
    assert (event.by, event.holder, event.service, event.place) == (BEN.person, ANA.person, "payment-service", HERE)
    assert event.wanted == "to roll order-service back to 1.4.2, which also moves payment-service"
    own = await said(office, ANA, "ask payment-service why not")
    assert own.lines == ("/rollback unlock payment-service",)


async def test_who_asked_for_the_run_is_asked_where_a_run_holds_it():
    office = Office()
    await answer(office.desk, call(ANA, "order-service"))
    run = await office.runs.read(RunId("r1"))
    await office.runs.append(run, [Granted(approvals=1), LocksTaken(services=(ServiceName("order-service"),))])
    await said(office, BEN, "ask order-service it is on fire")
    (event,) = noted(office, ReleaseAsked)
    assert (event.holder, event.run, event.place) == (ANA.person, "r1", None)


async def test_nobody_at_a_terminal_can_be_asked_and_that_is_said():
    office = Office()
    await office.runs.hold(Locked(service="payment-service", by=Person(id="cli:ana", name="ana"), reason="looking", since=NOON))
    reply = await refused(office, BEN, "ask payment-service to roll it back")
    assert "nothing was sent" in reply.refusal.message
    assert (await refused(office, BEN, "order-service")).holders == ()


@pytest.mark.parametrize("words", ["ask", "ask payment-service", "ask payment-service '  '", "ask <!channel> now"])
async def test_asking_needs_a_service_and_a_reason(words):
    reply = await refused(Office(), BEN, words)
    assert reply.refusal.code is Code.BAD_COMMAND
