"""Asking for a rollback: a plan that waits, or a no that says why."""

from dataclasses import replace

import pytest

from commands.reply import Opened, Preview, Refused
from commands.table import answer
from integrations.errors import Unavailable
from integrations.protocols import Finding, FindingLevel
from planner.events import Asked, CommandRefused, Ending, Granted, LocksTaken, Planned
from planner.plan import Strategy
from planner.refusal import Code
from planner.run import Stage
from planner.wire import digest
from tests.commands.fakes import ANA, HERE, POLICY, Office, call


async def opened(office: Office, words: str = "order-service") -> Opened:
    reply = await answer(office.desk, call(ANA, words))
    assert isinstance(reply, Opened), reply
    return reply


async def refused(office: Office, words: str) -> Refused:
    reply = await answer(office.desk, call(ANA, words))
    assert isinstance(reply, Refused), reply
    return reply


async def test_a_plan_is_opened_and_waits_for_approval():
    office = Office()
    run = (await opened(office, "order-service --reason “it fails”")).run
    assert run.stage is Stage.WAITING
    asked, planned = [entry.event for entry in await office.runs.entries(run.id)]
    assert isinstance(asked, Asked)
    assert isinstance(planned, Planned)
    assert (asked.by, asked.place, asked.reason) == (ANA.person, HERE, "it fails")
    assert asked.request.policy == planned.plan.policy == digest(POLICY.facts())
    assert [move.service for move in planned.plan.moves] == ["payment-service", "order-service"]
    assert (planned.expires_at - office.clock()).total_seconds() == POLICY.expires
    assert office.wake.later == [(run.id, planned.reminders[0].at), (run.id, planned.expires_at)]
    assert (planned.reminders[0].at - office.clock()).total_seconds() == POLICY.expires / 2


async def test_the_request_says_what_was_typed():
    office = Office()
    run = (await opened(office, "order-service to 1.4.2 --strategy partial")).run
    assert run.asked is not None
    assert (run.asked.request.to, run.asked.request.strategy) == ("1.4.2", Strategy.PARTIAL)


async def test_a_dry_run_opens_nothing():
    office = Office()
    reply = await answer(office.desk, call(ANA, "order-service --dry-run"))
    assert isinstance(reply, Preview)
    assert reply.plan.target.to_version == "1.4.2"
    assert await office.runs.recent(10) == ()
    assert office.wake.later == []


async def test_a_refusal_is_kept_in_the_environments_log():
    office = Office()
    reply = await refused(office, "oder-service")
    assert reply.refusal.code is Code.UNKNOWN_SERVICE
    assert any("order-service" in hint for hint in (*reply.refusal.facts, *reply.refusal.nearest))
    [note] = office.runs.environment
    assert isinstance(note, CommandRefused)
    assert (note.by, note.words, note.code) == (ANA.person, "oder-service", Code.UNKNOWN_SERVICE)


async def test_lost_data_must_be_accepted_and_then_needs_one_approval_more():
    office = Office()
    assert (await refused(office, "ledger-service")).refusal.code is Code.DATA_LOSS
    run = (await opened(office, "ledger-service --accept-data-loss")).run
    assert run.planned is not None
    assert run.planned.approvals == POLICY.approvals + 1


async def test_a_service_that_nobody_knows_how_to_run_is_not_planned_for_real():
    office = Office()
    assert (await refused(office, "orphan-service")).refusal.code is Code.NOT_RUNNABLE
    assert isinstance(await answer(office.desk, call(ANA, "orphan-service --dry-run")), Preview)


async def test_a_blind_survey_is_an_error_and_opens_nothing():
    office = Office()
    office.fault = Unavailable("the catalog cannot be read")
    with pytest.raises(Unavailable):
        await answer(office.desk, call(ANA, "order-service"))
    assert await office.runs.recent(10) == ()


async def test_asking_again_takes_the_place_of_the_older_plan():
    office = Office()
    first = (await opened(office)).run
    again = await opened(office)
    assert again.replaced == (first.id,)
    older = await office.runs.read(first.id)
    assert older is not None
    assert older.ending is Ending.SUPERSEDED
    assert older.ended is not None
    assert older.ended.superseded_by == again.run.id
    assert await office.runs.open_runs() == (again.run.id,)


async def test_a_plan_for_another_service_is_left_alone():
    office = Office()
    first = (await opened(office, "ledger-service --accept-data-loss")).run
    second = await opened(office)
    assert second.replaced == ()
    assert await office.runs.open_runs() == (first.id, second.run.id)


async def test_held_services_are_refused_with_who_holds_them_and_where():
    office = Office()
    run = (await opened(office)).run
    granted = await office.runs.append(run, [Granted(approvals=1)])
    moves = tuple(move.service for move in run.plan.moves)
    for_now = (await refused(office, "order-service")).refusal
    assert for_now.code is Code.LOCKED
    assert any("approved a moment ago" in fact for fact in for_now.facts)
    await office.runs.append(granted, [LocksTaken(services=moves)])
    held = (await refused(office, "payment-service")).refusal
    assert held.code is Code.LOCKED
    assert "payment-service" in held.message
    facts = "\n".join(held.facts)
    assert held.facts[0] == "You wanted to roll payment-service back to 2.4.1."
    assert all(word in facts for word in ("run r1", "Ana", "<#C0INCIDENT>", "0 of 2 steps done", "Until: the run ends"))
    assert "/rollback show r1" in held.nearest
    assert held.nearest[0] == "/rollback wait payment-service"
    assert isinstance(await answer(office.desk, call(ANA, "order-service --dry-run")), Preview)


async def test_an_approved_run_is_never_superseded():
    office = Office()
    run = (await opened(office)).run
    await office.runs.append(run, [Granted(approvals=1)])
    await refused(office, "order-service")
    kept = await office.runs.read(run.id)
    assert kept is not None
    assert kept.stage is Stage.GRANTED


async def test_words_that_make_no_sense_touch_nothing():
    office = Office()
    office.fault = Unavailable("must not be asked")
    assert (await refused(office, "order-service --now")).refusal.code is Code.BAD_COMMAND
    assert office.runs.environment == []


async def test_the_policy_fingerprint_is_part_of_what_is_approved():
    plans = [(await opened(Office(policy=policy))).run.plan for policy in (POLICY, replace(POLICY, own_request=True))]
    assert plans[0].digest != plans[1].digest


async def test_what_a_system_says_beforehand_is_on_the_plan_or_stops_it():
    async def warns(plan, world):
        return (Finding(level=FindingLevel.WARN, text="order-service is paused"),)

    async def blocks(plan, world):
        return (*await warns(plan, world), Finding(level=FindingLevel.BLOCK, text="the image is gone"))

    desk = Office().desk
    reply = await answer(replace(desk, preflight=warns), call(ANA, "order-service"))
    assert isinstance(reply, Opened)
    assert reply.run.planned is not None
    assert reply.run.planned.findings == ("order-service is paused",)
    reply = await answer(replace(desk, preflight=blocks), call(ANA, "order-service"))
    assert isinstance(reply, Refused)
    assert reply.refusal.code is Code.NOT_RUNNABLE
    assert reply.refusal.facts == ("the image is gone",)
