"""What a press on a plan means: granted, waiting for more, or a truthful no.

An approval is bound to the digest that the person saw and to the id that the chat system signed. The answer depends on the run
and the policy at the moment of the press; whoever writes it must do so only if the log has not grown since, and must ask again
if it has.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from planner.events import Choice, Ending, Person
from planner.names import ActorId
from planner.next_actions import skippable
from planner.policy import Policy
from planner.refusal import Code, Refusal
from planner.run import Run, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody at a button or a command line, with the groups that were looked up just now."""

    person: Person
    groups: frozenset[str] = frozenset()

    @property
    def id(self) -> ActorId:
        """The id that counts."""
        return self.person.id


@dataclass(frozen=True, slots=True)
class Waiting:
    """The approval counts; `missing` more are needed."""

    missing: int


@dataclass(frozen=True, slots=True)
class Enough:
    """The approval counts and is the last one needed."""

    approvals: int


def approve(run: Run, policy: Policy, actor: Actor, digest: str, now: datetime) -> Enough | Waiting | Refusal:
    """What this person's approval of this digest means at this moment."""
    closed = _closed(run, now)
    if closed is not None:
        return closed
    if digest != run.plan.digest:
        return Refusal(
            code=Code.STALE,
            message=f"You looked at another plan than the one that run {run.id} holds now; nothing was approved.",
            facts=(f"you saw {digest[:15]}…, the run holds {run.plan.digest[:15]}…",),
            nearest=(f"/rollback show {run.id}",),
        )
    asked = run.asked
    own = asked is not None and asked.by.id == actor.id
    if own and not policy.own_request:
        return Refusal(
            code=Code.OWN_REQUEST,
            message="You asked for this rollback, so somebody else must approve it.",
            facts=(who_can(policy),),
            nearest=("Ask one of them to press Approve, or withdraw the request with Cancel.",),
        )
    if not policy.names(actor.id, actor.groups):
        return Refusal(
            code=Code.NOT_ALLOWED,
            message=f"You may not approve run {run.id}.",
            facts=(who_can(policy),),
            nearest=("Ask one of them to press Approve.",),
        )
    needed = run.planned.approvals if run.planned else policy.needed(run.plan)
    if any(approval.by.id == actor.id for approval in run.approvals):
        missing = needed - len(run.approvals)
        return Refusal(
            code=Code.ALREADY_APPROVED,
            message=f"Your approval of run {run.id} counts already; {missing} more {_people(missing)} must approve.",
            facts=(who_can(policy),),
        )
    have = len(run.approvals) + 1
    return Enough(have) if have >= needed else Waiting(needed - have)


def reject(run: Run, policy: Policy, actor: Actor, now: datetime) -> Ending | Refusal:
    """How the run ends when this person says no: an approver rejects it, the person who asked withdraws it."""
    closed = _closed(run, now)
    if closed is not None:
        return closed
    if run.asked is not None and run.asked.by.id == actor.id:
        return Ending.WITHDRAWN
    if policy.names(actor.id, actor.groups):
        return Ending.REJECTED
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"You may not reject run {run.id}.",
        facts=(who_can(policy), _who_asked(run)),
        nearest=("Tell one of them what worries you.",),
    )


def stop(run: Run, policy: Policy, actor: Actor) -> Refusal | None:
    """Whether this person may stop a running run at its next safe point: `None` where they may."""
    if run.stage is Stage.ENDED:
        return ended(run)
    if (run.asked is not None and run.asked.by.id == actor.id) or policy.names(actor.id, actor.groups):
        return None
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"You may not stop run {run.id}.",
        facts=(who_can(policy), _who_asked(run)),
        nearest=("Ask one of them to press Cancel.",),
    )


def decide(run: Run, policy: Policy, actor: Actor, choice: Choice) -> Refusal | None:
    """Whether this person may take this choice for a halted run: `None` where they may."""
    if run.stage is Stage.ENDED:
        return ended(run)
    if run.stage is not Stage.HALTED:
        return Refusal(
            code=Code.STALE,
            message=f"Run {run.id} is not waiting for a decision: it is {run.stage}.",
            facts=tuple(f"{d.by.name} chose {d.choice}" for d in run.decisions[-1:]),
            nearest=(f"/rollback show {run.id}",),
        )
    if not ((run.asked is not None and run.asked.by.id == actor.id) or policy.names(actor.id, actor.groups)):
        return Refusal(
            code=Code.NOT_ALLOWED,
            message=f"You may not decide how run {run.id} goes on.",
            facts=(who_can(policy), _who_asked(run)),
            nearest=("Ask one of them to press the button.",),
        )
    match choice:
        case Choice.SKIP if not skippable(run):
            return Refusal(
                code=Code.NO_SAFE_PLAN,
                message="Skipping the failed step would leave versions together that do not work with each other.",
                nearest=("Retry it, undo what was done, or leave it so and take over by hand.",),
            )
        case Choice.UNDO if run.undoing:
            return Refusal(
                code=Code.STALE,
                message="This run is being undone already.",
                nearest=("Retry the step that failed, or leave it so and take over by hand.",),
            )
        case Choice.RETRY | Choice.SKIP | Choice.UNDO | Choice.LEAVE:
            return None
    assert_never(choice)


def who_can(policy: Policy) -> str:
    """Who may approve, in words with mentions as Slack writes them; says so where nobody can."""
    people = [f"<@{user}>" for user in sorted(policy.users)] + [f"<!subteam^{group}>" for group in sorted(policy.groups)]
    if not people:
        return "Nobody may approve: the policy names no approvers. Set policy.approvers in rollbot.yaml."
    return f"Approvers: {', '.join(people)}."


def ended(run: Run) -> Refusal:
    """The truthful answer to a press on a run that is over."""
    by = f" by {run.ended.by.name}" if run.ended and run.ended.by else ""
    when = f" at {run.ended_at:%H:%M:%S} UTC" if run.ended_at else ""
    instead = run.ended.superseded_by if run.ended else None
    return Refusal(
        code=Code.SUPERSEDED if instead else Code.EXPIRED if run.ending is Ending.EXPIRED else Code.ENDED,
        message=f"Run {run.id} is over: {run.ending}{by}{when}.",
        facts=(run.because,) if run.because else (),
        nearest=(f"/rollback show {instead}",) if instead else (f"/rollback show {run.id}",),
    )


def _closed(run: Run, now: datetime) -> Refusal | None:
    match run.stage:
        case Stage.ENDED:
            return ended(run)
        case Stage.GRANTED | Stage.RUNNING | Stage.HALTED:
            names = " and ".join(approval.by.name for approval in run.approvals)
            return Refusal(
                code=Code.ALREADY_APPROVED,
                message=f"Run {run.id} was approved by {names} already and is {run.stage}.",
                nearest=(f"/rollback show {run.id}", f"/rollback cancel {run.id}"),
            )
        case Stage.PLANNING | Stage.WAITING:
            pass
    if run.planned is not None and now >= run.planned.expires_at:
        return Refusal(
            code=Code.EXPIRED,
            message=f"The plan of run {run.id} expired at {run.planned.expires_at:%H:%M:%S} UTC; nothing was done.",
            nearest=(f"/rollback {run.plan.target.service} to {run.plan.target.to_version}",),
        )
    return None


def _who_asked(run: Run) -> str:
    return f"Asked by <@{run.asked.by.id}>." if run.asked else "Nobody is known to have asked."


def _people(count: int) -> str:
    return "person" if count == 1 else "people"
