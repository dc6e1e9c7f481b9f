"""Why a plan cannot be opened because others hold its services: what, who, where, how far, and what to do."""

from commands.ports import Desk, Holder
from planner.names import RunId, ServiceName
from planner.plan import Plan
from planner.refusal import Code, Refusal
from planner.run import DONE, Run, Stage

_SHOWN = 3


async def occupied(desk: Desk, plan: Plan) -> Refusal | None:
    """A refusal where a run holds, or is about to hold, a service that this plan moves; `None` where all are free."""
    services = [move.service for move in plan.moves]
    held: dict[RunId, list[ServiceName]] = {}
    holders: dict[RunId, Holder] = {}
    for holder in await desk.runs.holders(services):
        held.setdefault(holder.run, []).append(holder.service)
        holders[holder.run] = holder
    runs: dict[RunId, Run] = {}
    for name in dict.fromkeys([*held, *await desk.runs.open_runs()]):
        run = await desk.runs.read(name)
        if run is None:
            continue
        if name in held:
            runs[name] = run
        elif run.stage is Stage.GRANTED and (shared := [s for s in services if run.plan.move(s)]):
            # Granted and not locked yet: in a moment it will hold them.
            held[name], runs[name] = shared, run
    if not held:
        return None
    first = next(iter(held))
    return Refusal(
        code=Code.LOCKED,
        message=f"{_services([s for names in held.values() for s in names])} held, so {plan.target.service} cannot move now.",
        facts=tuple(_fact(names, name, holders.get(name), runs.get(name)) for name, names in list(held.items())[:_SHOWN]),
        nearest=(f"/rollback show {first}", f"/rollback cancel {first}", f"/rollback {plan.target.service} --dry-run"),
    )


def how_far(run: Run) -> str:
    """How far a run is, in a few words."""
    done = sum(step.state in DONE for step in run.steps.values())
    return f"{run.stage}, {done} of {len(run.steps)} steps done"


def _services(names: list[ServiceName]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more} {'is' if len(names) == 1 else 'are'}"


def _fact(names: list[ServiceName], name: RunId, holder: Holder | None, run: Run | None) -> str:
    what = f"{', '.join(names[:_SHOWN])}: run {name}"
    since = f" since {holder.since:%H:%M} UTC" if holder else ", which was approved a moment ago"
    if run is None:
        return f"{what}{since}"
    who = f", asked for by {run.asked.by.name}" if run.asked else ""
    where = f" in <#{run.asked.place.channel}>" if run.asked and run.asked.place else ""
    return f"{what}{since}{who}{where} ({how_far(run)})"
