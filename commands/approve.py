"""`approve RUN` and the Approve button: one more approval; the last one needed starts the run."""

from dataclasses import dataclass
from typing import assert_never

from commands import replan
from commands.grammar import arguments, bad_command, reason, run_id
from commands.moved import replanned
from commands.occupied import blocked, claims, rollback_wanted
from commands.opening import broke_glass
from commands.ports import Call, Desk
from commands.press import Verdict, settle
from commands.read_only import not_here
from commands.refuse import refuse
from commands.reply import Refused, Reply, Said
from commands.twin import typed
from commands.words import Word
from planner.approval import Enough, Waiting, approve, break_glass
from planner.events import Approved, Granted
from planner.names import RunId
from planner.refusal import Refusal
from planner.run import Run, Stage

USAGE = '/rollback approve RUN [--break-glass "REASON"]'
SHORT_DIGEST = 16
"""Hex digits of a digest that a button carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Approve this run's plan. `digest` is the beginning of the digest on the button pressed; typed words carry none.

    `glass` is the reason for which somebody starts it without the approvals that it needs.
    """

    run: RunId
    digest: str | None = None
    glass: str | None = None


def read(words: tuple[Word, ...]) -> Approve | Refusal:
    """`RUN [--break-glass REASON]`."""
    found = arguments(words, {"break-glass": True}, USAGE)
    if isinstance(found, Refusal):
        return found
    if len(found.places) != 1:
        return bad_command("Say which run to approve, and nothing else.", USAGE)
    run = run_id(found.places[0], USAGE)
    glass = reason(found.text("break-glass"))
    if glass is None and found.text("break-glass") is not None:
        return bad_command("--break-glass needs a reason: it stands in the channel and in the log.", USAGE)
    return run if isinstance(run, Refusal) else Approve(run=run, glass=glass)


async def act(desk: Desk, call: Call, intent: Approve) -> Reply:
    """Write the approval, and the grant with it where it is the last one needed. Two grants of one run cannot be.

    Whoever may approve is asked to approve what is: where the world moved since the plan was made, a new plan takes its place.
    """
    run = await desk.runs.read(intent.run)
    if run is not None and run.stage is Stage.WAITING and (no_start := not_here(desk, "an approval")) is not None:
        return await refuse(desk, call, no_start)
    if run is not None and run.stage is Stage.WAITING:
        answer = _judged(desk, call, run, intent)
        if not isinstance(answer, Refusal):
            no = await replanned(desk, call, run) or (await _held(desk, run) if isinstance(answer, Enough) else None)
            if no is not None:
                return await refuse(desk, call, no)

    def judge(run: Run) -> Verdict | Refusal:
        answer = _judged(desk, call, run, intent)
        own = run.asked is not None and run.asked.by.id == call.actor.id
        approved = Approved(by=call.actor.person, digest=run.plan.digest, own=own)
        match answer:
            case Refusal():
                return answer
            case Enough() if intent.glass is not None:
                return _past(desk, call, run, intent.glass)
            case Waiting(missing=missing):
                more = "1 more person" if missing == 1 else f"{missing} more people"
                said = Said(text=f"Your approval of run {run.id} counts.", lines=(f"It starts when {more} approved it too.",))
                return Verdict(events=[approved], said=said)
            case Enough(approvals=count):
                alone = ("It was your own request: the policy allows that, and the channel and the log say so.",) if own else ()
                lines = (*alone, "Its message and thread show how far it is.")
                said = Said(text=f"You approved run {run.id}. It starts now.", lines=lines)
                return Verdict(events=[approved, Granted(approvals=count)], said=said, wake=True)
        assert_never(answer)

    return await settle(desk, call, intent.run, "approve", judge)


def _judged(desk: Desk, call: Call, run: Run, intent: Approve) -> Enough | Waiting | Refusal:
    if intent.glass is not None:
        no = break_glass(run, desk.policy, call.actor, desk.now())
        return Enough(len(run.approvals)) if no is None else no
    return approve(run, desk.policy, call.actor, _seen(run, intent.digest), desk.now())


def _past(desk: Desk, call: Call, run: Run, why: str) -> Verdict:
    said = Said(
        text=f"You start run {run.id} without the approvals it needs.",
        lines=("The approvers are told in its thread.", f"Somebody else must look at it afterwards: /rollback reviewed {run.id}"),
    )
    broken = broke_glass(desk, call.actor.person, why)
    return Verdict(events=[broken, Granted(approvals=len(run.approvals))], said=said, wake=True)


async def _held(desk: Desk, run: Run) -> Refused | None:
    """Others hold what the run would lock: it would end at once, so it goes on waiting instead."""
    services = [move.service for move in run.plan.moves]
    found = await claims(desk, services)
    if not found:
        return None
    again = f"/rollback {typed(replan.again(run, replan.Replan(run=run.id)))} --dry-run"
    return blocked(desk, rollback_wanted(run.plan), len(services), found, retry=again)


def _seen(run: Run, short: str | None) -> str:
    """The digest that the person saw, as far as it can be told: the run's own, or something that is not it."""
    digest = run.plan.digest
    whole = digest.removeprefix("sha256:")
    if short is None or (len(short) >= min(SHORT_DIGEST, len(whole)) and whole.startswith(short)):
        return digest
    return f"sha256:{short}"
