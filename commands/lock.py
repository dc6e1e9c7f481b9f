"""`lock SERVICE [for 2h] REASON` and `unlock SERVICE [--break] [REASON]`: hold a service by hand, and give it back."""

from dataclasses import dataclass
from datetime import timedelta

from commands.deploys import deploy_hold, let_go
from commands.grammar import arguments, bad_command, clip, reason, service_name
from commands.occupied import blocked, claims, mention
from commands.ports import Call, Desk, Holder
from commands.refuse import refuse
from commands.reply import Refused, Reply, Said
from commands.status import unknown_service
from commands.words import Word
from integrations.durations import parse_duration
from planner.approval import who_can
from planner.lock_events import LockBroken, Locked, Unlocked
from planner.names import ServiceName
from planner.refusal import Code, Refusal
from planner.run import Stage

LOCK = "/rollback lock SERVICE [for 2h] REASON"
UNLOCK = "/rollback unlock SERVICE [REASON] | unlock SERVICE --break REASON"
LONGEST = 30 * 24 * 3600.0
"""Seconds that a hold by hand may be taken for; without an end it stays until it is given back."""
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Hold this service, for so many seconds or until it is given back."""

    service: ServiceName
    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """Give this service back; with `breaking` end somebody else's hold."""

    service: ServiceName
    reason: str | None = None
    breaking: bool = False


def read_lock(words: tuple[Word, ...]) -> Lock | Refusal:
    """`SERVICE [for DURATION] REASON`."""
    if not words:
        return bad_command("Say which service to lock, and why.", LOCK)
    service = service_name(words[0].text, LOCK)
    if isinstance(service, Refusal):
        return service
    rest, seconds = words[1:], None
    if rest and rest[0].text.lower() == "for" and not rest[0].quoted:
        if len(rest) < 2:
            return bad_command("Say for how long after “for”, such as 30m or 2h.", LOCK)
        try:
            seconds = parse_duration(rest[1].text)
        except ValueError:
            said = f"“{clip(rest[1].text)}” is no time: write 30m, 2h or 1h30m. A reason that begins with “for” goes in quotes."
            return bad_command(said, LOCK)
        if not 0 < seconds <= LONGEST:
            return bad_command("A lock lasts at most 30d and longer than 0s; without “for” it lasts until you unlock it.", LOCK)
        rest = rest[2:]
    why = reason(" ".join(word.text for word in rest))
    if why is None:
        return bad_command("A lock needs a reason: it is what others read at night when they run into it.", LOCK)
    return Lock(service=service, reason=why, seconds=seconds)


def read_unlock(words: tuple[Word, ...]) -> Unlock | Refusal:
    """`SERVICE [--break] [REASON]`."""
    found = arguments(words, {"break": False}, UNLOCK)
    if isinstance(found, Refusal):
        return found
    if not found.places:
        return bad_command("Say which service to unlock.", UNLOCK, "/rollback locks")
    service = service_name(found.places[0], UNLOCK)
    if isinstance(service, Refusal):
        return service
    why = reason(" ".join(found.places[1:]))
    if found.on("break") and why is None:
        return bad_command("Breaking somebody's lock needs a reason: they are told it.", UNLOCK)
    return Unlock(service=service, reason=why, breaking=found.on("break"))


async def lock(desk: Desk, call: Call, intent: Lock) -> Reply:
    """Hold the service, or say who has it. One's own hold takes the new terms."""
    snapshot = await desk.survey()
    service = intent.service
    if service not in snapshot.services:
        return Refused(refusal=unknown_service(service, snapshot))
    now = desk.now()
    until = now + timedelta(seconds=intent.seconds) if intent.seconds is not None else None
    event = Locked(service=service, by=call.actor.person, reason=intent.reason, since=now, until=until, place=call.place)
    others = [claim for claim in await claims(desk, [service]) if not _own(call, claim.holder)]
    if not others and not await desk.runs.hold(event):
        end = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until you give it back"
        lines = ["No rollback moves it meanwhile.", *await _waiting(desk, service), f"Give it back: /rollback unlock {service}"]
        return Said(text=f"You hold {service} {end}.", lines=tuple(lines))
    found = others or await claims(desk, [service])
    no = blocked(desk, f"to hold {service} by hand: {intent.reason.rstrip('.')}", 1, found, retry=f"/rollback status {service}")
    return await refuse(desk, call, no)


