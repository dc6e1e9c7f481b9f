"""What a finished rollback leaves behind: what to remember, and what people still have to do."""

from planner.consent import BrokeGlass
from planner.names import RunId
from planner.plan import Plan
from planner.run import Run


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


def out_of_discovery(run: Run) -> tuple[str, ...]:
    """Instances that this run took out of discovery and that are not back: nobody is sent to them until somebody acts."""
    owed = []
    for step in run.steps.values():
        if step.held:
            why = f" ({step.stranded})" if step.stranded else ""
            owed.append(f"Put {', '.join(step.held)} of {step.service} back into discovery{why}, or nobody is sent there.")
        if step.left:
            names = ", ".join(step.left)
            owed.append(
                f"Deregister {names} of {step.service}: it is not {step.to}, stays registered, and is kept out of discovery."
            )
    return tuple(owed)


def forward_obligations(plan: Plan) -> tuple[str, ...]:
    """What must be done after a way forward: the version it brought back was remembered as bad."""
    target = plan.target
    clear = f"/rollback bad clear {target.service} {target.to_version} REASON"
    return (f"{target.service} {target.to_version} stays remembered as bad. If it is good now, clear it: {clear}",)


def second_look(run: RunId, glass: BrokeGlass) -> str:
    """What is owed for a run that was started without approval, until somebody else confirms it."""
    return f"Second look: {glass.by.name} started this without approval. Somebody else looks at it: /rollback reviewed {run}"
