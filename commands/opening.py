"""A plan becomes a run: it is written down, waits for approval, and takes the place of older requests for the same service."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from commands.ports import Call, Desk, Moved
from commands.read_only import NOTE
from planner.approval import freeze_words
from planner.consent import BrokeGlass, FreezeOverridden
from planner.duty_events import Leftover
from planner.events import Approved, Asked, Ended, Ending, Granted, Person, Planned, RunEvent
from planner.names import RunId, ServiceName
from planner.plan import Plan
from planner.policy import FreezeRule
from planner.run import Run, Stage

_LOOKED_AT = 1000
"""Newest runs of a service among which those that wait are looked for."""


async def open_run(
    desk: Desk,
    asked: Asked,
    plan: Plan,
    findings: Sequence[str],
    *,
    overrides: Sequence[FreezeOverridden] = (),
    carried: Sequence[Approved] = (),
    left: Sequence[Leftover] = (),
    glass: str | None = None,
) -> Run:
    """The run, waiting for its approvals with reminders on the way; or, with `glass`, started without them for that reason.

    `carried` are approvals of an older plan that stand. However many they are, nothing starts by them alone. `left` is what the
    systems said beforehand that it would leave to be done.
    """
    now = desk.now()
    expires = now + timedelta(seconds=desk.policy.expires)
    planned = Planned(
        plan=plan,
        approvals=desk.policy.needed(plan, now),
        expires_at=expires,
        findings=(*([NOTE] if desk.read_only else []), *_freezes(desk, plan, overrides), *findings),
        leftovers=tuple(left),
        reminders=() if glass else desk.policy.reminders(now),
    )
    events: list[RunEvent] = [asked, planned, *overrides, *carried]
    if glass is not None:
        events += [broke_glass(desk, asked.by, glass), Granted(approvals=0)]
    run = await desk.runs.open(events)
    if glass is not None:
        await desk.wake.wake(run.id)
        return run
    for reminder in planned.reminders:
        await desk.wake.wake_at(run.id, reminder.at)
    await desk.wake.wake_at(run.id, expires)
    return run


def broke_glass(desk: Desk, by: Person, why: str) -> BrokeGlass:
    """The event that starts a run past its approvals; the approvers are told."""
    policy = desk.policy
    return BrokeGlass(by=by, reason=why, users=tuple(sorted(policy.users)), groups=tuple(sorted(policy.groups)))


def overridden(call: Call, overrides: Sequence[tuple[str, str]]) -> tuple[FreezeOverridden, ...]:
    """The freezes that somebody names to cross them."""
    return tuple(FreezeOverridden(freeze=name, by=call.actor.person, reason=why) for name, why in overrides)


async def waiting_for(desk: Desk, service: ServiceName) -> Run | None:
    """The run that waits for approval of a plan for this service; the newest, should there be several."""
    for name in await _open(desk, service):
        run = await desk.runs.read(name)
        if run is not None and run.stage is Stage.WAITING and run.plan.target.service == service:
            return run
    return None


async def supersede(desk: Desk, run: Run, by: Person) -> tuple[Run, ...]:
    """End the older waiting runs for the same service, since `by` asked again. One that was granted meanwhile is left alone."""
    older = [name for name in await _open(desk, run.plan.target.service) if _number(name) < _number(run.id)]

    def over(older: Run) -> str:
        return f"{by.name} asked for {run.plan.target.service} again{_where(run, older)}: run {run.id} took its place"

    return tuple([found for name in older if (found := await end_older(desk, name, run, by, over)) is not None])


async def _open(desk: Desk, service: ServiceName) -> list[RunId]:
    """The runs that would move this service and have not ended, newest first. Only of these the logs need be read."""
    still = set(await desk.runs.open_runs())
    return [name for name in await desk.runs.recent(_LOOKED_AT, service) if name in still]


def replacing(run: Run, older: Sequence[Run]) -> tuple[str, ...]:
    """What whoever asked should know of the requests that theirs took the place of."""
    return tuple(f"It takes the place of run {old.id}{_whose(old)}{_where(old, run)}: {_so_far(old)}." for old in older)


async def end_older(desk: Desk, name: RunId, newer: Run, by: Person, because: Callable[[Run], str]) -> Run | None:
    """End a waiting run for the same service as `newer`; the run as it was. `None` where it does not wait for that any more."""
    while True:
        older = await desk.runs.read(name)
        if older is None or older.stage is not Stage.WAITING or older.plan.target.service != newer.plan.target.service:
            return None
        try:
            ended = Ended(ending=Ending.SUPERSEDED, because=because(older), by=by, superseded_by=newer.id)
            await desk.runs.append(older, [ended])
        except Moved:
            continue
        return older


def _whose(run: Run) -> str:
    return f", which {run.asked.by.name} asked for" if run.asked else ""


def _where(run: Run, beside: Run | None = None) -> str:
    """The channel of a run's message, unless the other's stands in the same."""
    place = run.asked.place if run.asked else None
    other = beside.asked.place if beside and beside.asked else None
    return "" if place is None or (other is not None and other.channel == place.channel) else f" in <#{place.channel}>"


def _so_far(run: Run) -> str:
    names = " and ".join(approval.by.name for approval in run.approvals)
    return f"{names} had approved it" if names else "nobody had decided on it"


def _freezes(desk: Desk, plan: Plan, overrides: Sequence[FreezeOverridden]) -> list[str]:
    """What people should know of the freezes that are on, by name."""
    why = {event.freeze: event for event in overrides}
    found = []
    for freeze in desk.policy.frozen(plan, desk.now()):
        event = why.get(freeze.name)
        crossed = f" {event.by.name} overrides it: “{event.reason}”." if event else ""
        alone = " Nobody has overridden it." if freeze.rollback is FreezeRule.OVERRIDE and event is None else ""
        found.append(f"{freeze_words(freeze)}{crossed}{alone}")
    return found


def _number(name: RunId) -> int:
    return int(name.removeprefix("r"))
