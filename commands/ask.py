"""`ask SERVICE WHAT FOR` and the button Ask …: whoever holds a service is asked to give it back, where they are sure to see it.

Asking frees nothing and promises nothing: the holder decides. Whoever asks again within minutes is told that the holder was told.
"""

from dataclasses import dataclass

from commands.grammar import bad_command, reason, service_name
from commands.occupied import Claim, claims, holder_of, reachable
from commands.ports import Call, Desk
from commands.refuse import refuse
from commands.reply import Reply, Said
from commands.words import Word
from planner.lock_events import ReleaseAsked
from planner.names import ServiceName
from planner.refusal import Code, Refusal

USAGE = "/rollback ask SERVICE WHAT FOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask whoever holds this service to give it back; `wanted` is what it is wanted for."""

    service: ServiceName
    wanted: str


def read(words: tuple[Word, ...]) -> Ask | Refusal:
    """`SERVICE WHAT FOR`."""
    if not words:
        return bad_command("Say which service to ask for, and what for.", USAGE, "/rollback locks")
    service = service_name(words[0].text, USAGE)
    if isinstance(service, Refusal):
        return service
    wanted = reason(" ".join(word.text for word in words[1:]))
    if wanted is None:
        return bad_command(
            "Say what you want it for: the holder reads it and decides by it.", f"/rollback ask {service} WHAT FOR"
        )
    return Ask(service=service, wanted=wanted)


async def act(desk: Desk, call: Call, intent: Ask) -> Reply:
    """Have the holder told, once in ten minutes for each person who asks."""
    service = intent.service
    found = [claim for claim in await claims(desk, [service]) if claim.holder is not None]
    if not found:
        return Said(text=f"{service} is not held by anybody: go ahead.", lines=(f"/rollback status {service}",))
    claim = found[0]
    holder = holder_of(claim)
    if holder is not None and holder.id == call.actor.id:
        return Said(text=f"You hold {service} yourself.", lines=(f"/rollback {_release(claim)}",))
    if holder is None or claim.holder is None or not reachable(claim):
        return await refuse(desk, call, _out_of_reach(claim))
    place = None if claim.run else claim.holder.place
    event = ReleaseAsked(
        service=service,
        by=call.actor.person,
        holder=holder,
        wanted=intent.wanted,
        run=claim.run.id if claim.run else None,
        place=place,
    )
    again = "Nobody is asked twice for one thing within ten minutes." if not await desk.runs.ask(event, claim.holder) else ""
    where = f"in the thread of run {claim.run.id}" if claim.run else f"in <#{place.channel}>" if place else "in a direct message"
    told = f"{holder.name} was told {where} already." if again else f"{holder.name} is told {where}, with what you want it for."
    wait = f"/rollback wait {service}"
    return Said(text=told, lines=(*([again] if again else ()), "Nothing is freed by asking; to be told when it is free:", wait))


def _release(claim: Claim) -> str:
    return f"cancel {claim.run.id}" if claim.run else f"unlock {claim.services[0]}"


def _out_of_reach(claim: Claim) -> Refusal:
    service, holder = claim.services[0], holder_of(claim)
    who = f"{holder.name} took it at a terminal" if holder else "Nobody is known to have asked for the run that holds it"
    return Refusal(
        code=Code.NOT_RUNNABLE,
        message=f"{who}, so nobody can be asked for {service} here; nothing was sent.",
        nearest=(f"/rollback wait {service}", *([f"/rollback show {claim.run.id}"] if claim.run else [])),
    )
