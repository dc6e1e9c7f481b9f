"""A decision on a run: read it, ask the rules, write what follows; and where the log has grown meanwhile, all of that again.

Every button and its typed twin goes through here. The store writes only if nobody wrote since the run was read, so of twenty
people who press at once exactly one finds the run as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commands.ports import Call, Desk, Moved
from commands.reply import Refused, Reply, Said
from planner.events import Entry, PressRefused, RunEvent
from planner.names import RunId
from planner.refusal import Code, Refusal
from planner.run import Run, Stage, replay

_ATTEMPTS = 200
"""How often a decision is taken again because others wrote first. A person's press is one of few; this only bounds a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a press comes to: the events to write (none: it changes nothing), what to say, and whether a worker must look."""

    events: Sequence[RunEvent]
    said: Said
    wake: bool = False


Judge = Callable[[Run], Verdict | Refusal]


async def settle(desk: Desk, call: Call, name: RunId, verb: str, judge: Judge) -> Reply:
    """The answer to a press by `call.actor`, with its effect written exactly once, or not at all.

    A refusal is written to the run's log too, once for each person, verb and code: somebody who goes on clicking does not make
    the log grow. Nothing is written to a run that has ended.
    """
    for _ in range(_ATTEMPTS):
        entries = await desk.runs.entries(name)
        if not entries:
            return Refused(refusal=await unknown_run(desk, name))
        run = replay(name, entries)
        verdict = _no_plan(run) if run.planned is None else judge(run)
        try:
            if isinstance(verdict, Refusal):
                await _record(desk, call, run, entries, verb, verdict)
                return Refused(refusal=verdict)
            if verdict.events:
                await desk.runs.append(run, verdict.events)
        except Moved:
            continue
        if verdict.wake:
            await desk.wake.wake(name)
        return verdict.said
    return Refused(
        refusal=Refusal(
            code=Code.UNAVAILABLE,
            message=f"Run {name} changed all the while, so nothing was written.",
            nearest=(f"/rollback show {name}", "Try again."),
        )
    )


async def unknown_run(desk: Desk, name: RunId) -> Refusal:
    """There is no such run here: it was archived, or there never was one, and these are the newest."""
    gone = await desk.runs.archived(name)
    if gone is not None:
        return Refusal(
            code=Code.ARCHIVED,
            message=f"Run {name} has ended, and its log is no longer here: it was moved to the archive.",
            facts=(f"It is in {gone.place}, with all that was written until {gone.until:%Y-%m-%d %H:%M} UTC.",),
            nearest=("rollbot audit verify ARCHIVE --live", "/rollback history"),
        )
    recent = await desk.runs.recent(3)
    return Refusal(
        code=Code.UNKNOWN_RUN,
        message=f"There is no run {name} in {desk.environment}.",
        facts=(f"The newest runs are {', '.join(recent)}." if recent else "There has been no run yet.",),
        nearest=tuple(f"/rollback show {run}" for run in recent) or ("/rollback help",),
    )


async def _record(desk: Desk, call: Call, run: Run, entries: Sequence[Entry], verb: str, refusal: Refusal) -> None:
    if run.stage is Stage.ENDED:
        return
    if refusal.code is Code.EXPIRED:
        # A worker should have ended it by now: remind one.
        await desk.wake.wake(run.id)
    person = call.actor.person
    known = any(
        isinstance(event := entry.event, PressRefused)
        and (event.by.id, event.verb, event.code) == (person.id, verb, refusal.code)
        for entry in entries
    )
    if not known:
        await desk.runs.append(run, [PressRefused(by=person, verb=verb, code=refusal.code, message=refusal.message)])


def _no_plan(run: Run) -> Refusal:
    return Refusal(
        code=Code.STALE,
        message=f"Run {run.id} has no plan yet, so there is nothing to decide.",
        nearest=(f"/rollback show {run.id}",),
    )
