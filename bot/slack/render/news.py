"""What happens outside of any run and concerns somebody: a lock broken or over, a service free, a second look done."""

from dataclasses import dataclass

from bot.slack.actions import CANCEL, RELEASE
from bot.slack.render.kit import Message, actions, button, clip, code, escape, message, moment, section, sure, who
from planner.events import Event, Person, Place
from planner.lock_events import LockBroken, Locked, LockExpired, ReleaseAsked, Reviewed, WaiterCalled
from planner.names import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A message for a place, or for the thread of a run; `whom` is told directly where that place does not take it."""

    message: Message
    place: Place | None = None
    run: RunId | None = None
    whom: Person | None = None


def note(event: Event) -> Note | None:
    """What is to be said of this event, and where; `None` where nobody needs to hear of it."""
    match event:
        case Locked(place=place):
            return Note(message=_message(_locked(event)), place=place)
        case LockExpired(place=place, holder=holder):
            return Note(message=_message(_expired(event)), place=place, whom=holder)
        case LockBroken(place=place, holder=holder):
            return Note(message=_message(_broken(event)), place=place, whom=holder)
        case WaiterCalled(place=place, waiter=waiter):
            return Note(message=_message(_called(event)), place=place, whom=waiter)
        case ReleaseAsked(place=place, run=run, holder=holder):
            return Note(message=_asked(event), place=place, run=run, whom=holder)
        case Reviewed(run=run, by=by, note=words):
            said = f": “{escape(clip(words, 600))}”" if words else "."
            return Note(message=_message(f"👀 {who(by)} took the second look at run {run}{said}"), run=run)
        case _:
            return None


def _locked(event: Locked) -> str:
    until = f"until {moment(event.until, '{date_short_pretty} {time}')}" if event.until else "until they give it back"
    return (
        f"🔒 {who(event.by)} holds {code(event.service)} {until}: “{escape(clip(event.reason, 600))}”. No rollback moves it "
        f"meanwhile. `/rollback wait {event.service}` tells you when it is free."
    )


def _expired(event: LockExpired) -> str:
    return (
        f"⌛ {who(event.holder, ping=True)}: your lock on {code(event.service)} is over, rollbacks may move it again. "
        f"Not done yet? `/rollback lock {event.service} for 1h REASON`"
    )


def _broken(event: LockBroken) -> str:
    return (
        f"🔨 {who(event.holder, ping=True)}: {who(event.by, ping=True)} broke your lock on {code(event.service)} "
        f"(“{escape(clip(event.held_for, 300))}”): “{escape(clip(event.reason, 600))}”. Rollbacks may move it now; say here if "
        "they must not."
    )


def _called(event: WaiterCalled) -> str:
    named = ", ".join(code(service) for service in event.services)
    are = "is" if len(event.services) == 1 else "are"
    order = f" You are number {event.position} of {event.of} who asked." if event.of > 1 else ""
    return (
        f"🔓 {who(event.waiter, ping=True)}: {named} {are} free, as you asked to be told at {moment(event.asked_at)}.{order} "
        f"It is yours to ask for: `/rollback {event.services[0]}`"
    )


def _asked(event: ReleaseAsked) -> Message:
    """The request, with the button that grants it. Whoever presses it, the verb behind it decides whether they may."""
    service, by = code(event.service), who(event.by, ping=True)
    held = f"run {event.run} holds" if event.run else "you hold"
    typed = f"cancel {event.run}" if event.run else f"unlock {event.service}"
    text = (
        f"🙋 {who(event.holder, ping=True)}: {by} needs {service}, which {held}: “{escape(clip(event.wanted, 600))}”\n"
        f"Give it back if you can: `/rollback {typed}`. If not, say here how long you need it; asking takes nothing from you."
    )
    if event.run:
        dialog = sure(
            f"Cancel run {event.run}?", "What is under way is brought to its end; nothing new begins.", "Cancel the run"
        )
        press = button(f"Cancel run {event.run}", CANCEL, typed, sure=dialog)
    else:
        press = button(f"Release {event.service}", RELEASE, typed, "primary")
    shown = _message(text)
    return message(shown.text, *shown.blocks, actions(press))


def _message(text: str) -> Message:
    return message(text.replace("`", "").replace("*", ""), section(text))
