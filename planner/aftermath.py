"""What a finished rollback leaves behind, as values: what people still have to do, whose it is, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from planner.consent import BrokeGlass
from planner.duty_events import Duty, Leftover, Owed
from planner.facts import NOTHING
from planner.names import RunId, ServiceName
from planner.plan import Plan
from planner.run import Run

DUE: Mapping[Duty, timedelta] = {
    Duty.FIX: timedelta(hours=24),
    Duty.DEPLOY_LOCK: timedelta(hours=24),
    Duty.DATA: timedelta(hours=4),
    Duty.GIT: timedelta(hours=2),
    Duty.AUTO_SYNC: timedelta(hours=2),
    Duty.AUTOSCALER: timedelta(hours=1),
    Duty.SILENCE: timedelta(hours=1),
    Duty.BAD_VERSION: timedelta(hours=24),
    Duty.SECOND_LOOK: timedelta(hours=24),
    Duty.DISCOVERY: timedelta(hours=1),
    Duty.OTHER: timedelta(hours=24),
}
"""How long after its end the first reminder of each sort comes. What can undo the rollback by itself is due first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing to be done: its words, each naming what would go wrong otherwise, and whose it is until when."""

    words: str
    owed: Owed


def obligations(
    plan: Plan, at: datetime, owners: Mapping[ServiceName, str] = NOTHING, leftovers: Sequence[Leftover] = ()
) -> tuple[Due, ...]:
    """What must be done after this plan was carried out at `at`. `owners` are the services' owners, as far as they are known."""
    target = plan.target

    def due(duty: Duty, service: ServiceName, words: str) -> Due:
        move = plan.move(service)
        version = move.from_version if move else None
        owed = Owed(duty=duty, service=service, version=version, owner=owners.get(service, ""), due_at=at + DUE[duty])
        return Due(words=words, owed=owed)

    lost = "before the next deploy, or it ships the same fault again"
    found = [due(Duty.FIX, target.service, f"Fix or revert {target.service} {target.from_version} {lost}.")]
    found += [due(left.duty, left.service, left.words) for left in leftovers]
    for move in plan.moves:
        until = (
            f"{move.from_version} is mended"
            if move.service == target.service
            else f"{target.service} works with {move.from_version} again"
        )
        words = f"Forward deploys of {move.service} are locked. When {until}, let them go: /rollback unlock {move.service}"
        found.append(due(Duty.DEPLOY_LOCK, move.service, words))
    found += [
        due(
            Duty.DATA,
            hazard.service,
            f"Check the data: {hazard.kind} migration {hazard.migration} of {hazard.service} {hazard.release} is not undone.",
        )
        for hazard in plan.hazards
    ]
    return tuple(found)


def out_of_discovery(run: Run, at: datetime, owners: Mapping[ServiceName, str] = NOTHING) -> tuple[Due, ...]:
    """Instances that this run took out of discovery and that are not back: nobody is sent to them until somebody acts."""
    found: list[Due] = []
    for step in run.steps.values():
        owed = Owed(
            duty=Duty.DISCOVERY,
            service=step.service,
            version=step.to,
            owner=owners.get(step.service, ""),
            due_at=at + DUE[Duty.DISCOVERY],
        )
        if step.held:
            why = f" ({step.stranded})" if step.stranded else ""
            words = f"Put {', '.join(step.held)} of {step.service} back into discovery{why}, or nobody is sent there."
            found.append(Due(words=words, owed=owed))
        if step.left:
            names = ", ".join(step.left)
            words = f"Deregister {names} of {step.service}: it is not {step.to}, stays registered, and is kept out of discovery."
            found.append(Due(words=words, owed=owed))
    return tuple(found)


def forward_obligations(plan: Plan, at: datetime, owners: Mapping[ServiceName, str] = NOTHING) -> tuple[Due, ...]:
    """What must be done after a way forward: the version it brought back was remembered as bad."""
    target = plan.target
    clear = f"/rollback bad clear {target.service} {target.to_version} REASON"
    owed = Owed(
        duty=Duty.BAD_VERSION,
        service=target.service,
        version=target.to_version,
        owner=owners.get(target.service, ""),
        due_at=at + DUE[Duty.BAD_VERSION],
    )
    words = f"{target.service} {target.to_version} stays remembered as bad. If it is good now, clear it: {clear}"
    return (Due(words=words, owed=owed),)


def second_look(run: RunId, glass: BrokeGlass, at: datetime) -> Due:
    """What is owed for a run that was started without approval, until somebody else confirms it."""
    words = f"Second look: {glass.by.name} started this without approval. Somebody else looks at it: /rollback reviewed {run}"
    return Due(words=words, owed=Owed(duty=Duty.SECOND_LOOK, due_at=at + DUE[Duty.SECOND_LOOK]))
