"""Approval as a proof: of this world, by whom, past whom, and in spite of what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.reply import Opened, Overview, Refused, Said
from commands.table import answer
from integrations.errors import Unavailable
from planner.approval import due
from planner.consent import BrokeGlass, FreezeOverridden, Reminded
from planner.events import Approved, Asked, Ended, Ending, Granted, Planned
from planner.lock_events import Reviewed
from planner.names import ActorId, ServiceName, Version
from planner.policy import Circle, Freeze, FreezeRule
from planner.refusal import Code
from planner.run import Stage
from tests.commands.fakes import ANA, BEN, GUEST, NOON, POLICY, Office, actor, call

SUE = actor("sue", "SDUTY")
DUTY = Circle(groups=frozenset({"SDUTY"}))


async def said(office, who, words):
    reply = await answer(office.desk, call(who, words))
    assert isinstance(reply, Said), reply
    return reply


async def refused(office, who, words):
    reply = await answer(office.desk, call(who, words))
    assert isinstance(reply, Refused), reply
    return reply.refusal


async def opened(office, words="order-service", who=ANA):
    reply = await answer(office.desk, call(who, words))
    assert isinstance(reply, Opened), reply
    return reply.run


async def events(office, run, kind=object):
    return [entry.event for entry in await office.runs.entries(run.id) if isinstance(entry.event, kind)]


def move(office, service, version):
    """Somebody deploys while a plan waits."""
    current = {**office.world.current, ServiceName(service): Version(version)}
    office.world = replace(office.world, current=current)


# The world moves


async def test_a_plan_whose_world_moved_is_planned_again_and_not_started():
    office = Office()
    run = await opened(office, "order-service --reason “it fails”")
    move(office, "payment-service", "2.4.1")
    no = await refused(office, BEN, "approve r1")
    assert no.code is Code.SUPERSEDED
    assert "payment-service runs 2.4.1 now, not 3.0.0" in no.facts[0]
    assert "payment-service stays" in "\n".join(no.facts)
    assert "/rollback approve r2" in no.nearest
    old, new = await office.runs.read(run.id), await office.runs.read("r2")
    assert (old.ending, old.ended.superseded_by) == (Ending.SUPERSEDED, "r2")
    assert await events(office, old, Approved) == []
    assert (new.stage, new.asked.by, new.asked.reason, new.asked.place) == (
        Stage.WAITING,
        ANA.person,
        "it fails",
        run.asked.place,
    )
    assert [m.service for m in new.plan.moves] == ["order-service"]
    assert new.plan.target == run.plan.target
    assert any("The world moved while run r1 waited" in finding for finding in new.planned.findings)
    await said(office, BEN, "approve r2")
    assert (await office.runs.read("r2")).stage is Stage.GRANTED


async def test_a_plan_whose_target_is_reached_already_ends_and_says_so():
    office = Office()
    run = await opened(office)
    move(office, "order-service", "1.4.2")
    no = await refused(office, BEN, "approve r1")
    assert no.code is Code.STALE
    assert "order-service already runs 1.4.2." in no.facts
    assert (await office.runs.read(run.id)).ending is Ending.STALE


async def test_a_stranger_learns_nothing_and_moves_nothing():
    office = Office()
    run = await opened(office)
    move(office, "payment-service", "2.4.1")
    assert (await refused(office, GUEST, "approve r1")).code is Code.NOT_ALLOWED
    assert (await office.runs.read(run.id)).stage is Stage.WAITING


async def test_what_nobody_can_see_now_is_not_counted_as_moved():
    office = Office()
    await opened(office)
    move(office, "payment-service", "2.4.1")
    office.world = replace(office.world, unseen=frozenset({ServiceName("payment-service")}))
    await said(office, BEN, "approve r1")


async def test_nothing_is_approved_blindly():
    office = Office()
    run = await opened(office)
    office.fault = Unavailable("the catalog is gone")
    with pytest.raises(Unavailable):
        await answer(office.desk, call(BEN, "approve r1"))
    assert await events(office, run, Approved) == []


# Own requests


async def test_an_own_approval_is_marked_where_the_policy_allows_it():
    office = Office(policy=replace(POLICY, own_request=True, users=frozenset({ANA.id})))
    run = await opened(office)
    reply = await said(office, ANA, "approve r1")
    assert "your own request" in reply.lines[0]
    (approved,) = await events(office, run, Approved)
    assert approved.own


async def test_another_persons_approval_is_not_marked():
    office = Office()
    run = await opened(office)
    await said(office, BEN, "approve r1")
    assert not (await events(office, run, Approved))[0].own


# Reminders


async def test_approvers_are_reminded_half_way_and_others_called_late():
    office = Office(policy=replace(POLICY, escalate_to=DUTY))
    run = await opened(office)
    half, late = (NOON + timedelta(seconds=POLICY.expires * part) for part in (0.5, 0.8))
    assert office.wake.later == [(run.id, half), (run.id, late), (run.id, run.planned.expires_at)]
    assert due(run, half - timedelta(seconds=1)) is None
    first = due(run, half)
    assert first == Reminded(reminder=0, users=(BEN.id,), groups=("SSRE",))
    run = await office.runs.append(run, [first])
    assert due(run, half) is None
    second = due(run, late)
    assert second == Reminded(reminder=1, groups=("SDUTY",), escalated=True)
    run = await office.runs.append(run, [second])
    assert due(run, run.planned.expires_at) is None


async def test_a_bot_that_slept_calls_once():
    office = Office(policy=replace(POLICY, escalate_to=DUTY))
    run = await opened(office)
    assert due(run, NOON + timedelta(seconds=POLICY.expires * 0.9)).reminder == 1


async def test_whom_one_escalates_to_may_approve_only_once_they_were_called():
    office = Office(policy=replace(POLICY, escalate_to=DUTY))
    run = await opened(office)
    assert (await refused(office, SUE, "approve r1")).code is Code.NOT_ALLOWED
    run = await office.runs.read(run.id)
    await office.runs.append(run, [Reminded(reminder=1, groups=("SDUTY",), escalated=True)])
    assert "<!subteam^SDUTY>" in (await refused(office, GUEST, "approve r1")).facts[0]
    await said(office, SUE, "approve r1")


# Break-glass


def with_glass(**more):
    return Office(policy=replace(POLICY, break_glass=Circle(users=frozenset({ANA.id})), **more))


async def test_the_glass_is_broken_with_a_reason_by_whom_the_policy_names_and_looked_at_afterwards():
    office = with_glass()
    run = await opened(office, 'order-service --break-glass "checkouts are down, nobody answers"')
    assert run.stage is Stage.GRANTED
    assert office.wake.woken == [run.id]
    kinds = [type(event) for event in await events(office, run)]
    assert kinds == [Asked, Planned, BrokeGlass, Granted]
    (glass,) = await events(office, run, BrokeGlass)
    assert (glass.by, glass.users, glass.groups) == (ANA.person, (BEN.id,), ("SSRE",))
    assert (await refused(office, BEN, "reviewed r1")).code is Code.STALE, "it runs still"
    await office.runs.append(await office.runs.read(run.id), [Ended(ending=Ending.FINISHED, because="")])
    overview = await answer(office.desk, call(BEN, "status"))
    assert isinstance(overview, Overview)
    assert overview.second_looks == (run.id,)
    assert (await refused(office, ANA, "reviewed r1")).code is Code.OWN_REQUEST
    assert (await refused(office, GUEST, "reviewed r1")).code is Code.NOT_ALLOWED
    await said(office, BEN, "reviewed r1 was right")
    assert [event for event in office.runs.environment if isinstance(event, Reviewed)] == [
        Reviewed(run=run.id, by=BEN.person, note="was right")
    ]
    assert (await refused(office, BEN, "reviewed r1")).code is Code.STALE


async def test_nobody_else_breaks_it():
    office = with_glass()
    for words in ('order-service --break-glass "now"',):
        no = await refused(office, BEN, words)
        assert no.code is Code.NOT_ALLOWED
        assert "<@UANA>" in no.facts[0]
    assert await office.runs.open_runs() == ()
    assert "names nobody" in (await refused(Office(), ANA, 'order-service --break-glass "now"')).facts[0]


async def test_a_plan_that_waits_is_started_past_its_approvals():
    office = with_glass()
    run = await opened(office, who=GUEST)
    assert (await refused(office, BEN, 'approve r1 --break-glass "now"')).code is Code.NOT_ALLOWED
    await said(office, ANA, 'approve r1 --break-glass "nobody answers"')
    assert (await office.runs.read(run.id)).stage is Stage.GRANTED
    assert await events(office, run, Approved) == []
    assert (await refused(office, ANA, 'approve r1 --break-glass "again"')).code is Code.ALREADY_APPROVED


async def test_the_glass_does_not_break_locks_nor_accept_data_loss():
    office = with_glass()
    await said(office, BEN, "lock order-service watching it")
    assert (await refused(office, ANA, 'order-service --break-glass "now"')).code is Code.LOCKED
    assert (await refused(office, ANA, 'ledger-service --break-glass "now"')).code is Code.DATA_LOSS


# Freezes


def freeze(rule, *, services=None, begins=None, ends=None, name="peak week"):
    return Freeze(name=name, begins=begins, ends=ends, services=services, rollback=rule)


def in_freeze(*freezes):
    return Office(policy=replace(POLICY, freezes=freezes))


async def test_a_freeze_that_allows_rollbacks_is_named_and_asks_for_nothing():
    run = await opened(in_freeze(freeze(FreezeRule.ALLOW)))
    assert run.planned.approvals == 1
    assert "Freeze “peak week” is on without an end for all services: a rollback is allowed in it." in run.planned.findings


async def test_a_freeze_that_asks_for_one_more():
    office = in_freeze(freeze(FreezeRule.PLUS_ONE, services=frozenset({ServiceName("payment-service")})))
    assert (await opened(office)).planned.approvals == 2
    assert (await opened(office, "ledger-service --accept-data-loss")).planned.approvals == 2, (
        "one for the data, none for the freeze"
    )


async def test_a_freeze_is_overridden_by_its_name_and_with_a_reason():
    office = in_freeze(freeze(FreezeRule.OVERRIDE), freeze(FreezeRule.OVERRIDE, name="audit"))
    no = await refused(office, ANA, "order-service")
    assert no.code is Code.FROZEN
    assert len(no.facts) == 2
    assert '--override-freeze "peak week" "REASON" --override-freeze "audit" "REASON"' in no.nearest[0]
    one = await refused(office, ANA, 'order-service --override-freeze "peak week" "checkouts fail"')
    assert [fact for fact in one.facts if "peak week" in fact] == []
    both = 'order-service --override-freeze "peak week" "checkouts fail" --override-freeze=audit "checkouts fail"'
    run = await opened(office, both)
    assert [event.freeze for event in await events(office, run, FreezeOverridden)] == ["peak week", "audit"]
    assert any("“peak week”" in found and "Ana overrides it: “checkouts fail”" in found for found in run.planned.findings)
    await said(office, BEN, "approve r1")


async def test_a_freeze_that_begins_while_a_plan_waits_counts_at_the_press():
    begins = NOON + timedelta(minutes=5)
    office = in_freeze(freeze(FreezeRule.OVERRIDE, begins=begins, ends=begins + timedelta(hours=1)))
    await opened(office)
    office.clock.go(300)
    assert (await refused(office, BEN, "approve r1")).code is Code.FROZEN
    office = in_freeze(freeze(FreezeRule.PLUS_ONE, begins=begins))
    await opened(office)
    office.clock.go(300)
    assert "1 more person" in (await said(office, BEN, "approve r1")).lines[0]


async def test_a_freeze_of_other_services_or_of_another_time_is_none():
    office = in_freeze(
        freeze(FreezeRule.OVERRIDE, services=frozenset({ServiceName("ledger-service")})),
        freeze(FreezeRule.OVERRIDE, name="over", ends=NOON),
        freeze(FreezeRule.OVERRIDE, name="later", begins=NOON + timedelta(days=1)),
    )
    assert (await opened(office)).planned.findings == ()


# Asked beforehand


async def test_who_can_says_all_rules_before_anybody_presses():
    policy = replace(
        POLICY, escalate_to=DUTY, break_glass=Circle(users=frozenset({ANA.id})), freezes=(freeze(FreezeRule.PLUS_ONE),)
    )
    office = Office(policy=policy)
    text = "\n".join((await said(office, BEN, "who-can order-service")).lines)
    for words in ("Approve: <@UBEN>, <!subteam^SSRE>; 1 of them", "after 960 s, also: <!subteam^SDUTY>", "break-glass): <@UANA>"):
        assert words in text
    assert "peak week" in text
    assert "You may approve (not what you asked for yourself)." in text
    assert "You may not approve." in (await said(office, GUEST, "who-can order-service")).lines
    nobody = Office(policy=replace(POLICY, users=frozenset(), groups=frozenset()))
    assert "Nobody may approve" in (await said(nobody, ANA, "who-can order-service")).lines[0]
    assert (await refused(office, ANA, "who-can order-servise")).code is Code.UNKNOWN_SERVICE


async def test_why_not_has_the_planners_refusal_or_what_stands_before_the_start():
    office = Office()
    assert (await refused(office, ANA, "why-not order-service 9.9.9")).code is Code.UNKNOWN_VERSION
    assert (await refused(office, ANA, "why-not ledger-service to 5.0.0")).code is Code.DATA_LOSS
    await said(office, BEN, "lock payment-service watching it")
    reply = await said(office, ANA, "why-not order-service 1.4.2")
    assert "There is a safe plan" in reply.text
    assert "Held now: payment-service by Ben." in reply.lines
    assert await office.runs.open_runs() == ()


async def test_the_terminals_person_is_named_and_not_mentioned():
    office = Office()
    shell = actor("x")
    shell = replace(shell, person=replace(shell.person, id=ActorId("cli:root"), name="root (terminal)"))
    await said(office, shell, "lock order-service by hand")
    facts = "\n".join((await refused(office, ANA, "order-service")).facts)
    assert "root (terminal) by hand" in facts
    assert "<@cli" not in facts
