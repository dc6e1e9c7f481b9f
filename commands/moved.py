"""The world moved while a plan waited: a new plan takes its place, and says what changed."""

from dataclasses import replace

from commands.carried import carried
from commands.leftovers import leftovers
from commands.opening import end_older, open_run
from commands.ports import Call, Desk, Moved
from commands.reply import Refused
from commands.rollback import planned
from integrations.protocols import FindingLevel
from planner.events import Ended, Ending
from planner.plan import Plan
from planner.refusal import Code, Refusal
from planner.run import Run
from planner.snapshot import Snapshot
from planner.wire import digest


async def replanned(desk: Desk, call: Call, run: Run) -> Refused | None:
    """`None` where the world still is what the plan of this waiting run stands on; else what became of it.

    A new run with a new plan for the same target waits in its place, or, where there is none, the run has ended as stale.
    Approvals stand only where the new plan does nothing that the old one did not.
    """
    snapshot = await desk.survey()
    changes = differences(run.plan, snapshot)
    if not changes or run.asked is None:
        return None
    target = run.plan.target
    request = replace(run.asked.request, to=target.to_version, policy=digest(desk.policy.facts()))
    fresh = await planned(request, snapshot)
    if isinstance(fresh, Refusal):
        return await _stale(desk, run, changes, fresh)
    findings = await desk.preflight(fresh, snapshot)
    blocks = tuple(finding.text for finding in findings if finding.level is FindingLevel.BLOCK)
    if blocks:
        message = f"The new plan for {target.service} could not be carried out as things are."
        return await _stale(desk, run, changes, Refusal(code=Code.NOT_RUNNABLE, message=message, facts=blocks))
    asked = replace(run.asked, request=request)
    texts = [finding.text for finding in findings]
    kept = await carried(desk, run, fresh, snapshot, asked.by, texts)
    told = [f"The world moved while run {run.id} waited: {change}." for change in changes]
    told += [f"New in this plan: {words}." for words in _plans(run.plan, fresh)]
    told += kept.lines
    newer = await open_run(
        desk, asked, fresh, [*told, *texts], overrides=run.overridden, carried=kept.approvals, left=leftovers(findings)
    )
    because = f"the world moved while it waited ({'; '.join(changes)}): run {newer.id} has the new plan"
    await end_older(desk, run.id, newer, call.actor.person, lambda _: because)
    refusal = Refusal(
        code=Code.SUPERSEDED,
        message=f"The world moved since run {run.id} was planned, so nothing was approved. Run {newer.id} has a new plan.",
        facts=tuple(told),
        nearest=(f"Look at run {newer.id} and press Approve there.", f"/rollback approve {newer.id}"),
    )
    return Refused(refusal=refusal)


def differences(plan: Plan, snapshot: Snapshot) -> tuple[str, ...]:
    """What the plan stands on and is no longer so, in words. What nobody could see now is not counted as changed."""
    return tuple(
        f"{service} runs {snapshot.current.get(service, 'nothing')} now, not {version}"
        for service, version in plan.facts.items()
        if service not in snapshot.unseen and snapshot.current.get(service) != version
    )


def _plans(old: Plan, new: Plan) -> list[str]:
    found = []
    for move in new.moves:
        before = old.move(move.service)
        went = f"{move.service} {move.from_version} → {move.to_version}"
        if before is None:
            found.append(f"{went} (did not move before)")
        elif (before.from_version, before.to_version) != (move.from_version, move.to_version):
            found.append(f"{went} (was {before.from_version} → {before.to_version})")
    return found + [f"{move.service} stays" for move in old.moves if new.move(move.service) is None]


async def _stale(desk: Desk, run: Run, changes: tuple[str, ...], why: Refusal) -> Refused:
    because = f"the world moved while it waited: {'; '.join(changes)}. {why.message}"
    try:
        await desk.runs.append(run, [Ended(ending=Ending.STALE, because=because)])
    except Moved:
        because = f"{because} Somebody decided at the same moment: look at the run."
    refusal = Refusal(
        code=Code.STALE,
        message=f"The world moved since the plan of run {run.id} was made, and there is no new plan; nothing was approved.",
        facts=(*changes, why.message, *why.facts),
        nearest=(*why.nearest, f"/rollback show {run.id}"),
    )
    return Refused(refusal=refusal)
