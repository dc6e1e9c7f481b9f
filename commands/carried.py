"""Approvals of an older plan that stand for a newer one, and what to say of those that do not."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.ports import Desk
from planner.consent import FreezeOverridden
from planner.events import Approved, Person
from planner.plan import Plan
from planner.run import Run
from planner.snapshot import Snapshot
from planner.standing import standing, unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The approvals that stand, and the lines that say so, or why none does."""

    approvals: tuple[Approved, ...] = ()
    lines: tuple[str, ...] = ()


async def carried(
    desk: Desk,
    old: Run,
    plan: Plan,
    snapshot: Snapshot,
    asker: Person,
    findings: Sequence[str] = (),
    overrides: Sequence[FreezeOverridden] = (),
) -> Carried:
    """What the approvals of `old` are worth for `plan`, which `asker` asks for. Changes nothing."""
    if not old.approvals:
        return Carried()
    runs = {name: version for name, version in snapshot.current.items() if name not in snapshot.unseen}
    new = [*unseen(old.plan, plan, runs)]
    known = set(old.planned.findings) if old.planned else set()
    new += [finding for finding in findings if finding not in known]
    crossed = {event.freeze for event in old.overridden}
    new += [f"it overrides the freeze “{event.freeze}”" for event in overrides if event.freeze not in crossed]
    if new:
        line = f"The approval of {_names(old.approvals)} does not count here, for this is new: {'; '.join(new)}."
        return Carried(lines=(line,))
    alone = None if desk.policy.own_request else asker.id
    kept = standing(old.id, await desk.runs.entries(old.id), desk.now(), desk.policy.expires, alone)
    if not kept:
        return Carried()
    same = f"It does nothing that the plan of run {old.id} did not"
    line = f"{same}, so the approval of {_names(kept)} stands. Somebody must approve what changed."
    return Carried(approvals=kept, lines=(line,))


def _names(approvals: Sequence[Approved]) -> str:
    return " and ".join(approval.by.name for approval in approvals)
