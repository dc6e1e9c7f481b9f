"""`reviewed RUN [NOTE]`: the second look at a run that somebody started past its approvals."""

from dataclasses import dataclass

from commands.grammar import bad_command, reason, run_id
from commands.ports import Call, Desk
from commands.press import unknown_run
from commands.refuse import refuse
from commands.reply import Refused, Reply, Said
from commands.words import Word
from planner.approval import who_can
from planner.lock_events import Reviewed
from planner.names import RunId
from planner.refusal import Code, Refusal
from planner.run import Run, Stage

USAGE = "/rollback reviewed RUN [NOTE]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Say that this run was looked at."""

    run: RunId
    note: str | None = None


def read(words: tuple[Word, ...]) -> Review | Refusal:
    """`RUN [NOTE]`."""
    if not words:
        return bad_command("Say which run you looked at.", USAGE, "/rollback status")
    run = run_id(words[0].text, USAGE)
    return run if isinstance(run, Refusal) else Review(run=run, note=reason(" ".join(word.text for word in words[1:])))


async def act(desk: Desk, call: Call, intent: Review) -> Reply:
    """Write it down; the obligation is over then. An approver must do it, and not whoever broke the glass."""
    run = await desk.runs.read(intent.run)
    if run is None:
        return Refused(refusal=await unknown_run(desk, intent.run))
    no = _not_owed(run, await desk.runs.second_looks()) or _not_you(desk, call, run)
    if no is not None:
        return await refuse(desk, call, no)
    await desk.runs.note(Reviewed(run=run.id, by=call.actor.person, note=intent.note))
    return Said(text=f"Run {run.id} has had its second look, by you.", lines=("The log and its thread say so.",))


def _not_owed(run: Run, owed: tuple[RunId, ...]) -> Refusal | None:
    if run.id in owed and run.stage is Stage.ENDED:
        return None
    why = "has not ended yet: look at it when it has" if run.id in owed else "needs no second look, or has had it"
    return Refusal(
        code=Code.STALE,
        message=f"Run {run.id} {why}.",
        facts=(f"Runs that wait for one: {', '.join(owed)}.",) if owed else (),
        nearest=(f"/rollback show {run.id}",),
    )


def _not_you(desk: Desk, call: Call, run: Run) -> Refusal | None:
    if run.glass is not None and run.glass.by.id == call.actor.id:
        return Refusal(
            code=Code.OWN_REQUEST,
            message=f"You started run {run.id} without approval yourself, so somebody else must look at it.",
            facts=(who_can(desk.policy),),
            nearest=("Ask one of them.",),
        )
    if desk.policy.names(call.actor.id, call.actor.groups):
        return None
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"You may not confirm the second look at run {run.id}: an approver must.",
        facts=(who_can(desk.policy),),
        nearest=("Ask one of them.",),
    )
