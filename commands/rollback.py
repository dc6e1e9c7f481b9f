"""`/rollback SERVICE …` and `plan SERVICE …`: look at the world, make a plan, let it wait for approval.

Nothing is touched here. What a dry run answers is the plan that would have been opened.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from commands.grammar import LONGEST_REASON, arguments, bad_command, clip, reason, service_name, version
from commands.occupied import occupied
from commands.ports import Call, Desk, Moved
from commands.reply import Opened, Preview, Refused, Reply
from commands.words import Word
from integrations.protocols import Finding, FindingLevel
from planner.events import Asked, CommandRefused, Ended, Ending, Planned
from planner.names import RunId, ServiceName, Version
from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan
from planner.refusal import Code, Refusal
from planner.run import Run, Stage
from planner.snapshot import Snapshot
from planner.wire import digest

USAGE = '/rollback SERVICE [to VERSION] [--strategy auto|partial|full] [--accept-data-loss] [--reason "…"] [--dry-run]'
_FLAGS = {"to": True, "strategy": True, "accept-data-loss": False, "reason": True, "dry-run": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Roll this service back. `to` absent: to the newest release that will do."""

    service: ServiceName
    to: Version | None = None
    strategy: Strategy = Strategy.AUTO
    accept_data_loss: bool = False
    reason: str | None = None
    dry_run: bool = False


def read(words: tuple[Word, ...]) -> Rollback | Refusal:
    """`SERVICE [to VERSION]` and the flags, in any order."""
    found = arguments(words, _FLAGS, USAGE)
    if isinstance(found, Refusal):
        return found
    if not found.places:
        return bad_command("Say which service to roll back.", USAGE, "/rollback status")
    service = service_name(found.places[0], USAGE)
    if isinstance(service, Refusal):
        return service
    to = _to(service, found.places[1:], found.text("to"))
    strategy = _strategy(found.text("strategy"))
    if isinstance(to, Refusal):
        return to
    if isinstance(strategy, Refusal):
        return strategy
    return Rollback(
        service=service,
        to=to,
        strategy=strategy,
        accept_data_loss=found.on("accept-data-loss"),
        reason=reason(found.text("reason")),
        dry_run=found.on("dry-run"),
    )


async def act(desk: Desk, call: Call, intent: Rollback) -> Reply:
    """A run with its plan, waiting for approval; or why not. A refusal is kept in the environment's log."""
    snapshot = await desk.survey()
    plan = await _plan(desk, intent, snapshot)
    if isinstance(plan, Refusal):
        return await _refuse(desk, call, plan)
    if intent.dry_run:
        return Preview(plan=plan, approvals=desk.policy.needed(plan))
    refusal = _not_runnable(plan, snapshot) or await occupied(desk, plan)
    if refusal is not None:
        return await _refuse(desk, call, refusal)
    findings = await desk.preflight(plan, snapshot)
    refusal = _blocked(plan, findings)
    if refusal is not None:
        return await _refuse(desk, call, refusal)
    return await _open(desk, call, intent, plan, findings)


async def _refuse(desk: Desk, call: Call, refusal: Refusal) -> Reply:
    words = clip(call.words, LONGEST_REASON)
    await desk.runs.note(CommandRefused(by=call.actor.person, words=words, code=refusal.code, message=refusal.message))
    return Refused(refusal=refusal)


def _to(service: ServiceName, places: Sequence[str], flag: str | None) -> Version | Refusal | None:
    match list(places):
        case []:
            return None if flag is None else version(flag, USAGE)
        case [word] if word.lower() != "to":
            more = f"/rollback {service} to {clip(word)}"
            return bad_command(f"I do not understand “{clip(word)}” after {service}.", USAGE, more)
        case [word, which] if word.lower() == "to" and flag is None:
            return version(which, USAGE)
        case ["to" | "To" | "TO"]:
            return bad_command("Say to which version after “to”.", USAGE, f"/rollback {service}", f"/rollback status {service}")
        case _:
            what = clip(" ".join(places))
            return bad_command(f"I do not understand “{what}” after {service}. A reason goes in quotes after --reason.", USAGE)


