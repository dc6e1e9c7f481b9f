"""`locks`: which services are held, by which run or person, since when and until when; whose forward deploys are locked."""

from dataclasses import dataclass

from commands.grammar import arguments, bad_command
from commands.ports import Call, Desk
from commands.reply import HoldList, Reply
from commands.words import Word
from planner.refusal import Refusal

USAGE = "/rollback locks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """Show every hold."""


def read(words: tuple[Word, ...]) -> Locks | Refusal:
    """Nothing."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    return bad_command("This verb takes no words.", USAGE, "/rollback status SERVICE") if found.places else Locks()


async def act(desk: Desk, call: Call, intent: Locks) -> Reply:
    """Every hold with its run. Changes nothing."""
    del call, intent
    held = await desk.runs.all_holders()
    runs = {run: await desk.runs.read(run) for run in dict.fromkeys(holder.run for holder in held) if run is not None}
    return HoldList(
        held=tuple((holder, runs.get(holder.run) if holder.run else None) for holder in held),
        deploys=await desk.runs.deploy_holds(),
    )
