"""A log entry as one plain line: what a terminal, an export for people and a screen reader get."""

from typing import assert_never

from commands.views.after_text import after_words, baseline_words
from planner.consent import BrokeGlass, FreezeOverridden, Reminded
from planner.duty_events import DeploysHeld, DeploysReleased, DutyClosed, DutyReminded
from planner.events import (
    Approved,
    Asked,
    BadCleared,
    BadMarked,
    CommandRefused,
    Decided,
    Ended,
    Entry,
    Event,
    GateJudged,
    Granted,
    Halted,
    LeaseTaken,
    LocksTaken,
    Measured,
    Planned,
    PressRefused,
    RunOpened,
    RunSealed,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepNotTaken,
    StepUnknown,
    StepVerified,
    StopAsked,
    Surveyed,
    Trimmed,
)
from planner.lock_events import (
    LockBroken,
    Locked,
    LockExpired,
    ReleaseAsked,
    Reviewed,
    SecondLookAsked,
    Unlocked,
    WaitAsked,
    WaiterCalled,
)
from planner.registry_events import Drained, DrainIntended, Restored, RestoreFailed, RestoreIntended
from planner.watch_events import BaselineTaken, WatchBegan, WatchEnded, WatchLooked


def entry_line(entry: Entry) -> str:
    """Number, time in UTC, and what happened."""
    return f"{entry.seq:>4}  {entry.at:%Y-%m-%d %H:%M:%S}  {event_words(entry.event)}"


def event_words(event: Event) -> str:
    """What happened, in words."""
    match event:
        case Asked():
            return f"{event.by.name} asked: {event.words}" + (f" ({event.reason})" if event.reason else "")
        case Planned():
            moves = ", ".join(f"{m.service} {m.from_version} -> {m.to_version}" for m in event.plan.moves)
            return f"planned: {moves}; {event.approvals} to approve until {event.expires_at:%H:%M:%S}"
        case Approved(carried_from=older) if older is not None:
            given = f" at {event.given_at:%H:%M:%S}" if event.given_at else ""
            return f"{event.by.name} approved {event.digest[:15]}… of run {older}{given}: it stands"
        case Approved():
            return f"{event.by.name} approved {event.digest[:15]}…" + (" (own request)" if event.own else "")
        case Reminded():
            who = ", ".join([*event.users, *event.groups]) or "nobody"
            return f"{'escalated to' if event.escalated else 'reminded'} {who}: nobody has decided yet"
        case FreezeOverridden():
            return f"{event.by.name} overrides the freeze {event.freeze!r}: {event.reason}"
        case BrokeGlass():
            return f"BREAK-GLASS: {event.by.name} starts it without approval: {event.reason}"
        case PressRefused():
            return f"{event.by.name} tried to {event.verb} and was told no: {event.message}"
        case Granted():
            return f"granted with {event.approvals} approvals"
        case LeaseTaken():
            how = "took over" if event.take_over else "took the run"
            return f"worker {event.worker} {how} (epoch {event.epoch})"
        case LocksTaken():
            return f"locked {', '.join(event.services)}"
        case Surveyed():
            return "surveyed: the world is what the plan stands on"
        case BaselineTaken():
            return baseline_words(event)
        case StepIntended():
            return f"{event.step}: going from {event.expect or 'nothing'} to {event.to} (attempt {event.attempt})"
        case StepAccepted():
            return f"{event.step}: " + ("found to have been asked already" if event.recovered else "asked the runtime")
        case StepUnknown():
            return f"{event.step}: no answer, it may have happened ({event.detail})"
        case StepNotTaken():
            return f"{event.step}: the request had no effect, {event.running or 'nothing'} runs"
        case Measured():
            return f"{event.step}: {event.check}: {event.outcome}, {event.seen}"
        case GateJudged():
            name = f"check {event.check}" if event.check else f"gate {event.gate}"
            return f"{event.step}: {name}: {event.verdict}, {event.because} ({event.seconds:g} s)"
        case StepVerified():
            return f"{event.step}: verified" + (f", unclear: {'; '.join(event.unclear)}" if event.unclear else "")
        case StepFailed():
            return f"{event.step}: FAILED, {event.because}"
        case DrainIntended():
            return f"{event.step}: taking {', '.join(event.instances)} out of discovery"
        case Drained():
            return f"{event.step}: no other release can be found ({len(event.instances)} taken out, {event.seconds:g} s)"
        case RestoreIntended():
            return f"{event.step}: putting {', '.join(event.instances)} back into discovery"
        case Restored():
            left = f"; {', '.join(event.left)} stay out" if event.left else ""
            return f"{event.step}: {len(event.instances)} put back into discovery{left}"
        case RestoreFailed():
            return f"{event.step}: STILL OUT OF DISCOVERY: {', '.join(event.instances)}, {event.because}"
        case Halted():
            return f"halted: {event.because}"
        case Decided():
            return f"{event.by.name} chose {event.choice}" + (f" ({event.reason})" if event.reason else "")
        case StopAsked():
            return f"{event.by.name} asked to stop at the next safe point"
        case Ended():
            by = f" by {event.by.name}" if event.by else ""
            owed = "".join(f"\n{'':27}to do: {duty}" for duty in event.obligations)
            return f"ended: {event.ending}{by}" + (f", {event.because}" if event.because else "") + owed
        case RunOpened():
            return f"run {event.run} opened"
        case RunSealed():
            return f"run {event.run} sealed at entry {event.seq}, sha256:{event.hash[:16]}"
        case Trimmed():
            where = f"archive segment {event.segment}, manifest sha256:{event.manifest[:16]}"
            return f"{event.by.name} moved entries up to {event.seq} and {event.runs} ended runs to {where}"
        case CommandRefused():
            return f"{event.by.name} asked {event.words!r} and was told no: {event.message}"
        case BadMarked():
            return f"{event.service} {event.version} is remembered as bad: {event.reason}"
        case BadCleared():
            return f"{event.service} {event.version} is no longer remembered as bad, {event.by.name} says: {event.reason}"
        case Locked():
            until = f" until {event.until:%Y-%m-%d %H:%M:%S}" if event.until else ""
            return f"{event.by.name} locked {event.service}{until}: {event.reason}"
        case Unlocked():
            return f"{event.by.name} unlocked {event.service}" + (f": {event.reason}" if event.reason else "")
        case LockExpired():
            return f"the lock of {event.holder.name} on {event.service} expired at {event.until:%Y-%m-%d %H:%M:%S}"
        case LockBroken():
            return f"{event.by.name} broke the lock of {event.holder.name} on {event.service} ({event.held_for}): {event.reason}"
        case WaitAsked():
            return f"{event.by.name} wants to be told when {', '.join(event.services)} is free"
        case ReleaseAsked():
            held = f", which run {event.run} holds" if event.run else ""
            return f"{event.by.name} asks {event.holder.name} to give {event.service} back{held}: {event.wanted}"
        case WaiterCalled():
            return f"{event.waiter.name} is told that {', '.join(event.services)} is free ({event.position} of {event.of})"
        case SecondLookAsked():
            return f"run {event.run} was started past its approvals by {event.by.name}: somebody else must look at it"
        case Reviewed():
            return f"{event.by.name} looked at run {event.run}" + (f": {event.note}" if event.note else "")
        case WatchBegan() | WatchLooked() | WatchEnded() | DeploysHeld() | DeploysReleased() | DutyReminded() | DutyClosed():
            return after_words(event)
    assert_never(event)
