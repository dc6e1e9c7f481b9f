from datetime import timedelta

import pytest

from planner.approval import Actor, Enough, Waiting, approve, reject, who_can
from planner.deciding import decide, stop
from planner.events import Choice, Ended, Ending, Halted, LocksTaken
from planner.policy import Policy
from planner.refusal import Code, Refusal
from planner.run import Run
from tests.making import ANA, DIGEST, GUS, NOON, RAJ, SHOP, approved, asked, granted, planned
from tests.planner.test_run import after

POLICY = Policy(users=frozenset({RAJ.id}), groups=frozenset({"S_SRE"}))
NOW = NOON + timedelta(minutes=1)


def waiting(approvals=1) -> Run:
    return after(Run(id="r1"), asked(), planned(SHOP, approvals=approvals))


def answer(run, person, *, policy=POLICY, groups=(), digest=DIGEST, now=NOW):
    return approve(run, policy, Actor(person=person, groups=frozenset(groups)), digest, now)


def test_an_approver_grants():
    assert answer(waiting(), RAJ) == Enough(1)
    assert answer(waiting(), GUS, groups={"S_SRE"}) == Enough(1)


def test_two_of_two_are_two_people():
    run = waiting(approvals=2)
    assert answer(run, RAJ) == Waiting(1)
    run = after(run, approved(RAJ))
    assert answer(run, RAJ).code is Code.ALREADY_APPROVED
    assert answer(run, GUS, groups={"S_SRE"}) == Enough(2)


def test_nobody_approves_their_own_request_unless_the_policy_says_so():
    policy = Policy(users=frozenset({ANA.id}))
    assert answer(waiting(), ANA, policy=policy).code is Code.OWN_REQUEST
    assert answer(waiting(), ANA, policy=Policy(users=frozenset({ANA.id}), own_request=True)) == Enough(1)


def test_a_stranger_is_told_who_can():
    refusal = answer(waiting(), GUS)
    assert refusal.code is Code.NOT_ALLOWED
    assert refusal.facts == ("Approvers: <@U_RAJ>, <!subteam^S_SRE>.",)


def test_no_approvers_means_nobody():
    assert isinstance(answer(waiting(), RAJ, policy=Policy()), Refusal)
    assert "Nobody may approve" in who_can(Policy())


def test_an_approval_is_for_the_digest_that_was_seen():
    assert answer(waiting(), RAJ, digest="sha256:other").code is Code.STALE


def test_an_expired_plan_cannot_be_approved_at_the_very_second():
    run = waiting()
    assert answer(run, RAJ, now=run.planned.expires_at).code is Code.EXPIRED
    assert answer(run, RAJ, now=run.planned.expires_at - timedelta(milliseconds=1)) == Enough(1)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ((approved(), granted()), Code.ALREADY_APPROVED),
        ((approved(), granted(), LocksTaken(services=())), Code.ALREADY_APPROVED),
        ((Ended(ending=Ending.EXPIRED, because=""),), Code.EXPIRED),
        ((Ended(ending=Ending.REJECTED, because="", by=RAJ),), Code.ENDED),
        ((Ended(ending=Ending.SUPERSEDED, because="", superseded_by="r2"),), Code.SUPERSEDED),
    ],
)
def test_a_late_click_is_told_the_truth(events, code):
    refusal = answer(after(waiting(), *events), RAJ)
    assert refusal.code is code
    assert refusal.message
    assert refusal.nearest


def test_the_asker_withdraws_and_an_approver_rejects():
    def said(person):
        return reject(waiting(), POLICY, Actor(person=person), NOW)

    assert said(ANA) is Ending.WITHDRAWN
    assert said(RAJ) is Ending.REJECTED
    assert said(GUS).code is Code.NOT_ALLOWED


def test_only_those_who_have_to_do_with_it_stop_or_decide():
    run = after(waiting(), approved(), granted(), LocksTaken(services=()))
    assert stop(run, POLICY, Actor(person=ANA)) is None
    assert stop(run, POLICY, Actor(person=GUS)).code is Code.NOT_ALLOWED
    assert decide(run, POLICY, Actor(person=ANA), Choice.RETRY).code is Code.STALE
    halted = after(run, Halted(because="broken"))
    assert decide(halted, POLICY, Actor(person=RAJ), Choice.UNDO) is None
    assert decide(halted, POLICY, Actor(person=GUS), Choice.UNDO).code is Code.NOT_ALLOWED
    assert decide(halted, POLICY, Actor(person=RAJ), Choice.SKIP).code is Code.NO_SAFE_PLAN
