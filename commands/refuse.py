"""A no that belongs to no run: kept in the environment's log, and told."""

from commands.grammar import LONGEST_REASON, clip
from commands.ports import Call, Desk
from commands.reply import Refused
from planner.events import CommandRefused
from planner.refusal import Refusal


async def refuse(desk: Desk, call: Call, refusal: Refusal | Refused) -> Refused:
    """The reply, once the log has it."""
    reply = refusal if isinstance(refusal, Refused) else Refused(refusal=refusal)
    words = clip(call.words, LONGEST_REASON)
    no = reply.refusal
    await desk.runs.note(CommandRefused(by=call.actor.person, words=words, code=no.code, message=no.message))
    return reply
