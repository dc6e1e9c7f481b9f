"""Why a service cannot be had because others hold it: what was wanted, what blocks it, who and where, how far, until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from commands.ports import Desk, Holder
from commands.reply import Askable, Refused
from planner.events import Person
from planner.names import ServiceName
from planner.plan import Plan
from planner.refusal import Code, Refusal
from planner.run import DONE, Run, Stage

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Services that one run or person holds, or that a run which was just approved is about to lock (`holder` is `None`)."""

    services: tuple[ServiceName, ...]
    holder: Holder | None = None
    run: Run | None = None


async def claims(desk: Desk, services: Iterable[ServiceName]) -> tuple[Claim, ...]:
    """Who has these services; empty where all are free."""
    wanted = list(services)
    held: dict[str, list[Holder]] = {}
    for holder in await desk.runs.holders(wanted):
        held.setdefault(holder.owner, []).append(holder)
    found = []
    for holders in held.values():
        first = holders[0]
        run = await desk.runs.read(first.run) if first.run else None
        found.append(Claim(services=tuple(holder.service for holder in holders), holder=first, run=run))
    for name in await desk.runs.open_runs():
        if name in held:
            continue
        run = await desk.runs.read(name)
        # Granted and not locked yet: in a moment it will hold them.
        if run is not None and run.stage is Stage.GRANTED and (shared := tuple(s for s in wanted if run.plan.move(s))):
            found.append(Claim(services=shared, run=run))
    return tuple(found)


def blocked(desk: Desk, wanted: str, of: int, found: Sequence[Claim], *, smaller: str = "", retry: str = "") -> Refused:
    """The no with its six facts. `wanted` completes "You wanted …"; `of` is how many services that takes.

    `smaller` is the command for the plan that does without the held services, where there is one; `retry` looks without doing.
    """
    services = [service for claim in found for service in claim.services]
    lines = [f"You wanted {wanted}."]
    share = f" ({len(services)} of the {of} services that takes)" if of > len(services) else ""
    lines.append(f"Blocked by: {_listed(services)}{share}.")
    for claim in found[:_SHOWN]:
        lines.append(f"Held by: {_who(claim)}.")
        far = how_far(desk, claim.run) if claim.run else "nobody can say, it is held by hand"
        lines.append(f"How far: {far}. Until: {_until(desk, claim)}.")
    if len(found) > _SHOWN:
        lines.append(f"…and {len(found) - _SHOWN} more that hold something.")
    ways = [f"/rollback wait {' '.join(services[:10])}"] if any(claim.holder for claim in found) else []
    ways += [smaller] if smaller else []
    for claim in found[:_SHOWN]:
        ways += _ways(claim, wanted)
    verb = "is" if len(services) == 1 else "are"
    refusal = Refusal(
        code=Code.LOCKED,
        message=f"{_listed(services)} {verb} held, so nothing was done.",
        facts=tuple(lines),
        nearest=tuple(dict.fromkeys([*ways, *([retry] if retry else [])])),
    )
    holders = tuple(_askable(claim, wanted) for claim in found[:_SHOWN] if reachable(claim))
    return Refused(refusal=refusal, blocked=tuple(sorted(set(services))), smaller=smaller, holders=holders)


def holder_of(claim: Claim) -> Person | None:
    """The person to speak to: who holds it by hand, or who asked for the run that holds it."""
    if claim.run is not None:
        return claim.run.asked.by if claim.run.asked else None
    return claim.holder.person if claim.holder else None


def reachable(claim: Claim) -> bool:
    """Whether Slack can reach whoever holds it: a run that has a thread, or a person who is not of a terminal."""
    holder = holder_of(claim)
    if holder is None or claim.holder is None:
        return False
    if claim.run is not None:
        return claim.run.asked is not None and claim.run.asked.place is not None
    return claim.holder.place is not None or ":" not in holder.id


def _askable(claim: Claim, wanted: str) -> Askable:
    holder, service = holder_of(claim), claim.services[0]
    name = holder.name if holder else "the holder"
    breaks = "" if claim.run else f"/rollback unlock {service} --break"
    return Askable(name=name, ask=_ask(claim, wanted), breaks=breaks)


def _ask(claim: Claim, wanted: str) -> str:
    # The words go through the grammar again: quoted, nothing in them is taken for a flag.
    said = " ".join(wanted.replace('"', "'").split())
    return f'/rollback ask {claim.services[0]} "{said}"'


def rollback_wanted(plan: Plan) -> str:
    """What somebody wanted who asked for this plan, as the end of "You wanted …"."""
    target = plan.target
    names = [move.service for move in plan.moves if move.service != target.service]
    also = f", which also moves {_listed(names)}" if names else ""
    return f"to roll {target.service} back to {target.to_version}{also}"


def mention(person: Person) -> str:
    """Somebody by a mention as Slack writes it, or by name where they are not of Slack."""
    return person.name if ":" in person.id else f"<@{person.id}>"


def how_far(desk: Desk, run: Run) -> str:
    """How far a run is, and by its plan's own estimate how long it may still take."""
    done = sum(step.state in DONE for step in run.steps.values())
    told = f"{run.stage}, {done} of {len(run.steps)} steps done"
    if run.granted_at is None or run.stage not in {Stage.GRANTED, Stage.RUNNING}:
        return told
    left = run.granted_at + timedelta(seconds=run.plan.risk.expected_seconds) - desk.now()
    minutes = max(0, round(left.total_seconds() / 60))
    return f"{told}, about {minutes} min left by its plan" if minutes else f"{told}, about done by its plan"


def _who(claim: Claim) -> str:
    since = f", since {claim.holder.since:%H:%M} UTC" if claim.holder else ", which was approved a moment ago"
    if claim.run is not None:
        by = f", asked for by {claim.run.asked.by.name}" if claim.run.asked else ""
        place = claim.run.asked.place if claim.run.asked else None
        return f"run {claim.run.id}{since}{by}" + (f" in <#{place.channel}>" if place else "")
    holder = claim.holder
    if holder is None:
        return "somebody"
    if holder.person is None:
        return f"{holder.who}{since}"
    where = f" in <#{holder.place.channel}>" if holder.place else ""
    return f"{mention(holder.person)} by hand{since}{where}: “{holder.reason.rstrip('.')}”"


def _until(desk: Desk, claim: Claim) -> str:
    if claim.holder is None or claim.holder.person is None:
        return "the run ends, however it ends"
    until = claim.holder.until
    if until is None:
        return "they give it back, no end was set"
    left = max(1, round((until - desk.now()).total_seconds() / 60))
    return f"{until:%H:%M} UTC, in {left} min" if left < 600 else f"{until:%Y-%m-%d %H:%M} UTC"


def _ways(claim: Claim, wanted: str) -> list[str]:
    ask = [_ask(claim, wanted)] if reachable(claim) else []
    if claim.run is not None:
        return [*ask, f"/rollback show {claim.run.id}", f"/rollback cancel {claim.run.id}"]
    if claim.holder is None or claim.holder.person is None:
        return []
    return [*ask, f"/rollback unlock {claim.services[0]} --break REASON"]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
