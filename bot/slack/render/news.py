"""What happens outside of any run and concerns somebody: locks, free services, second looks, and what comes after a run's end."""

from dataclasses import dataclass

from bot.slack.actions import CANCEL, RELEASE
from bot.slack.render.kit import Message, actions, button, clip, code, escape, message, moment, section, sure, who
from planner.duty_events import DeploysReleased, DutyClosed, DutyReminded
from planner.events import Event, Person, Place
from planner.lock_events import LockBroken, Locked, LockExpired, ReleaseAsked, Reviewed, WaiterCalled
from planner.names import RunId
from planner.verdict import Verdict
from planner.watch_events import WatchEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A message for a place, or for the thread of a run; `whom` is told directly where that place does not take it.

    A `loud` one of a thread is shown in its channel too.
    """

    message: Message
    place: Place | None = None
    run: RunId | None = None
    whom: Person | None = None
    loud: bool = False


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
        case WatchEnded(run=run, verdict=verdict, asked_by=asker):
            return Note(message=_message(_watched(event)), run=run, whom=asker, loud=verdict is Verdict.FAIL)
        case DutyReminded(run=run, whom=whom):
            return Note(message=_message(_reminded(event)), run=run, whom=whom)
        case DutyClosed(run=run):
            return Note(message=_message(_closed(event)), run=run)
        case DeploysReleased(run=run, by=by) if by is not None:
            said = f": “{escape(clip(event.note, 400))}”" if event.note else "."
            return Note(message=_message(f"🔓 {who(by)} lets forward deploys of {code(event.service)} go again{said}"), run=run)
        case _:
            return None


def _watched(event: WatchEnded) -> str:
    because = escape(clip(event.because.rstrip("."), 1200))
    match event.verdict:
        case Verdict.PASS:
            return f"👁 ✅ Watched run {event.run}, and it stays well: {because}."
        case Verdict.INCONCLUSIVE:
            return f"👁 ❔ The watch of run {event.run} cannot tell: {because}. Somebody should look."
        case Verdict.FAIL:
            asker = f"{who(event.asked_by, ping=True)}: " if event.asked_by else ""
            return (
                f"👁 ❌ *It does not stay well* after run {event.run}: {asker}{because}. Nothing was done about it. "
                f"Look: `/rollback show {event.run}`. Back again: `/rollback {event.services[0]} --dry-run`"
            )


def _closed(event: DutyClosed) -> str:
    by = f"{who(event.by)} says" if event.by else "seen"
    return f"☑ Done: {escape(clip(event.words.rstrip('.'), 400))} ({by}: {escape(clip(event.because, 400))})."


def _reminded(event: DutyReminded) -> str:
    asker = f"{who(event.whom, ping=True)}: " if event.whom else ""
    owner = f" It is for {escape(event.owner)}." if event.owner else ""
    due = moment(event.due_at, "{date_short_pretty} {time}")
    return (
        f"⏰ {asker}still to do since run {event.run}: {escape(clip(event.words.rstrip('.'), 500))}.{owner} Due {due}. "
        f"Done? `/rollback obligations close {event.run}.{event.number} NOTE`"
    )


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
