"""`obligations [RUN|SERVICE]` and `obligations close RUN.NUMBER NOTE`: what rollbacks left to be done."""

import re
from dataclasses import dataclass
from datetime import datetime

from commands.grammar import arguments, bad_command, clip, looks_like_run, reason, run_id, service_name
from commands.ports import Call, Desk
from commands.reply import Refused, Reply, Said
from commands.words import Word
from planner.duty_events import Duty, DutyClosed
from planner.names import RunId, ServiceName
from planner.obligations import Obligation
from planner.refusal import Code, Refusal

USAGE = "/rollback obligations [RUN|SERVICE] | obligations close RUN.NUMBER NOTE"
_ID = re.compile(r"#?[rR]?([1-9][0-9]{0,9})\.([1-9][0-9]{0,3})", re.ASCII)
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligations:
    """Show what is open: all of it, of this run, or of this service."""

    run: RunId | None = None
    service: ServiceName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Say that this is done, with a note."""

    run: RunId
    number: int
    note: str


def read(words: tuple[Word, ...]) -> Obligations | Close | Refusal:
    """Nothing, a run, a service, or `close` with what is done and how."""
    if words and words[0].text.lower() == "close" and not words[0].quoted:
        return _close(words[1:])
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    match found.places:
        case ():
            return Obligations()
        case (text,) if looks_like_run(text):
            run = run_id(text, USAGE)
            return run if isinstance(run, Refusal) else Obligations(run=run)
        case (text,):
            service = service_name(text, USAGE)
            return service if isinstance(service, Refusal) else Obligations(service=service)
        case _:
            return bad_command("Name one run or one service, or nothing.", USAGE)


async def act(desk: Desk, call: Call, intent: Obligations | Close) -> Reply:
    """List, which changes nothing, or close. Anybody may say that something is done: their name and note stand in the log."""
    if isinstance(intent, Close):
        return await _done(desk, call, intent)
    found = [one for one in await desk.runs.obligations() if _asked(intent, one)]
    where = f" of run {intent.run}" if intent.run else f" for {intent.service}" if intent.service else ""
    if not found:
        return Said(text=f"Nothing that a rollback left is still to do{where}.")
    lines = [obligation_words(one, desk.now()) for one in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"…and {len(found) - _SHOWN} more: name a run or a service.")
    first = next((one for one in found if _by_hand(one)), None)
    if first is not None:
        lines.append(f"Done by hand? /rollback obligations close {first.id} NOTE")
    many = "1 thing is" if len(found) == 1 else f"{len(found)} things are"
    return Said(text=f"{many} still to do{where}.", lines=tuple(lines))


def obligation_words(one: Obligation, now: datetime) -> str:
    """What is to be done, whose it is, and until when."""
    parts = [one.owed.owner] if one.owed.owner else []
    if one.owed.due_at is not None:
        late = "overdue since" if one.owed.due_at <= now else "due"
        parts.append(f"{late} {one.owed.due_at:%Y-%m-%d %H:%M} UTC")
    return f"{one.id}  {one.words}" + (f" ({', '.join(parts)})" if parts else "")


def _close(words: tuple[Word, ...]) -> Close | Refusal:
    found = _ID.fullmatch(words[0].text) if words else None
    if found is None:
        said = f"“{clip(words[0].text)}” names nothing that is to be done" if words else "Say what is done"
        return bad_command(f"{said}: write it as the list does, like r12.1.", USAGE, "/rollback obligations")
    note = reason(" ".join(word.text for word in words[1:]))
    if note is None:
        return bad_command("Closing it needs a note: how was it done? The next one reads it.", USAGE)
    return Close(run=RunId(f"r{found[1]}"), number=int(found[2]), note=note)


async def _done(desk: Desk, call: Call, intent: Close) -> Reply:
    one = next((o for o in await desk.runs.obligations() if (o.run, o.number) == (intent.run, intent.number)), None)
    if one is None:
        return Refused(refusal=_not_open(intent))
    if not _by_hand(one):
        return Refused(refusal=_otherwise(one))
    event = DutyClosed(run=one.run, number=one.number, words=one.words, because=intent.note, by=call.actor.person)
    if not await desk.runs.note_duty(event):
        return Refused(refusal=_not_open(intent))
    return Said(text=f"{one.id} is done, you say: {intent.note}", lines=(one.words, "The log and the run's thread say so."))


def _asked(intent: Obligations, one: Obligation) -> bool:
    return (intent.run is None or one.run == intent.run) and (intent.service is None or one.owed.service == intent.service)


def _by_hand(one: Obligation) -> bool:
    """Whether a person's word closes it; the others are closed by what is seen."""
    return one.owed.duty not in {Duty.DEPLOY_LOCK, Duty.SECOND_LOOK}


def _not_open(intent: Close) -> Refusal:
    return Refusal(
        code=Code.STALE,
        message=f"{intent.run}.{intent.number} is not open: it was never there, or it is done.",
        nearest=("/rollback obligations", f"/rollback show {intent.run}"),
    )


def _otherwise(one: Obligation) -> Refusal:
    """Saying so would not make it so."""
    lock = one.owed.duty is Duty.DEPLOY_LOCK
    do = f"/rollback unlock {one.owed.service}" if lock else f"/rollback reviewed {one.run}"
    return Refusal(
        code=Code.STALE,
        message=f"{one.id} is closed by doing it, not by saying so; nothing was changed.",
        facts=(one.words,),
        nearest=(do,),
    )
