"""`approve RUN` and the Approve button: one more approval; the last one needed starts the run."""

from dataclasses import dataclass
from typing import assert_never

from commands.grammar import arguments, bad_command, run_id
from commands.ports import Call, Desk
from commands.press import Verdict, settle
from commands.reply import Reply, Said
from commands.words import Word
from planner.approval import Enough, Waiting, approve
from planner.events import Approved, Granted
from planner.names import RunId
from planner.refusal import Refusal
from planner.run import Run

USAGE = "/rollback approve RUN"
SHORT_DIGEST = 16
"""Hex digits of a digest that a button carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Approve this run's plan. `digest` is the beginning of the digest on the button pressed; typed words carry none."""

    run: RunId
    digest: str | None = None


def read(words: tuple[Word, ...]) -> Approve | Refusal:
    """`RUN`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    if len(found.places) != 1:
        return bad_command("Say which run to approve, and nothing else.", USAGE)
    run = run_id(found.places[0], USAGE)
    return run if isinstance(run, Refusal) else Approve(run=run)


async def act(desk: Desk, call: Call, intent: Approve) -> Reply:
    """Write the approval, and the grant with it where it is the last one needed. Two grants of one run cannot be."""

    def judge(run: Run) -> Verdict | Refusal:
        answer = approve(run, desk.policy, call.actor, _seen(run, intent.digest), desk.now())
        approved = Approved(by=call.actor.person, digest=run.plan.digest)
        match answer:
            case Refusal():
                return answer
            case Waiting(missing=missing):
                more = "1 more person" if missing == 1 else f"{missing} more people"
                said = Said(text=f"Your approval of run {run.id} counts.", lines=(f"It starts when {more} approved it too.",))
                return Verdict(events=[approved], said=said)
            case Enough(approvals=count):
                said = Said(
                    text=f"You approved run {run.id}. It starts now.", lines=("Its message and thread show how far it is.",)
                )
                return Verdict(events=[approved, Granted(approvals=count)], said=said, wake=True)
        assert_never(answer)

    return await settle(desk, call, intent.run, "approve", judge)


def _seen(run: Run, short: str | None) -> str:
    """The digest that the person saw, as far as it can be told: the run's own, or something that is not it."""
    digest = run.plan.digest
    whole = digest.removeprefix("sha256:")
    if short is None or (len(short) >= min(SHORT_DIGEST, len(whole)) and whole.startswith(short)):
        return digest
    return f"sha256:{short}"
