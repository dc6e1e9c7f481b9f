"""`again RUN` and the button Plan again: a run that ended before it touched anything is planned anew, for whoever had asked.

Approvals stand where the new plan does nothing that they were not given for; one more person must always see what changed.
"""

from dataclasses import dataclass, replace

from commands import replan
from commands.carried import Carried, carried
from commands.grammar import bad_command, run_id
from commands.leftovers import leftovers
from commands.moved import differences
from commands.occupied import blocked, claims, rollback_wanted
from commands.opening import open_run, replacing, supersede, waiting_for
from commands.ports import Call, Desk
from commands.press import unknown_run
from commands.refuse import refuse
from commands.reply import Opened, Refused, Reply
from commands.rollback import planned
from commands.twin import typed
from commands.words import Word
from integrations.protocols import FindingLevel
from planner.approval import in_freeze, who_can
from planner.events import Ending
from planner.names import RunId
from planner.refusal import Code, Refusal
from planner.run import Run, Stage
from planner.wire import digest

USAGE = "/rollback again RUN"
AGAIN = frozenset({Ending.STALE, Ending.BLOCKED, Ending.EXPIRED})
"""Endings without anybody's no, before anything was touched."""
_KEPT = frozenset({Ending.STALE, Ending.BLOCKED})
"""Of these, the ones after a yes that nobody took back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Plan this run's rollback again."""

    run: RunId


def read(words: tuple[Word, ...]) -> Again | Refusal:
    """`RUN`."""
    if len(words) != 1:
        return bad_command("Say which run to plan again, and nothing else.", USAGE, "/rollback history")
    run = run_id(words[0].text, USAGE)
    return run if isinstance(run, Refusal) else Again(run=run)


async def act(desk: Desk, call: Call, intent: Again) -> Reply:
    """A newer run that waits for approval, asked for by whom the older one was; or why not."""
    run = await desk.runs.read(intent.run)
    if run is None:
        return Refused(refusal=await unknown_run(desk, intent.run))
    asked = run.asked
    if asked is None or _unfit(run) is not None:
        return await refuse(desk, call, _unfit(run) or await unknown_run(desk, run.id))
    no = _not_yours(desk, call, run) or await _done(desk, run)
    if no is not None:
        return await refuse(desk, call, no)
    snapshot = await desk.survey()
    request = replace(asked.request, to=run.plan.target.to_version, policy=digest(desk.policy.facts()))
    plan = await planned(request, snapshot)
    if isinstance(plan, Refusal):
        return await refuse(desk, call, plan)
    no = in_freeze(plan, desk.policy, desk.now(), {event.freeze for event in run.overridden})
    if no is not None:
        return await refuse(desk, call, no)
    found = await claims(desk, [move.service for move in plan.moves])
    if found:
        return await refuse(desk, call, blocked(desk, rollback_wanted(plan), len(plan.moves), found))
    findings = await desk.preflight(plan, snapshot)
    blocks = tuple(finding.text for finding in findings if finding.level is FindingLevel.BLOCK)
    if blocks:
        message = f"The plan for {plan.target.service} could not be carried out as things are; nothing was touched."
        return await refuse(desk, call, Refusal(code=Code.NOT_RUNNABLE, message=message, facts=blocks))
    texts = [finding.text for finding in findings]
    kept = await carried(desk, run, plan, snapshot, asked.by, texts) if run.ending in _KEPT else Carried()
    told = [f"{call.actor.person.name} had run {run.id} planned again, which ended as {run.ending}."]
    told += [f"The world moved: {change}." for change in differences(run.plan, snapshot)]
    anew = replace(asked, request=request)
    newer = await open_run(
        desk, anew, plan, [*told, *kept.lines, *texts], overrides=run.overridden, carried=kept.approvals, left=leftovers(findings)
    )
    older = await supersede(desk, newer, call.actor.person)
    return Opened(run=newer, replaced=tuple(old.id for old in older), notes=(*replacing(newer, older), *kept.lines))


def _unfit(run: Run) -> Refusal | None:
    if run.ending in AGAIN and run.planned is not None and run.asked is not None and run.asked.forward_of is None:
        return None
    how = f"it ended as {run.ending}" if run.ending else f"it is {run.stage}"
    forward = run.asked.forward_of if run.asked else None
    ask = f"/rollback forward {forward}" if forward else f"/rollback {_anew(run)}" if run.planned else "/rollback help"
    return Refusal(
        code=Code.STALE,
        message=f"Run {run.id} cannot be planned again: {how}.",
        facts=("Only runs that expired, or ended because the world moved or something was held, are planned again.",),
        nearest=(f"/rollback show {run.id}", *((ask,) if run.stage is Stage.ENDED else ())),
    )


def _not_yours(desk: Desk, call: Call, run: Run) -> Refusal | None:
    """It is asked in the name of whoever asked before: only they, and approvers, may do that."""
    own = run.asked is not None and run.asked.by.id == call.actor.id
    if own or desk.policy.names(call.actor.id, call.actor.groups):
        return None
    name = run.asked.by.name if run.asked else "whoever asked"
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"Run {run.id} was asked for by {name}: only they and approvers may have it planned again in their name.",
        facts=(who_can(desk.policy),),
        nearest=(f"/rollback {_anew(run)}",),
    )


async def _done(desk: Desk, run: Run) -> Refusal | None:
    """Somebody was faster: a newer plan for the service waits, and perhaps has approvals."""
    newer = await waiting_for(desk, run.plan.target.service)
    if newer is None or int(newer.id[1:]) < int(run.id[1:]):
        return None
    return Refusal(
        code=Code.SUPERSEDED,
        message=f"Run {newer.id} waits for a newer plan of {run.plan.target.service} already; nothing was done.",
        nearest=(f"/rollback show {newer.id}", f"/rollback approve {newer.id}"),
    )


def _anew(run: Run) -> str:
    """What to type to ask for the same in one's own name."""
    return typed(replan.again(run, replan.Replan(run=run.id)))
