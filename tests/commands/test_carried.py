"""The world moved, or somebody asked again: who must approve again, and who need not."""

from dataclasses import replace

import pytest

from commands.reply import Opened, Refused, Said
from commands.table import answer
from planner.events import Approved, Ended, Ending, Granted, LocksTaken
from planner.names import RunId
from planner.policy import Circle
from planner.refusal import Code
from planner.run import Stage
from tests.commands.fakes import ANA, BEN, GUEST, POLICY, Office, actor, call, release, service, snapshot
from tests.commands.test_consent import move

CARL, DORA = actor("carl"), actor("dora")
TWO = replace(POLICY, approvals=2, users=frozenset({BEN.id, CARL.id, DORA.id}))


async def tell(office, who, words):
    return await answer(office.desk, call(who, words))


async def half_approved(policy=TWO):
    """A plan of two services that Ana asked for and Ben approved; one more is needed."""
    office = Office(policy=policy)
    assert isinstance(await tell(office, ANA, "order-service --reason slow"), Opened)
    assert isinstance(await tell(office, BEN, "approve r1"), Said)
    return office


async def read(office, run):
    found = await office.runs.read(RunId(run))
    assert found is not None
    return found


async def granted(office):
    """Every run that was ever granted, with its fresh approvals."""
    found = {}
    for name in await office.runs.recent(100):
        log = [entry.event for entry in await office.runs.entries(name)]
        if any(isinstance(event, Granted) for event in log):
            found[name] = [e for e in log if isinstance(e, Approved) and e.carried_from is None]
    return found


async def test_a_yes_stands_where_the_new_plan_does_nothing_new_and_the_difference_is_asked_for():
    office = await half_approved()
    move(office, "payment-service", "2.4.1")  # by hand, to what the plan wanted
    no = await tell(office, CARL, "approve r1")
    assert isinstance(no, Refused)
    assert any("the approval of Ben stands" in fact for fact in no.refusal.facts)
    run = await read(office, "r2")
    (stands,) = run.approvals
    assert (stands.by, stands.carried_from, run.stage) == (BEN.person, "r1", Stage.WAITING)
    assert stands.digest == (await read(office, "r1")).plan.digest != run.plan.digest
    assert isinstance(await tell(office, CARL, "approve r2"), Said)
    assert (await read(office, "r2")).stage is Stage.GRANTED


async def test_whose_yes_was_carried_may_approve_the_difference_and_counts_once():
    office = await half_approved()
    move(office, "payment-service", "2.4.1")
    await tell(office, CARL, "approve r1")
    assert "1 more person" in (await tell(office, BEN, "approve r2")).lines[0]
    run = await read(office, "r2")
    assert [(a.by, a.carried_from) for a in run.approvals] == [(BEN.person, None)]
    assert (await tell(office, BEN, "approve r2")).refusal.code is Code.ALREADY_APPROVED
    await tell(office, DORA, "approve r2")
    assert (await read(office, "r2")).stage is Stage.GRANTED


async def test_nothing_starts_by_carried_approvals_alone():
    office = await half_approved()
    move(office, "payment-service", "2.4.1")
    await tell(office, CARL, "approve r1")
    # The policy asks for fewer now: one carried yes would be enough by number.
    run = await read(office, "r2")
    assert (run.stage, len(run.approvals)) == (Stage.WAITING, 1)
    assert not any(isinstance(entry.event, Granted) for entry in await office.runs.entries(RunId("r2")))


async def test_a_difference_that_touches_what_was_approved_voids_every_yes():
    world = snapshot(
        service(
            "order-service",
            release("1.4.2", 1, needs=">=2.1 <3"),
            release("2.0.0", 20, needs=">=2 <5"),
        ),
        service("payment-service", release("2.4.1", 1), release("3.0.0", 19), release("4.0.0", 21)),
    )
    office = Office(policy=TWO, world=world)
    move(office, "payment-service", "3.0.0")
    await tell(office, ANA, "order-service")
    await tell(office, BEN, "approve r1")
    move(office, "payment-service", "4.0.0")
    no = await tell(office, CARL, "approve r1")
    assert any("does not count here" in fact and "payment-service 4.0.0 → 2.4.1" in fact for fact in no.refusal.facts)
    run = await read(office, "r2")
    assert run.approvals == ()
    await tell(office, CARL, "approve r2")
    assert (await read(office, "r2")).stage is Stage.WAITING


