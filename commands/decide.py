"""`retry | skip | undo | leave RUN [REASON]` and their buttons: what to do with a run that has stopped."""

from collections.abc import Callable
from dataclasses import dataclass

from commands.grammar import bad_command, reason, run_id
from commands.ports import Call, Desk
from commands.press import Verdict, settle
from commands.read_only import not_here
from commands.reply import Reply, Said
from commands.words import Word
from planner.deciding import decide
from planner.events import Choice, Decided
from planner.names import RunId
from planner.refusal import Code, Refusal
from planner.run import Run, Stage

_MEANS = {
    Choice.RETRY: "The failed steps are looked at and tried again, then the plan goes on.",
    Choice.SKIP: "The failed steps stay as they are, and the plan goes on without them.",
    Choice.UNDO: "What was done is taken back, in the reverse order.",
    Choice.LEAVE: "Everything stays as it is now, the locks are given back, and you take over by hand.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """Take this choice for this run. `seen` is how many decisions had been taken when the button was drawn."""

    run: RunId
    choice: Choice
    reason: str | None = None
    seen: int | None = None


def usage(choice: Choice) -> str:
    """How the choice is typed."""
    return f"/rollback {choice} RUN REASON" if choice is Choice.SKIP else f"/rollback {choice} RUN [REASON]"


def reader(choice: Choice) -> Callable[[tuple[Word, ...]], Decide | Refusal]:
    """Reads `RUN [REASON]` for this choice."""

    def read(words: tuple[Word, ...]) -> Decide | Refusal:
        if not words:
            return bad_command(f"Say which run to {choice}.", usage(choice))
        run = run_id(words[0].text, usage(choice))
        if isinstance(run, Refusal):
            return run
        return Decide(run=run, choice=choice, reason=reason(" ".join(word.text for word in words[1:])))

    return read


async def act(desk: Desk, call: Call, intent: Decide) -> Reply:
    """Write the decision; a worker carries it out. The answer says what it means. Skipping needs a reason."""

    def judge(run: Run) -> Verdict | Refusal:
        refusal = decide(run, desk.policy, call.actor, intent.choice) or _taken(run, intent) or _unreasoned(intent)
        refusal = refusal or not_here(desk, f"{intent.choice} of a run")
        if refusal is not None:
            return refusal
        return Verdict(
            events=[Decided(by=call.actor.person, choice=intent.choice, reason=intent.reason)],
            said=Said(text=f"You chose {intent.choice} for run {run.id}.", lines=(_MEANS[intent.choice],)),
            wake=True,
        )

    return await settle(desk, call, intent.run, intent.choice.value, judge)


def _unreasoned(intent: Decide) -> Refusal | None:
    if intent.choice is not Choice.SKIP or intent.reason is not None:
        return None
    more = f"/rollback skip {intent.run} REASON"
    return bad_command("Skipping needs a reason: somebody will read it after the incident.", more)


def _taken(run: Run, intent: Decide) -> Refusal | None:
    """Why this press comes too late, where it does: somebody decided since the button was drawn, or chose to leave."""
    last = run.decisions[-1] if run.decisions else None
    if last is None or run.stage is not Stage.HALTED:
        return None
    if last.choice is Choice.LEAVE or (intent.seen is not None and intent.seen != len(run.decisions)):
        return Refusal(
            code=Code.STALE,
            message=f"Run {run.id} has gone on since you saw it: {last.by.name} chose {last.choice}.",
            facts=(run.because,) if run.because else (),
            nearest=(f"/rollback show {run.id}",),
        )
    return None
