"""Presses and their typed twins: one decision, whatever the luck; and a truthful answer to everybody."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from commands import approve, cancel, decide, reject
from commands.ports import Archived, Moved
from commands.reply import Opened, Refused, Reply, RunList, Said
from commands.table import answer
from planner.events import (
    Approved,
    Choice,
    Decided,
    Ended,
    Ending,
    Granted,
    Halted,
    LocksTaken,
    PressRefused,
    RunEvent,
    StepFailed,
    StepIntended,
    StopAsked,
    Surveyed,
)
from planner.names import RunId
from planner.policy import Policy
from planner.refusal import Code
from planner.run import Run
from tests.commands.fakes import ANA, BEN, GUEST, NOON, MemoryRuns, Office, actor, call

MANY = Policy(users=frozenset(actor(f"a{n}").id for n in range(20)))


async def waiting(office: Office) -> Run:
    reply = await answer(office.desk, call(ANA, "order-service"))
    assert isinstance(reply, Opened)
    return reply.run


async def kinds(office: Office, run: Run) -> list[type]:
    return [type(entry.event) for entry in await office.runs.entries(run.id)][2:]


def code(reply: Reply) -> Code | None:
    return reply.refusal.code if isinstance(reply, Refused) else None


async def halted(office: Office, *, settled: bool = True) -> Run:
    run = await waiting(office)
    plan = run.plan
    first = plan.moves[0]
    return await office.runs.append(
        run,
        [
            Approved(by=BEN.person, digest=plan.digest),
            Granted(approvals=1),
            LocksTaken(services=tuple(move.service for move in plan.moves)),
            Surveyed(facts=plan.facts),
            StepIntended(step=first.service, attempt=1, expect=first.from_version, to=first.to_version, key="k"),
            StepFailed(step=first.service, because="it fails", settled=settled),
            Halted(because="it fails"),
        ],
    )


async def test_the_last_approval_needed_starts_the_run():
    office = Office()
    run = await waiting(office)
    reply = await answer(office.desk, call(BEN, "approve r1"))
    assert isinstance(reply, Said)
    assert await kinds(office, run) == [Approved, Granted]
    assert office.wake.woken == [run.id]


async def test_two_approvals_take_two_people():
    office = Office(policy=Policy(approvals=2, users=frozenset({BEN.id}), groups=frozenset({"SSRE"})))
    run = await waiting(office)
    assert isinstance(await answer(office.desk, call(BEN, "approve r1")), Said)
    assert code(await answer(office.desk, call(BEN, "approve r1"))) is Code.ALREADY_APPROVED
    assert office.wake.woken == []
    assert isinstance(await answer(office.desk, call(actor("sue", "SSRE"), "approve r1")), Said)
    assert await kinds(office, run) == [Approved, PressRefused, Approved, Granted]
    assert office.wake.woken == [run.id]


async def test_twenty_approvals_at_once_start_one_run():
    office = Office(policy=MANY)
    run = await waiting(office)
    replies = await asyncio.gather(
        *(approve.act(office.desk, call(actor(f"a{n}")), approve.Approve(run=run.id)) for n in range(20))
    )
    events = [entry.event for entry in await office.runs.entries(run.id)]
    assert sum(isinstance(event, Granted) for event in events) == 1
    assert sum(isinstance(reply, Said) for reply in replies) == 1
    assert sum(code(reply) is Code.ALREADY_APPROVED for reply in replies) == 19
    assert office.wake.woken == [run.id]


async def test_twenty_clicks_of_one_person_count_once():
    office = Office()
    run = await waiting(office)
    replies = await asyncio.gather(*(approve.act(office.desk, call(BEN), approve.Approve(run=run.id)) for _ in range(20)))
    assert sum(isinstance(reply, Said) for reply in replies) == 1
    assert (await kinds(office, run)).count(Granted) == 1


async def test_approval_and_rejection_at_once_have_one_outcome():
    for _ in range(10):
        office = Office()
        run = await waiting(office)
        await asyncio.gather(
            approve.act(office.desk, call(BEN), approve.Approve(run=run.id)),
            reject.act(office.desk, call(actor("sue", "SSRE")), reject.Reject(run=run.id)),
            cancel.act(office.desk, call(ANA), cancel.Cancel(run=run.id)),
        )
        events = [entry.event for entry in await office.runs.entries(run.id)]
        assert sum(isinstance(event, Granted | Ended) for event in events) == 1


async def test_another_digest_approves_nothing():
    office = Office()
    run = await waiting(office)
    whole = run.plan.digest.removeprefix("sha256:")
    for short in ("0" * 16, whole[:4], "", whole[:15] + "x"):
        reply = await approve.act(office.desk, call(BEN), approve.Approve(run=run.id, digest=short))
        assert code(reply) is Code.STALE, short
    assert Granted not in await kinds(office, run)
    assert isinstance(await approve.act(office.desk, call(BEN), approve.Approve(run=run.id, digest=whole[:16])), Said)


async def test_a_refused_press_is_kept_once_however_often_it_comes():
    office = Office()
    run = await waiting(office)
    for _ in range(30):
        assert code(await answer(office.desk, call(GUEST, "approve r1"))) is Code.NOT_ALLOWED
    assert code(await answer(office.desk, call(ANA, "approve r1"))) is Code.OWN_REQUEST
    assert code(await answer(office.desk, call(GUEST, "reject r1"))) is Code.NOT_ALLOWED
    assert await kinds(office, run) == [PressRefused] * 3


async def test_a_press_on_a_run_that_is_over_is_answered_and_writes_nothing():
    office = Office()
    run = await waiting(office)
    await answer(office.desk, call(BEN, "reject r1 not tonight"))
    before = await office.runs.entries(run.id)
    for words in ("approve r1", "reject r1", "cancel r1", "retry r1", "leave r1"):
        assert code(await answer(office.desk, call(BEN, words))) is Code.ENDED
    assert await office.runs.entries(run.id) == before


async def test_rejecting_tells_who_and_why():
    office = Office()
    run = await waiting(office)
    await answer(office.desk, call(BEN, "reject r1 the migration is not ready"))
    found = await office.runs.read(run.id)
    assert found is not None
    assert found.ending is Ending.REJECTED
    assert found.because == "Ben rejected the plan: the migration is not ready"


async def test_whoever_asked_may_withdraw():
    office = Office()
    run = await waiting(office)
    assert isinstance(await answer(office.desk, call(ANA, "cancel r1")), Said)
    found = await office.runs.read(run.id)
    assert found is not None
    assert found.ending is Ending.WITHDRAWN


async def test_an_expired_plan_cannot_be_approved_and_a_worker_is_reminded():
    office = Office()
    run = await waiting(office)
    office.clock.go(1201)
    assert code(await answer(office.desk, call(BEN, "approve r1"))) is Code.EXPIRED
    assert office.wake.woken == [run.id]
    assert Granted not in await kinds(office, run)


async def test_a_superseded_plan_names_the_one_that_took_its_place():
    office = Office()
    await waiting(office)
    await waiting(office)
    reply = await answer(office.desk, call(BEN, "approve r1"))
    assert code(reply) is Code.SUPERSEDED
    assert isinstance(reply, Refused)
    assert reply.refusal.nearest == ("/rollback show r2",)


async def test_a_run_that_was_archived_says_where_it_went():
    office = Office()
    await waiting(office)
    office.runs.gone[RunId("r7")] = Archived(place="/mnt/audit/segment-000001.ndjson.gz of keeper", until=NOON)
    for verb in ("approve", "cancel", "retry", "undo", "forward", "again", "reviewed", "show", "history"):
        reply = await answer(office.desk, call(BEN, f"{verb} r7"))
        assert isinstance(reply, Refused)
        assert reply.refusal.code is Code.ARCHIVED, verb
        assert "/mnt/audit/segment-000001.ndjson.gz of keeper" in reply.refusal.facts[0]
    listed = await answer(office.desk, call(BEN, "history"))
    assert isinstance(listed, RunList)
    assert "segment-000001" in listed.older


async def test_an_unknown_run_is_answered_with_the_newest():
    office = Office()
    await waiting(office)
    for verb in ("approve", "reject", "cancel", "retry", "show"):
        reply = await answer(office.desk, call(BEN, f"{verb} r77"))
        assert isinstance(reply, Refused)
        assert reply.refusal.code is Code.UNKNOWN_RUN
        assert "/rollback show r1" in reply.refusal.nearest


async def test_a_running_run_is_asked_to_stop_once():
    office = Office()
    run = await waiting(office)
    await answer(office.desk, call(BEN, "approve r1"))
    assert code(await answer(office.desk, call(GUEST, "cancel r1"))) is Code.NOT_ALLOWED
    assert isinstance(await answer(office.desk, call(ANA, "cancel r1")), Said)
    again = await answer(office.desk, call(BEN, "cancel r1"))
    assert isinstance(again, Said)
    assert "Ana asked" in again.text
    assert (await kinds(office, run)).count(StopAsked) == 1


@pytest.mark.parametrize("choice", list(Choice))
async def test_a_halted_run_takes_one_choice(choice: Choice):
    office = Office()
    run = await halted(office)
    assert code(await answer(office.desk, call(GUEST, f"{choice} r1"))) is Code.NOT_ALLOWED
    replies = await asyncio.gather(
        *(
            decide.act(office.desk, call(who), decide.Decide(run=run.id, choice=choice, seen=0, reason="why"))
            for who in (ANA, BEN) * 5
        )
    )
    assert sum(isinstance(reply, Said) for reply in replies) == 1
    assert sum(code(reply) is Code.STALE for reply in replies) == 9
    assert (await kinds(office, run)).count(Decided) == 1
    assert office.wake.woken == [run.id]


async def test_skipping_what_must_not_be_skipped_is_refused():
    office = Office()
    await halted(office, settled=False)
    assert code(await answer(office.desk, call(BEN, "skip r1 flaky"))) is Code.NO_SAFE_PLAN


async def test_a_button_of_an_earlier_stop_does_nothing_at_a_later_one():
    office = Office()
    run = await halted(office)
    await answer(office.desk, call(BEN, "retry r1"))
    now = await office.runs.read(run.id)
    assert now is not None
    await office.runs.append(now, [StepFailed(step=run.plan.moves[0].service, because="again"), Halted(because="again")])
    late = await decide.act(office.desk, call(BEN), decide.Decide(run=run.id, choice=Choice.RETRY, seen=0))
    assert code(late) is Code.STALE
    fresh = await decide.act(office.desk, call(BEN), decide.Decide(run=run.id, choice=Choice.UNDO, seen=1))
    assert isinstance(fresh, Said)


async def test_a_halted_run_is_not_cancelled_but_decided():
    office = Office()
    await halted(office)
    reply = await answer(office.desk, call(BEN, "cancel r1"))
    assert isinstance(reply, Refused)
    assert reply.refusal.nearest[0] == "/rollback leave r1"


async def test_a_log_that_never_stands_still_is_given_up_in_words():
    class Restless(MemoryRuns):
        async def append(self, run: Run, events: Sequence[RunEvent]) -> Run:
            raise Moved(run.id)

    office = Office()
    await waiting(office)
    restless = Restless(office.clock)
    restless.adopt(office.runs)
    desk = replace(office.desk, runs=restless)
    assert code(await answer(desk, call(BEN, "approve r1"))) is Code.UNAVAILABLE
