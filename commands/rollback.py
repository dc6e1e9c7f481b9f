"""`/rollback SERVICE …` and `plan SERVICE …`: look at the world, make a plan, let it wait for approval.

Nothing is touched here. What a dry run answers is the plan that would have been opened.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from commands.asking import USAGE as USAGE
from commands.asking import Rollback as Rollback
from commands.asking import read as read
from commands.carried import Carried, carried
from commands.grammar import LONGEST_REASON, clip
from commands.leftovers import leftovers
from commands.occupied import blocked, claims, rollback_wanted
from commands.opening import open_run, overridden, replacing, supersede, waiting_for
from commands.ports import Call, Desk
from commands.read_only import not_here
from commands.refuse import refuse
from commands.reply import Opened, Preview, Refused, Reply
from commands.status import unknown_service
from commands.twin import typed
from integrations.protocols import Finding, FindingLevel
from planner.approval import in_freeze, may_break_glass
from planner.events import Asked
from planner.plan import Plan, Request, Strategy
from planner.planning import make_plan
from planner.refusal import Code, Refusal
from planner.snapshot import Snapshot
from planner.wire import digest


async def act(desk: Desk, call: Call, intent: Rollback) -> Reply:
    """A run with its plan, waiting for approval; or why not. A refusal is kept in the environment's log."""
    if intent.break_glass is not None:
        no = not_here(desk, "a start without approval") or may_break_glass(desk.policy, call.actor)
        if no is not None:
            return await refuse(desk, call, no)
    snapshot = await desk.survey()
    for name in intent.without:
        if name not in snapshot.services:
            return await refuse(desk, call, unknown_service(name, snapshot))
    plan = await planned(_request(desk, intent), snapshot)
    if isinstance(plan, Refusal):
        return await refuse(desk, call, plan)
    if intent.dry_run:
        return Preview(plan=plan, approvals=desk.policy.needed(plan, desk.now()))
    refusal = _not_runnable(plan, snapshot) or _frozen(desk, intent, plan)
    if refusal is not None:
        return await refuse(desk, call, refusal)
    held = await occupied(desk, intent, plan, snapshot)
    if held is not None:
        return await refuse(desk, call, held)
    findings = await desk.preflight(plan, snapshot)
    refusal = _blocked(plan, findings)
    if refusal is not None:
        return await refuse(desk, call, refusal)
    return await _open(desk, call, intent, plan, findings, snapshot)


async def planned(request: Request, snapshot: Snapshot) -> Plan | Refusal:
    """The plan. One over a large graph takes a while; acknowledgements must not wait for it."""
    return await asyncio.to_thread(make_plan, request, snapshot)


async def occupied(desk: Desk, intent: Rollback, plan: Plan, snapshot: Snapshot) -> Refused | None:
    """A refusal where others hold services of this plan, with the plan that does without them; `None` where all are free."""
    services = [move.service for move in plan.moves]
    found = await claims(desk, services)
    if not found:
        return None
    held = tuple(sorted({service for claim in found for service in claim.services}))
    smaller = await _smaller(desk, replace(intent, without=tuple(sorted({*intent.without, *held}))), snapshot)
    retry = f"/rollback {typed(replace(intent, dry_run=True))}"
    return blocked(desk, rollback_wanted(plan), len(services), found, smaller=smaller, retry=retry)


async def _smaller(desk: Desk, intent: Rollback, snapshot: Snapshot) -> str:
    """The command for the plan that leaves these services where they are; empty where there is none."""
    if intent.service in intent.without:
        return ""
    if intent.strategy is Strategy.FULL:
        # A full rollback leaves nothing out.
        intent = replace(intent, strategy=Strategy.PARTIAL)
    plan = await planned(_request(desk, intent), snapshot)
    return (
        f"/rollback {typed(intent)}" if isinstance(plan, Plan) and not await claims(desk, [m.service for m in plan.moves]) else ""
    )


def _request(desk: Desk, intent: Rollback) -> Request:
    return Request(
        service=intent.service,
        to=intent.to,
        strategy=intent.strategy,
        accept_data_loss=intent.accept_data_loss,
        policy=digest(desk.policy.facts()),
        pinned=frozenset(intent.without),
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


def _frozen(desk: Desk, intent: Rollback, plan: Plan) -> Refusal | None:
    """A freeze that must be overridden by name. Breaking the glass goes past it too, and the plan's message names it."""
    if intent.break_glass is not None:
        return None
    return in_freeze(plan, desk.policy, desk.now(), {name for name, _ in intent.overrides})


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


async def _open(desk: Desk, call: Call, intent: Rollback, plan: Plan, findings: Sequence[Finding], snapshot: Snapshot) -> Reply:
    """The run. It takes the place of one that waits for the same service, and keeps such approvals of that as still fit."""
    by = call.actor.person
    asked = Asked(
        by=by,
        words=clip(call.words, LONGEST_REASON),
        request=_request(desk, intent),
        place=call.place,
        reason=intent.reason,
    )
    texts = [finding.text for finding in findings]
    overrides = overridden(call, intent.overrides)
    older = await waiting_for(desk, plan.target.service) if intent.break_glass is None else None
    kept = await carried(desk, older, plan, snapshot, by, texts, overrides) if older is not None else Carried()
    run = await open_run(
        desk,
        asked,
        plan,
        [*kept.lines, *texts],
        overrides=overrides,
        carried=kept.approvals,
        left=leftovers(findings),
        glass=intent.break_glass,
    )
    replaced = await supersede(desk, run, by)
    return Opened(run=run, replaced=tuple(old.id for old in replaced), notes=(*replacing(run, replaced), *kept.lines))