async def unlock(desk: Desk, call: Call, intent: Unlock) -> Reply:
    """End the hold by hand on a service: one's own, or with `--break` and the right to, another's. Never a run's.

    Where nobody holds it, the lock on its forward deploys is let go.
    """
    for _ in range(_ATTEMPTS):
        found = await desk.runs.holders([intent.service])
        if not found:
            deploys = await deploy_hold(desk, intent.service)
            if deploys is not None:
                return await let_go(desk, call, deploys, intent.reason)
            return Said(text=f"{intent.service} is not held by anybody, so there is nothing to unlock.")
        holder = found[0]
        if holder.person is None:
            return await refuse(desk, call, _runs_hold(holder))
        if _own(call, holder):
            event: Unlocked | LockBroken = Unlocked(service=holder.service, by=call.actor.person, reason=intent.reason)
            said = Said(text=f"{holder.service} is free again.", lines=("Whoever waited for it is told.",))
        elif not intent.breaking or intent.reason is None:
            return await refuse(desk, call, _not_yours(desk, holder))
        elif not desk.policy.names(call.actor.id, call.actor.groups):
            return await refuse(desk, call, _may_not_break(desk, holder))
        else:
            event = LockBroken(
                service=holder.service,
                by=call.actor.person,
                reason=intent.reason,
                holder=holder.person,
                held_for=holder.reason,
                place=holder.place or call.place,
            )
            where = f" in <#{event.place.channel}>" if event.place else ""
            told = f"{holder.person.name} is told{where}, with your reason. Whoever waited for it is told too."
            said = Said(text=f"You broke the lock of {holder.person.name} on {holder.service}; it is free.", lines=(told,))
        if await desk.runs.release(event, holder):
            return said
    return Refused(
        refusal=Refusal(
            code=Code.UNAVAILABLE,
            message=f"The lock on {intent.service} changed all the while, so nothing was done.",
            nearest=("/rollback locks", "Try again."),
        )
    )


def _own(call: Call, holder: Holder | None) -> bool:
    return holder is not None and holder.person is not None and holder.person.id == call.actor.id


async def _waiting(desk: Desk, service: ServiceName) -> list[str]:
    """What people should know of runs that wait and would move the service."""
    found = []
    for name in await desk.runs.open_runs():
        run = await desk.runs.read(name)
        if run is not None and run.stage is Stage.WAITING and run.plan.move(service):
            found.append(f"Run {name} waits for approval and would move it: it cannot start while you hold this.")
    return found


def _runs_hold(holder: Holder) -> Refusal:
    return Refusal(
        code=Code.LOCKED,
        message=f"{holder.service} is held by {holder.who}, and a run's lock is not broken by hand: its steps may be half done.",
        facts=(f"Since {holder.since:%H:%M} UTC; it is given back when the run ends.",),
        nearest=(
            f"/rollback cancel {holder.run}",
            f"/rollback leave {holder.run} REASON",
            f"/rollback wait {holder.service}",
            f"/rollback show {holder.run}",
        ),
    )


def _facts(holder: Holder) -> tuple[str, ...]:
    end = f"until {holder.until:%Y-%m-%d %H:%M} UTC" if holder.until else "until they give it back"
    person = mention(holder.person) if holder.person else "Somebody"
    return (f"{person} took it at {holder.since:%H:%M} UTC, {end}: “{holder.reason}”",)


def _not_yours(desk: Desk, holder: Holder) -> Refusal:
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"{holder.service} is held by {holder.who}, not by you; nothing was changed.",
        facts=(*_facts(holder), f"Approvers may break it, with a reason. {who_can(desk.policy)}"),
        nearest=(
            f"/rollback wait {holder.service}",
            f"/rollback ask {holder.service} WHAT FOR",
            f"/rollback unlock {holder.service} --break REASON",
        ),
    )


def _may_not_break(desk: Desk, holder: Holder) -> Refusal:
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"You may not break the lock of {holder.who} on {holder.service}: only an approver may.",
        facts=(*_facts(holder), who_can(desk.policy)),
        nearest=(
            f"/rollback ask {holder.service} WHAT FOR",
            f"/rollback wait {holder.service}",
            "Ask an approver to break it.",
        ),
    )
