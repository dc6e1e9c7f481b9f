"""A plan becomes a run: it is written down, waits for approval, and takes the place of older requests for the same service."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from commands.ports import Call, Desk, Moved
from planner.approval import freeze_words
from planner.consent import BrokeGlass, FreezeOverridden
from planner.events import Asked, Ended, Ending, Granted, Person, Planned, RunEvent
from planner.names import RunId
from planner.plan import Plan
from planner.policy import FreezeRule
from planner.run import Run, Stage


async def open_run(
    desk: Desk,
    asked: Asked,
    plan: Plan,
    findings: Sequence[str],
    *,
    overrides: Sequence[FreezeOverridden] = (),
    glass: str | None = None,
) -> Run:
    """The run, waiting for its approvals with reminders on the way; or, with `glass`, started without them for that reason."""
    now = desk.now()
    expires = now + timedelta(seconds=desk.policy.expires)
    planned = Planned(
        plan=plan,
        approvals=desk.policy.needed(plan, now),
        expires_at=expires,
        findings=(*_freezes(desk, plan, overrides), *findings),
        reminders=() if glass else desk.policy.reminders(now),
    )
    events: list[RunEvent] = [asked, planned, *overrides]
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


async def supersede(desk: Desk, run: Run) -> tuple[RunId, ...]:
    """End the older waiting runs for the same service. One that was granted in the meantime is left alone."""
    older = [name for name in await desk.runs.open_runs() if _number(name) < _number(run.id)]
    by = run.asked.by if run.asked else None
    who = by.name if by else "somebody"
    because = f"{who} asked for {run.plan.target.service} again: run {run.id} took its place"
    ended = Ended(ending=Ending.SUPERSEDED, because=because, by=by, superseded_by=run.id)
    return tuple([name for name in older if await end_older(desk, name, run, ended)])


async def end_older(desk: Desk, name: RunId, newer: Run, ended: Ended) -> bool:
    """End a waiting run for the same service as `newer`. `False` where it does not wait for that any more."""
    while True:
        older = await desk.runs.read(name)
        if older is None or older.stage is not Stage.WAITING or older.plan.target.service != newer.plan.target.service:
            return False
        try:
            await desk.runs.append(older, [replace(ended)])
        except Moved:
            continue
        return True


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
