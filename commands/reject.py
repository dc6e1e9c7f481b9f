"""`reject RUN [REASON]` and the Reject button: a waiting plan comes to its end, and nothing was touched."""

from dataclasses import dataclass

from commands.grammar import bad_command, reason, run_id
from commands.ports import Call, Desk
from commands.press import Verdict, settle
from commands.reply import Reply, Said
from commands.words import Word
from planner.approval import reject
from planner.events import Ended, Ending
from planner.names import RunId
from planner.refusal import Refusal
from planner.run import Run

USAGE = "/rollback reject RUN [REASON]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Say no to this run's plan, perhaps with a reason."""

    run: RunId
    reason: str | None = None


def read(words: tuple[Word, ...]) -> Reject | Refusal:
    """`RUN [REASON]`; the reason is everything after the run, in quotes or not."""
    if not words:
        return bad_command("Say which run to reject.", USAGE)
    run = run_id(words[0].text, USAGE)
    return run if isinstance(run, Refusal) else Reject(run=run, reason=reason(" ".join(word.text for word in words[1:])))


async def act(desk: Desk, call: Call, intent: Reject) -> Reply:
    """End the run: rejected by an approver, withdrawn by whoever asked for it."""

    def judge(run: Run) -> Verdict | Refusal:
        ending = reject(run, desk.policy, call.actor, desk.now())
        return ending if isinstance(ending, Refusal) else end(run, call, ending, intent.reason)

    return await settle(desk, call, intent.run, "reject", judge)


def end(run: Run, call: Call, ending: Ending, why: str | None) -> Verdict:
    """The run ended by this person's no."""
    name = call.actor.person.name
    did = "withdrew the request" if ending is Ending.WITHDRAWN else "rejected the plan"
    because = f"{name} {did}: {why}" if why else f"{name} {did}"
    lines: tuple[str, ...] = ("Nothing was touched.",)
    if ending is Ending.REJECTED and not why:
        lines = (*lines, "Tell the person who asked why, in the thread.")
    return Verdict(
        events=[Ended(ending=ending, because=because, by=call.actor.person)],
        said=Said(text=f"Run {run.id} is {ending}.", lines=lines),
    )
