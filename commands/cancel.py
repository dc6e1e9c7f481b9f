"""`cancel RUN` and the Cancel button: withdraw what waits, stop what runs at the next safe point."""

from dataclasses import dataclass

from commands.grammar import arguments, bad_command, run_id
from commands.ports import Call, Desk
from commands.press import Verdict, settle
from commands.reject import end
from commands.reply import Reply, Said
from commands.words import Word
from planner.approval import reject
from planner.deciding import stop
from planner.events import StopAsked
from planner.names import RunId
from planner.refusal import Code, Refusal
from planner.run import Run, Stage

USAGE = "/rollback cancel RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Let this run come to its end as soon as that is safe."""

    run: RunId


def read(words: tuple[Word, ...]) -> Cancel | Refusal:
    """`RUN`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    if len(found.places) != 1:
        return bad_command("Say which run to cancel, and nothing else.", USAGE)
    run = run_id(found.places[0], USAGE)
    return run if isinstance(run, Refusal) else Cancel(run=run)


async def act(desk: Desk, call: Call, intent: Cancel) -> Reply:
    """End a waiting run, or ask a running one to stop. A step that is under way is always brought to its end first."""

    def judge(run: Run) -> Verdict | Refusal:
        if run.stage is Stage.WAITING:
            ending = reject(run, desk.policy, call.actor, desk.now())
            return ending if isinstance(ending, Refusal) else end(run, call, ending, None)
        refusal = stop(run, desk.policy, call.actor) or _halted(run)
        if refusal is not None:
            return refusal
        if run.stop_asked is not None:
            said = Said(text=f"{run.stop_asked.name} asked run {run.id} to stop already.", lines=(_FIRST,))
            return Verdict(events=[], said=said, wake=True)
        return Verdict(
            events=[StopAsked(by=call.actor.person)],
            said=Said(text=f"Run {run.id} stops at the next safe point.", lines=(_FIRST,)),
            wake=True,
        )

    return await settle(desk, call, intent.run, "cancel", judge)


_FIRST = "What is under way is brought to its end first; then its message says what is done and what you can choose."


def _halted(run: Run) -> Refusal | None:
    if run.stage is not Stage.HALTED:
        return None
    return Refusal(
        code=Code.STALE,
        message=f"Run {run.id} has stopped already and waits for a decision; nothing is under way.",
        facts=(run.because,) if run.because else (),
        nearest=(f"/rollback leave {run.id}", f"/rollback undo {run.id}", f"/rollback retry {run.id}"),
    )
