"""`pack RUN`: everything about one run for the review after an incident, as a page and as JSON."""

from dataclasses import dataclass

from commands.grammar import arguments, bad_command, run_id
from commands.ports import Call, Desk
from commands.press import unknown_run
from commands.reply import Packed, Refused, Reply
from commands.words import Word
from planner.names import RunId
from planner.refusal import Refusal
from planner.run import replay

USAGE = "/rollback pack RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Pack this run."""

    run: RunId


def read(words: tuple[Word, ...]) -> Pack | Refusal:
    """`RUN`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    if len(found.places) != 1:
        return bad_command("Say which run to pack, and nothing else.", USAGE, "/rollback history")
    run = run_id(found.places[0], USAGE)
    return run if isinstance(run, Refusal) else Pack(run=run)


async def act(desk: Desk, call: Call, intent: Pack) -> Reply:
    """The run with its log, to be put where others find it. Changes nothing."""
    del call
    entries = await desk.runs.entries(intent.run)
    if not entries:
        return Refused(refusal=await unknown_run(desk, intent.run))
    return Packed(run=replay(intent.run, entries), entries=entries)
