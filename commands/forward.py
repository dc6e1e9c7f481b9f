"""`forward RUN [REASON]`: take a finished rollback back again, over the same safe states in the other direction.

The plan was fixed with the rollback's own: it follows from it, and is offered for as long as the world still is what the rollback
left behind. It names absolute versions, so going forward twice cannot swing back.
"""

from dataclasses import dataclass, replace

from commands.grammar import LONGEST_REASON, bad_command, clip, reason, run_id
from commands.leftovers import leftovers
from commands.moved import differences
from commands.occupied import blocked, claims
from commands.opening import open_run, replacing, supersede
from commands.ports import Call, Desk
from commands.press import unknown_run
from commands.refuse import refuse
from commands.reply import Opened, Refused, Reply
from commands.words import Word
from integrations.protocols import FindingLevel
from planner.approval import in_freeze
from planner.events import Asked, Ending
from planner.names import RunId
from planner.plan import Plan, Request
from planner.planning import way_forward
from planner.refusal import Code, Refusal
from planner.run import Run
from planner.snapshot import Snapshot
from planner.wire import digest, sealed

USAGE = "/rollback forward RUN [REASON]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Go forward again from this finished run."""

    run: RunId
    reason: str | None = None


def read(words: tuple[Word, ...]) -> Forward | Refusal:
    """`RUN [REASON]`."""
    if not words:
        return bad_command("Say which rollback to take back again.", USAGE, "/rollback history")
    run = run_id(words[0].text, USAGE)
    return run if isinstance(run, Refusal) else Forward(run=run, reason=reason(" ".join(word.text for word in words[1:])))


async def act(desk: Desk, call: Call, intent: Forward) -> Reply:
    """A run with the plan forward, waiting for approval like any other; or why not."""
    run = await desk.runs.read(intent.run)
    if run is None:
        return Refused(refusal=await unknown_run(desk, intent.run))
    no = _unfit(run)
    if no is not None:
        return await refuse(desk, call, no)
    snapshot = await desk.survey()
    plan = _plan(desk, run, snapshot)
    no = _moved(run, plan, snapshot) or in_freeze(plan, desk.policy, desk.now(), set())
    if no is not None:
        return await refuse(desk, call, no)
    found = await claims(desk, [move.service for move in plan.moves])
    if found:
        wanted = f"to bring {plan.target.service} forward again to {plan.target.to_version}"
        return await refuse(desk, call, blocked(desk, wanted, len(plan.moves), found))
    findings = await desk.preflight(plan, snapshot)
    blocks = tuple(finding.text for finding in findings if finding.level is FindingLevel.BLOCK)
    if blocks:
        message = f"The way forward from run {run.id} could not be carried out as things are; nothing was touched."
        return await refuse(desk, call, Refusal(code=Code.NOT_RUNNABLE, message=message, facts=blocks))
    asked = Asked(
        by=call.actor.person,
        words=clip(call.words, LONGEST_REASON),
        request=Request(service=plan.target.service, to=plan.target.to_version, policy=plan.policy),
        place=call.place,
        reason=intent.reason,
        forward_of=run.id,
    )
    newer = await open_run(desk, asked, plan, [_told(run), *(finding.text for finding in findings)], left=leftovers(findings))
    older = await supersede(desk, newer, call.actor.person)
    return Opened(run=newer, replaced=tuple(old.id for old in older), notes=replacing(newer, older))


def _plan(desk: Desk, run: Run, snapshot: Snapshot) -> Plan:
    plan = way_forward(run.plan)
    bad = [
        f"{move.service} {move.to_version} is remembered as bad: {why}"
        for move in plan.moves
        if (why := snapshot.bad.get(move.service, {}).get(move.to_version)) is not None
    ]
    return sealed(replace(plan, warnings=(*plan.warnings, *bad), policy=digest(desk.policy.facts())))


def _told(run: Run) -> str:
    whose = f", which {run.asked.by.name} asked for" if run.asked else ""
    return f"This takes back run {run.id}{whose}. Whatever was wrong before it comes back, unless it was mended."


def _unfit(run: Run) -> Refusal | None:
    if run.ending is Ending.FINISHED and run.planned is not None and (run.asked is None or run.asked.forward_of is None):
        return None
    how = f"it ended as {run.ending}" if run.ending else f"it is {run.stage}"
    facts: tuple[str, ...] = ("Only a rollback that was finished has a way forward that is known to be safe.",)
    nearest: tuple[str, ...] = (f"/rollback show {run.id}",)
    if run.asked is not None and run.asked.forward_of is not None:
        how, facts = f"it was itself the way forward from run {run.asked.forward_of}", ()
        target = run.plan.target
        nearest = (f"/rollback {target.service} to {target.from_version}", *nearest)
    return Refusal(code=Code.STALE, message=f"There is no way forward from run {run.id}: {how}.", facts=facts, nearest=nearest)


def _moved(run: Run, plan: Plan, snapshot: Snapshot) -> Refusal | None:
    """Since the rollback something else went live: the kept way forward does not fit any more."""
    changes = differences(plan, snapshot)
    if not changes:
        return None
    return Refusal(
        code=Code.STALE,
        message=f"The world has moved since run {run.id} ended, so its way forward does not fit any more; nothing was done.",
        facts=tuple(changes[:8]),
        nearest=(f"/rollback status {plan.target.service}", "Deploy forward as you always do."),
    )
