"""What rollbacks left to be done, as people meet it: listed, closed, let go; and a bot that carries nothing out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.reply import HoldList, Opened, Refused, Said
from commands.table import answer
from commands.views.reply_text import reply_text
from planner.duty_events import DeploysHeld, DeploysReleased, Duty, DutyClosed, Owed
from planner.events import BadMarked, Choice, Decided, Ended, Ending, Granted, Halted
from planner.refusal import Code
from tests.commands.fakes import ANA, BEN, GUEST, NOON, Office, call


async def finished(office):
    opened = await answer(office.desk, call(ANA, "order-service"))
    owed = (
        Owed(duty=Duty.FIX, service="order-service", version="2.0.0", owner="team-order", due_at=NOON + timedelta(hours=24)),
        Owed(duty=Duty.DEPLOY_LOCK, service="order-service", owner="team-order", due_at=NOON + timedelta(hours=24)),
    )
    words = ("Fix order-service 2.0.0.", "Let forward deploys of order-service go.")
    ended = Ended(ending=Ending.FINISHED, because="", obligations=words, owed=owed)
    run = await office.runs.append(opened.run, [Granted(approvals=1), ended])
    await office.runs.note(DeploysHeld(run=run.id, services=("order-service",), reason="loses carts", asked_by=ANA.person))
    await office.runs.note(BadMarked(service="order-service", version="2.0.0", reason="loses carts", run=run.id))
    return run


async def said(office, who, words):
    reply = await answer(office.desk, call(who, words))
    assert isinstance(reply, Said), reply
    return reply


async def refused(office, who, words):
    reply = await answer(office.desk, call(who, words))
    assert isinstance(reply, Refused), reply
    return reply.refusal


async def test_nothing_is_still_to_do_where_nothing_was_done():
    assert (await said(Office(), GUEST, "obligations")).text == "Nothing that a rollback left is still to do."


async def test_what_is_to_do_is_listed_with_owner_and_time():
    office = Office()
    run = await finished(office)
    for words in ("obligations", f"obligations {run.id}", "obligations order-service"):
        listed = await said(office, GUEST, words)
        assert listed.text.startswith("2 things are still to do")
        assert listed.lines[0] == "r1.1  Fix order-service 2.0.0. (team-order, due 2026-11-24 12:00 UTC)"
    assert (await said(office, GUEST, "obligations payment-service")).text.startswith("Nothing")
    office.clock.go(25 * 3600)
    assert "overdue since" in (await said(office, GUEST, "obligations")).lines[0]


async def test_what_is_done_is_closed_once_with_a_note():
    office = Office()
    await finished(office)
    assert (await refused(office, GUEST, "obligations close r1.1")).code is Code.BAD_COMMAND
    await said(office, GUEST, "obligations close r1.1 mended in 2.0.1")
    (event,) = [event for event in office.runs.environment if isinstance(event, DutyClosed)]
    assert (event.by, event.because) == (GUEST.person, "mended in 2.0.1")
    assert (await said(office, GUEST, "obligations")).text.startswith("1 thing is")
    assert (await refused(office, GUEST, "obligations close r1.1 again")).code is Code.STALE
    assert (await refused(office, GUEST, "obligations close r9.1 what")).code is Code.STALE
    assert (await refused(office, GUEST, "obligations close order-service x")).code is Code.BAD_COMMAND


async def test_a_lock_is_not_closed_by_saying_so():
    office = Office()
    await finished(office)
    no = await refused(office, BEN, "obligations close r1.2 done")
    assert no.nearest == ("/rollback unlock order-service",)


async def test_forward_deploys_are_let_go_by_who_asked_or_an_approver():
    office = Office()
    await finished(office)
    listed = await answer(office.desk, call(GUEST, "locks"))
    assert isinstance(listed, HoldList)
    assert [(hold.service, hold.run) for hold in listed.deploys] == [("order-service", "r1")]
    shown = await answer(office.desk, call(GUEST, "status order-service"))
    assert shown.deploys == listed.deploys[0]
    assert "Forward deploys of order-service are locked" in reply_text(shown)
    assert (await refused(office, GUEST, "unlock order-service")).code is Code.NOT_ALLOWED
    told = await said(office, ANA, "unlock order-service mended")
    assert "Still remembered as bad, and never shipped by who asks `rollbot bad check`: 2.0.0" in told.lines
    (event,) = [event for event in office.runs.environment if isinstance(event, DeploysReleased)]
    assert (event.by, event.note) == (ANA.person, "mended")
    assert "nothing to unlock" in (await said(office, BEN, "unlock order-service")).text


async def test_a_version_is_looked_up_by_anybody():
    office = Office()
    await finished(office)
    told = await said(office, GUEST, "bad check order-service@2.0.0")
    assert "is remembered as bad" in told.text
    assert "by run r1: loses carts" in told.text
    assert "is not remembered as bad" in (await said(office, GUEST, "bad check order-service 1.4.2")).text
    assert (await refused(office, GUEST, "bad check order-service")).code is Code.BAD_COMMAND


def read_only():
    office = Office()
    office.desk = replace(office.desk, read_only=True)
    return office


async def test_a_read_only_bot_plans_and_says_so_on_the_plan():
    opened = await answer(read_only().desk, call(ANA, "order-service"))
    assert isinstance(opened, Opened)
    assert opened.run.planned.findings[0].startswith("Read-only: this bot plans against the real world and carries nothing out.")


@pytest.mark.parametrize("words", ["approve r1", 'approve r1 --break-glass "nobody answers"'])
async def test_a_read_only_bot_approves_nothing(words):
    office = read_only()
    await answer(office.desk, call(ANA, "order-service"))
    no = await refused(office, BEN, words)
    assert (no.code, "read-only" in no.message) == (Code.READ_ONLY, True)
    assert office.wake.woken == []


async def test_a_read_only_bot_starts_nothing_past_its_approvals_and_decides_nothing():
    office = Office()
    opened = await answer(office.desk, call(ANA, "order-service"))
    await office.runs.append(opened.run, [Granted(approvals=1), Halted(because="it broke")])
    office.desk = replace(office.desk, read_only=True)
    assert (await refused(office, BEN, 'ledger-service --break-glass "now"')).code is Code.READ_ONLY
    for choice in (Choice.RETRY, Choice.UNDO, Choice.LEAVE):
        assert (await refused(office, BEN, f"{choice} r1 for the test")).code is Code.READ_ONLY
    assert not [e for e in await office.runs.entries("r1") if isinstance(e.event, Decided)]
