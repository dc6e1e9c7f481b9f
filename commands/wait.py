"""`wait SERVICE …` and the button Tell me when free: be called when these services are free, once and in order."""

from dataclasses import dataclass

from commands.grammar import arguments, bad_command, service_name
from commands.ports import Call, Desk, Holder
from commands.reply import Refused, Reply, Said
from commands.words import Word
from planner.lock_events import WaitAsked
from planner.names import ServiceName
from planner.refusal import Code, Refusal

USAGE = "/rollback wait SERVICE [SERVICE …]"
MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Tell this person when all these services are free."""

    services: tuple[ServiceName, ...]


def read(words: tuple[Word, ...]) -> Wait | Refusal:
    """`SERVICE [SERVICE …]`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    if not found.places or len(found.places) > MOST:
        return bad_command(f"Say which services to wait for, at most {MOST}.", USAGE, "/rollback locks")
    names = []
    for text in found.places:
        name = service_name(text, USAGE)
        if isinstance(name, Refusal):
            return name
        names.append(name)
    return Wait(services=tuple(sorted(set(names))))


async def act(desk: Desk, call: Call, intent: Wait) -> Reply:
    """Write it down, unless all are free already."""
    if call.place is None:
        refusal = Refusal(
            code=Code.NOT_RUNNABLE,
            message="Nobody can be called at a terminal; nothing was written.",
            nearest=("/rollback locks", "Ask in Slack: /rollback wait SERVICE"),
        )
        return Refused(refusal=refusal)
    named = ", ".join(intent.services)
    held = await desk.runs.wait(WaitAsked(services=intent.services, by=call.actor.person, place=call.place))
    if not held:
        are = "is" if len(intent.services) == 1 else "are"
        return Said(text=f"{named} {are} free now: go ahead.", lines=(f"/rollback status {intent.services[0]}",))
    once = "it is" if len(intent.services) == 1 else "all of them are"
    return Said(text=f"You are told here, once, when {once} free: {named}.", lines=tuple(_line(holder) for holder in held))


def _line(holder: Holder) -> str:
    end = f" until {holder.until:%Y-%m-%d %H:%M} UTC" if holder.until else ""
    return f"{holder.service} is held by {holder.who} since {holder.since:%H:%M} UTC{end}."
