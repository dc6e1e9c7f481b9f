"""`bad list | check | add | clear`: versions that nobody must go back to."""

from dataclasses import dataclass

from commands.bad_check import checked_words, hold_line, look_up, read_version
from commands.grammar import arguments, bad_command, reason, service_name, version
from commands.nearest import nearest
from commands.ports import Call, Desk
from commands.reply import BadList, Refused, Reply, Said
from commands.status import unknown_service
from commands.words import Word
from planner.approval import who_can
from planner.events import BadCleared, BadMarked, CommandRefused
from planner.names import ServiceName, Version
from planner.refusal import Code, Refusal

USAGE = "/rollback bad list | check SERVICE@VERSION | add SERVICE VERSION REASON | clear SERVICE VERSION REASON"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBad:
    """Show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckBad:
    """Say whether this version is remembered as bad."""

    service: ServiceName
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBad:
    """Remember this version as bad."""

    service: ServiceName
    version: Version
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearBad:
    """Forget that this version was bad."""

    service: ServiceName
    version: Version
    reason: str


Bad = ListBad | CheckBad | AddBad | ClearBad


def read(words: tuple[Word, ...]) -> Bad | Refusal:
    """`list`, `check SERVICE@VERSION`, `add SERVICE VERSION REASON` or `clear SERVICE VERSION REASON`."""
    first = words[0].text.lower() if words else "list"
    if first == "list":
        found = arguments(words[1:], {}, USAGE)
        if isinstance(found, Refusal):
            return found
        return bad_command("`bad list` takes no more words.", USAGE) if found.places else ListBad()
    if first == "check":
        asked = read_version(tuple(word.text for word in words[1:]), USAGE)
        return asked if isinstance(asked, Refusal) else CheckBad(service=asked[0], version=asked[1])
    if first not in {"add", "clear"}:
        return bad_command(f"“{first[:60]}” is not check, list, add or clear.", USAGE)
    if len(words) < 4:
        return bad_command(f"`bad {first}` needs a service, a version and a reason.", USAGE)
    service = service_name(words[1].text, USAGE)
    if isinstance(service, Refusal):
        return service
    which = version(words[2].text, USAGE)
    if isinstance(which, Refusal):
        return which
    why = reason(" ".join(word.text for word in words[3:]))
    if why is None:
        return bad_command(f"`bad {first}` needs a reason: somebody will read it at night.", USAGE)
    kind = AddBad if first == "add" else ClearBad
    return kind(service=service, version=which, reason=why)


async def act(desk: Desk, call: Call, intent: Bad) -> Reply:
    """List, look up, mark or clear. Anybody may mark a version, by name and with a reason; only an approver may clear one."""
    match intent:
        case ListBad():
            return BadList(bad=await desk.runs.bad_versions())
        case CheckBad(service=service, version=version):
            found = await look_up(desk.runs, service, version)
            held = hold_line(found)
            return Said(text=checked_words(found), lines=(held,) if held else ())
        case AddBad():
            return await _add(desk, call, intent)
        case ClearBad():
            return await _clear(desk, call, intent)


async def _add(desk: Desk, call: Call, intent: AddBad) -> Reply:
    snapshot = await desk.survey()
    service = snapshot.services.get(intent.service)
    if service is None:
        return Refused(refusal=unknown_service(intent.service, snapshot))
    if service.release(intent.version) is None:
        known = [str(release.version) for release in service.releases]
        close = nearest(intent.version, known) or tuple(known[:-4:-1])
        return Refused(
            refusal=Refusal(
                code=Code.UNKNOWN_VERSION,
                message=f"{intent.service} has no release {intent.version}; nothing was marked.",
                facts=(f"Near to it: {', '.join(close)}.",) if close else (),
                nearest=(f"/rollback status {intent.service}",),
            )
        )
    mark = BadMarked(service=intent.service, version=intent.version, reason=intent.reason, by=call.actor.person)
    await desk.runs.note(mark)
    return Said(
        text=f"{intent.service} {intent.version} is remembered as bad: no plan goes back to it.",
        lines=(f"To take it back: /rollback bad clear {intent.service} {intent.version} REASON",),
    )


async def _clear(desk: Desk, call: Call, intent: ClearBad) -> Reply:
    actor = call.actor
    if not desk.policy.names(actor.id, actor.groups):
        refusal = Refusal(
            code=Code.NOT_ALLOWED,
            message=f"You may not clear {intent.service} {intent.version}: only an approver may.",
            facts=(who_can(desk.policy),),
            nearest=("Ask one of them to clear it.",),
        )
        await desk.runs.note(CommandRefused(by=actor.person, words=call.words, code=refusal.code, message=refusal.message))
        return Refused(refusal=refusal)
    marked = any((bad.service, bad.version) == (intent.service, intent.version) for bad in await desk.runs.bad_versions())
    if not marked:
        return Said(text=f"{intent.service} {intent.version} is not remembered as bad, so there is nothing to clear.")
    cleared = BadCleared(service=intent.service, version=intent.version, by=actor.person, reason=intent.reason)
    await desk.runs.note(cleared)
    return Said(text=f"{intent.service} {intent.version} is no longer remembered as bad: plans may go back to it again.")
