"""What a finished rollback leaves behind: what to remember, and what people still have to do."""

from planner.consent import BrokeGlass
from planner.names import RunId
from planner.plan import Plan


def obligations(plan: Plan) -> tuple[str, ...]:
    """What must be done after this plan, in words, each naming what would go wrong otherwise."""
    target = plan.target
    owed = [
        f"Fix or revert {target.service} {target.from_version} before the next deploy, or it ships the same fault again.",
    ]
    others = [move for move in plan.moves if move.service != target.service]
    owed += [f"Hold deploys of {move.service} {move.from_version} until {target.service} works with it again." for move in others]
    owed += [
        f"Check the data: {hazard.kind} migration {hazard.migration} of {hazard.service} {hazard.release} is not undone."
        for hazard in plan.hazards
    ]
    return tuple(owed)


def forward_obligations(plan: Plan) -> tuple[str, ...]:
    """What must be done after a way forward: the version it brought back was remembered as bad."""
    target = plan.target
    clear = f"/rollback bad clear {target.service} {target.to_version} REASON"
    return (f"{target.service} {target.to_version} stays remembered as bad. If it is good now, clear it: {clear}",)


def second_look(run: RunId, glass: BrokeGlass) -> str:
    """What is owed for a run that was started without approval, until somebody else confirms it."""
    return f"Second look: {glass.by.name} started this without approval. Somebody else looks at it: /rollback reviewed {run}"