def _strategy(text: str | None) -> Strategy | Refusal:
    if text is None:
        return Strategy.AUTO
    try:
        return Strategy(text.lower())
    except ValueError:
        return bad_command(f"“{clip(text)}” is not a strategy: auto, partial or full.", USAGE)


async def _plan(desk: Desk, intent: Rollback, snapshot: Snapshot) -> Plan | Refusal:
    request = _request(desk, intent)
    # A plan over a large graph takes a while; acknowledgements must not wait for it.
    return await asyncio.to_thread(make_plan, request, snapshot)


def _request(desk: Desk, intent: Rollback) -> Request:
    return Request(
        service=intent.service,
        to=intent.to,
        strategy=intent.strategy,
        accept_data_loss=intent.accept_data_loss,
        policy=digest(desk.policy.facts()),
    )


def _not_runnable(plan: Plan, snapshot: Snapshot) -> Refusal | None:
    orphans = [move.service for move in plan.moves if snapshot.services[move.service].runtime is None]
    if not orphans:
        return None
    names = f"{', '.join(orphans[:5])} {'is' if len(orphans) == 1 else 'are'}"
    return Refusal(
        code=Code.NOT_RUNNABLE,
        message=f"Nothing says how {names} run, so nothing can be moved.",
        facts=("The catalog entry needs a `runtime` with its kind and settings.",),
        nearest=(f"/rollback {plan.target.service} --dry-run",),
    )


def _blocked(plan: Plan, findings: Sequence[Finding]) -> Refusal | None:
    blocks = tuple(finding.text for finding in findings if finding.level is FindingLevel.BLOCK)
    if not blocks:
        return None
    return Refusal(
        code=Code.NOT_RUNNABLE,
        message=f"The plan for {plan.target.service} could not be carried out as things are; nothing was touched.",
        facts=blocks,
        nearest=("Clear what stands in the way, then ask again.", f"/rollback {plan.target.service} --dry-run"),
    )


async def _open(desk: Desk, call: Call, intent: Rollback, plan: Plan, findings: Sequence[Finding]) -> Reply:
    needed = desk.policy.needed(plan)
    expires = desk.now() + timedelta(seconds=desk.policy.expires)
    asked = Asked(
        by=call.actor.person,
        words=clip(call.words, LONGEST_REASON),
        request=_request(desk, intent),
        place=call.place,
        reason=intent.reason,
    )
    found = tuple(finding.text for finding in findings)
    run = await desk.runs.open([asked, Planned(plan=plan, approvals=needed, expires_at=expires, findings=found)])
    await desk.wake.wake_at(run.id, expires)
    return Opened(run=run, replaced=await _supersede(desk, run))


async def _supersede(desk: Desk, run: Run) -> tuple[RunId, ...]:
    """End the older waiting runs for the same service. One that was granted in the meantime is left alone."""
    older = [name for name in await desk.runs.open_runs() if _number(name) < _number(run.id)]
    return tuple([name for name in older if await _end_older(desk, name, run)])


async def _end_older(desk: Desk, name: RunId, newer: Run) -> bool:
    while True:
        older = await desk.runs.read(name)
        if older is None or older.stage is not Stage.WAITING or older.plan.target.service != newer.plan.target.service:
            return False
        by = newer.asked.by if newer.asked else None
        who = by.name if by else "somebody"
        because = f"{who} asked for {newer.plan.target.service} again: run {newer.id} took its place"
        ended = Ended(ending=Ending.SUPERSEDED, because=because, by=by, superseded_by=newer.id)
        try:
            await desk.runs.append(older, [ended])
        except Moved:
            continue
        return True


def _number(name: RunId) -> int:
    return int(name.removeprefix("r"))
