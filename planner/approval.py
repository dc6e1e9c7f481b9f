"""What a press on a plan means: granted, waiting for more, or a truthful no.

An approval is bound to the digest that the person saw and to the id that the chat system signed. The answer depends on the run
and the policy at the moment of the press; whoever writes it must do so only if the log has not grown since, and must ask again
if it has.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from planner.consent import Reminded
from planner.events import Ending, Person
from planner.names import ActorId, spoken
from planner.plan import Plan
from planner.policy import Circle, Freeze, FreezeRule, Policy
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
    if not may_approve(run, policy, actor):
        return Refusal(
            code=Code.NOT_ALLOWED,
            message=f"You may not approve run {run.id}.",
            facts=(who_can(policy, escalated=_escalated(run)),),
            nearest=("Ask one of them to press Approve.",),
        )
    needed = needed_now(run, policy, now)
    have = len({approval.by.id for approval in run.approvals} | {actor.id})
    # Whose approval was carried over from an older plan may approve what changed; without a fresh yes nothing starts.
    fresh = any(approval.by.id == actor.id and approval.carried_from is None for approval in run.approvals)
    if fresh and have < needed:
        missing = needed - have
        return Refusal(
            code=Code.ALREADY_APPROVED,
            message=f"Your approval of run {run.id} counts already; {missing} more {_people(missing)} must approve.",
            facts=(who_can(policy),),
        )
    begun = frozen(run, policy, now)
    if begun is not None:
        return begun
    return Enough(have) if have >= needed else Waiting(needed - have)


def may_approve(run: Run, policy: Policy, actor: Actor) -> bool:
    """Whether this person may approve this run now: the approvers, and once they were called those one escalates to."""
    if policy.names(actor.id, actor.groups):
        return True
    return _escalated(run) and policy.escalate_to.names(actor.id, actor.groups)


def needed_now(run: Run, policy: Policy, now: datetime) -> int:
    """How many approvals the run needs: those of its plan, or more where the policy or a freeze asks for more by now."""
    return max(run.planned.approvals if run.planned else 0, policy.needed(run.plan, now))


def frozen(run: Run, policy: Policy, now: datetime) -> Refusal | None:
    """Why the run may not start in a freeze that is on now and that nobody has overridden by name; `None` where it may."""
    overridden = {event.freeze for event in run.overridden}
    return in_freeze(run.plan, policy, now, overridden)


def in_freeze(plan: Plan, policy: Policy, now: datetime, overridden: AbstractSet[str]) -> Refusal | None:
    """The same for a plan of which no run was opened yet."""
    unmet = [f for f in policy.frozen(plan, now) if f.rollback is FreezeRule.OVERRIDE and f.name not in overridden]
    if not unmet:
        return None
    target = plan.target
    named = " ".join(f'--override-freeze "{freeze.name}" "REASON"' for freeze in unmet)
    return Refusal(
        code=Code.FROZEN,
        message=f"{_freezes(unmet)} on for services of this plan, and a rollback in it needs an override that names it.",
        facts=tuple(freeze_words(freeze) for freeze in unmet),
        nearest=(f"{spoken(target.service)} to {target.to_version} {named}",),
    )


def freeze_words(freeze: Freeze) -> str:
    """A freeze in one sentence: until when, for what, and what it means for a rollback."""
    until = f"until {freeze.ends:%Y-%m-%d %H:%M} UTC" if freeze.ends else "without an end"
    what = "all services" if freeze.services is None else ", ".join(sorted(freeze.services)[:5])
    means = {
        FreezeRule.ALLOW: "a rollback is allowed in it",
        FreezeRule.PLUS_ONE: "a rollback needs one approval more in it",
        FreezeRule.OVERRIDE: "a rollback must override it by name",
    }
    return f"Freeze “{freeze.name}” is on {until} for {what}: {means[freeze.rollback]}."


def break_glass(run: Run, policy: Policy, actor: Actor, now: datetime) -> Refusal | None:
    """Why this person may not start this waiting run past its approvals; `None` where they may."""
    return _closed(run, now) or may_break_glass(policy, actor)


def may_break_glass(policy: Policy, actor: Actor) -> Refusal | None:
    """Why this person may not start anything past its approvals; `None` where they may."""
    if policy.break_glass.names(actor.id, actor.groups):
        return None
    who = mentions(policy.break_glass)
    return Refusal(
        code=Code.NOT_ALLOWED,
        message="You may not start a rollback without approval (break-glass).",
        facts=(f"These may: {who}." if who else "Nobody may: the policy names nobody in policy.break_glass.", who_can(policy)),
        nearest=("Ask for the same without --break-glass, and ask an approver to approve it.",),
    )


def due(run: Run, now: datetime) -> Reminded | None:
    """The call that is due by now for a run that nobody decided; only the latest, where several were missed."""
    if run.stage is not Stage.WAITING or run.planned is None:
        return None
    last = run.reminded[-1].reminder if run.reminded else -1
    ready = [at for at, reminder in enumerate(run.planned.reminders) if at > last and reminder.at <= now]
    if not ready:
        return None
    found = run.planned.reminders[ready[-1]]
    return Reminded(reminder=ready[-1], users=found.users, groups=found.groups, escalated=found.escalated)


def reject(run: Run, policy: Policy, actor: Actor, now: datetime) -> Ending | Refusal:
    """How the run ends when this person says no: an approver rejects it, the person who asked withdraws it."""
    closed = _closed(run, now)
    if closed is not None:
        return closed
    if run.asked is not None and run.asked.by.id == actor.id:
        return Ending.WITHDRAWN
    if may_approve(run, policy, actor):
        return Ending.REJECTED
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"You may not reject run {run.id}.",
        facts=(who_can(policy), who_asked(run)),
        nearest=("Tell one of them what worries you.",),
    )


def who_can(policy: Policy, *, escalated: bool = False) -> str:
    """Who may approve, in words with mentions as Slack writes them; says so where nobody can."""
    people = mentions(policy.approvers)
    if not people:
        return "Nobody may approve: the policy names no approvers. Set policy.approvers in rollbot.yaml."
    more = f"; since nobody decided also {mentions(policy.escalate_to)}" if escalated and policy.escalate_to else ""
    return f"Approvers: {people}{more}."


def mentions(circle: Circle) -> str:
    """These people and groups as Slack mentions them; empty for nobody."""
    users = [f"<@{user}>" for user in sorted(circle.users)]
    return ", ".join([*users, *(f"<!subteam^{group}>" for group in sorted(circle.groups))])


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
            nearest=(f"{spoken(run.plan.target.service)} to {run.plan.target.to_version}",),
        )
    return None


def _escalated(run: Run) -> bool:
    return any(event.escalated for event in run.reminded)


def _freezes(freezes: list[Freeze]) -> str:
    names = " and ".join(f"“{freeze.name}”" for freeze in freezes)
    return f"The freeze {names} is" if len(freezes) == 1 else f"The freezes {names} are"


def who_asked(run: Run) -> str:
    """Who asked for the run, by a mention."""
    return f"Asked by <@{run.asked.by.id}>." if run.asked else "Nobody is known to have asked."


def _people(count: int) -> str:
    return "person" if count == 1 else "people"