async def test_asking_again_for_the_same_loses_nobodys_yes_but_ones_own():
    office = await half_approved()
    reply = await tell(office, CARL, "order-service --reason slower")
    assert reply.notes[0] == "It takes the place of run r1, which Ana asked for: Ben had approved it."
    assert [a.by for a in (await read(office, "r2")).approvals] == [BEN.person]
    # Whoever asks may not approve their own request, not even by a yes to somebody else's.
    await tell(office, BEN, "order-service")
    assert (await read(office, "r3")).approvals == ()
    assert "Ben asked for order-service again" in (await read(office, "r2")).because


async def test_another_plan_for_the_same_service_starts_with_nobodys_yes():
    office = await half_approved()
    reply = await tell(office, CARL, "order-service --accept-data-loss")
    assert isinstance(reply, Opened)
    assert (await read(office, reply.run.id)).approvals == ()


async def test_a_yes_is_never_good_for_longer_than_a_plan_waits():
    office = await half_approved()
    office.clock.go(TWO.expires - 1)
    move(office, "payment-service", "2.4.1")
    await tell(office, CARL, "approve r1")
    assert len((await read(office, "r2")).approvals) == 1
    office.clock.go(60)
    await tell(office, CARL, "order-service")
    assert (await read(office, "r3")).approvals == ()


async def stale(policy=TWO):
    """A run that two people approved and that ended, since the world had moved when everything was locked."""
    office = await half_approved(policy)
    await tell(office, CARL, "approve r1")
    run = await read(office, "r1")
    move(office, "payment-service", "2.4.1")
    services = tuple(m.service for m in run.plan.moves)
    await office.runs.append(run, [LocksTaken(services=services), Ended(ending=Ending.STALE, because="payment-service moved")])
    return office


async def test_a_stale_run_is_planned_again_in_the_name_of_who_asked_and_asks_only_for_one_look():
    office = await stale()
    reply = await tell(office, BEN, "again r1")
    assert isinstance(reply, Opened)
    run = await read(office, "r2")
    assert (run.asked.by, run.stage) == (ANA.person, Stage.WAITING)
    assert [a.by for a in run.approvals] == [BEN.person, CARL.person]
    assert any("payment-service runs 2.4.1 now, not 3.0.0" in finding for finding in run.planned.findings)
    assert any("Ben had run r1 planned again" in finding for finding in run.planned.findings)
    await tell(office, BEN, "approve r2")
    assert (await read(office, "r2")).stage is Stage.GRANTED
    assert [len(fresh) for fresh in (await granted(office)).values()] == [1, 2]


async def test_planning_again_is_for_those_concerned_and_done_once():
    office = await stale()
    no = await tell(office, GUEST, "again r1")
    assert (no.refusal.code, "Ana" in no.refusal.message) == (Code.NOT_ALLOWED, True)
    assert isinstance(await tell(office, ANA, "again r1"), Opened)
    no = await tell(office, BEN, "again r1")
    assert (no.refusal.code, "/rollback show r2" in no.refusal.nearest) == (Code.SUPERSEDED, True)


@pytest.mark.parametrize("ending", [Ending.REJECTED, Ending.WITHDRAWN, Ending.FINISHED])
async def test_somebodys_no_and_what_was_done_are_not_planned_again(ending):
    office = await half_approved()
    await office.runs.append(await read(office, "r1"), [Ended(ending=ending, because="so")])
    no = await tell(office, ANA, "again r1")
    assert (no.refusal.code, ending in no.refusal.message) == (Code.STALE, True)
    assert '/rollback order-service to 1.4.2 --reason "slow"' in no.refusal.nearest


async def test_what_expired_is_planned_again_with_nobodys_yes():
    office = await half_approved()
    await office.runs.append(await read(office, "r1"), [Ended(ending=Ending.EXPIRED, because="nobody decided")])
    assert isinstance(await tell(office, ANA, "again r1"), Opened)
    assert (await read(office, "r2")).approvals == ()


async def test_the_yes_of_those_one_escalated_to_stands_too():
    office = await half_approved(replace(TWO, escalate_to=Circle(users=frozenset({GUEST.id}))))
    move(office, "payment-service", "2.4.1")
    await tell(office, CARL, "approve r1")
    assert [a.by for a in (await read(office, "r2")).approvals] == [BEN.person]
