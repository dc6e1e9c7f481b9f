"""`show RUN`: one run from its beginning to where it stands."""

from dataclasses import dataclass

from commands.grammar import arguments, bad_command, run_id
from commands.ports import Call, Desk
from commands.press import unknown_run
from commands.record import Record
from commands.reply import Refused, Reply, RunDetail
from commands.views.chain_text import chain_text
from commands.views.users_text import users_text
from commands.words import Word
from planner.names import RunId
from planner.refusal import Refusal
from planner.run import Run, replay

USAGE = "/rollback show RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Show this run."""

    run: RunId


def read(words: tuple[Word, ...]) -> Show | Refusal:
    """`RUN`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    if len(found.places) != 1:
        return bad_command("Say which run to show, and nothing else.", USAGE, "/rollback history")
    run = run_id(found.places[0], USAGE)
    return run if isinstance(run, Refusal) else Show(run=run)


async def act(desk: Desk, call: Call, intent: Show) -> Reply:
    """The run with its log. Changes nothing."""
    del call
    entries = await desk.runs.entries(intent.run)
    if not entries:
        return Refused(refusal=await unknown_run(desk, intent.run))
    run = replay(intent.run, entries)
    return RunDetail(run=run, entries=entries, explained=await _explained(desk, run), after=await desk.runs.afterwards(run.id))


async def _explained(desk: Desk, run: Run) -> str:
    """How the plan's chances were reckoned, and what users see of it."""
    if run.planned is None:
        return ""
    chain = chain_text(run.plan, await Record(desk.runs).rates(desk.now()))
    users = users_text(run.plan)
    return f"{chain}\n\n{users}" if users else chain
