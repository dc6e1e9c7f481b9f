"""Whether a yes to one plan is a yes to another: only where the other does nothing that was not in the first.

Used where the world moved, or somebody asked again, while a plan waited. What has been done by now may be missing from the new
plan; nothing may be added, come in another order, or have become riskier. Why: docs/decisions/0012-approvals-that-stand.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from planner.events import Approved, Entry
from planner.names import ActorId, RunId, ServiceName, Version
from planner.plan import Plan

LESS_LIKELY = 0.05
"""By how much the chance to go through may fall before it counts as something new; chances lie between 0 and 1."""


def unseen(old: Plan, new: Plan, runs: Mapping[ServiceName, Version]) -> tuple[str, ...]:
    """What somebody who approved `old` has not seen of `new`, in words; empty where their yes covers it.

    `runs` is what runs now: a move that is missing from `new` was seen only if it is done already.
    """
    found = [
        f"{move.service} {move.from_version} → {move.to_version}" for move in new.moves if not _known(old, move.service, new)
    ]
    stays = [m for m in old.moves if new.move(m.service) is None and runs.get(m.service) != m.to_version]
    found += [f"{move.service} stays at {runs.get(move.service, move.from_version)}" for move in stays]
    if not found and _waves(new, old) != _waves(old, new):
        found.append("another order of the same moves")
    known = {(hazard.service, hazard.release, hazard.migration) for hazard in old.hazards}
    found += [
        f"data of {hazard.service} can be lost by migration {hazard.migration}"
        for hazard in new.hazards
        if (hazard.service, hazard.release, hazard.migration) not in known
    ]
    found += [warning for warning in new.warnings if warning not in old.warnings]
    if new.risk.success < old.risk.success - LESS_LIKELY:
        found.append(f"it is less likely to go through: {new.risk.success:.0%}, not {old.risk.success:.0%}")
    if new.data_loss_accepted and not old.data_loss_accepted:
        found.append("that data may be lost is accepted")
    if new.policy != old.policy:
        found.append("the approval policy is another one")
    return tuple(found)


def standing(run: RunId, entries: Iterable[Entry], now: datetime, within: float, asker: ActorId | None) -> tuple[Approved, ...]:
    """The approvals in this log that may stand for another plan: given within so many seconds, and none of `asker`'s own."""
    found: dict[ActorId, Approved] = {}
    for entry in entries:
        if isinstance(entry.event, Approved):
            event = entry.event
            given = event.given_at or entry.at
            if event.by.id != asker and (now - given).total_seconds() <= within:
                found[event.by.id] = replace(event, carried_from=run, given_at=given, own=False)
    return tuple(found.values())


def _known(old: Plan, service: ServiceName, new: Plan) -> bool:
    before, after = old.move(service), new.move(service)
    if before is None or after is None:
        return False
    same = (before.from_version, before.to_version) == (after.from_version, after.to_version)
    return same and before.group == after.group


def _waves(plan: Plan, other: Plan) -> list[frozenset[ServiceName]]:
    """The waves as far as the other plan has their services too."""
    kept = (frozenset(name for name in wave if other.move(name) is not None) for wave in plan.waves)
    return [wave for wave in kept if wave]
