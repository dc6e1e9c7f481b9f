"""The buttons Full plan, Partial plan, Set version and Dry run: ask again for what a waiting run asked, in another way.

The newer run takes the place of the older one, exactly as if the request had been typed anew.
"""

from dataclasses import dataclass

from commands import rollback
from commands.ports import Call, Desk
from commands.press import unknown_run
from commands.reply import Refused, Reply
from planner.approval import ended
from planner.names import RunId, Version
from planner.plan import Strategy
from planner.refusal import Code, Refusal
from planner.run import Run, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """Plan this run's rollback again: with that strategy, or to that version (`newest`: to the newest that will do).

    With `dry_run` nothing is opened: it shows what would be planned as things are now.
    """

    run: RunId
    strategy: Strategy | None = None
    to: Version | None = None
    newest: bool = False
    dry_run: bool = False


async def act(desk: Desk, call: Call, intent: Replan) -> Reply:
    """A newer run with the other plan; or why not. Only a run that still waits can be planned again."""
    run = await desk.runs.read(intent.run)
    if run is None:
        return Refused(refusal=await unknown_run(desk, intent.run))
    if run.stage is Stage.ENDED:
        return Refused(refusal=ended(run))
    if run.stage is not Stage.WAITING:
        return Refused(refusal=_too_late(run))
    return await rollback.act(desk, call, again(run, intent))


def again(run: Run, intent: Replan) -> rollback.Rollback:
    """The request that the button stands for."""
    request = run.asked.request if run.asked else None
    to = intent.to if intent.to is not None or intent.newest else run.plan.target.to_version
    return rollback.Rollback(
        service=run.plan.target.service,
        to=to,
        strategy=intent.strategy or (request.strategy if request else Strategy.AUTO),
        without=tuple(sorted(request.pinned)) if request else (),
        overrides=tuple((event.freeze, event.reason) for event in run.overridden),
        accept_data_loss=run.plan.data_loss_accepted,
        reason=run.asked.reason if run.asked else None,
        dry_run=intent.dry_run,
    )


def _too_late(run: Run) -> Refusal:
    return Refusal(
        code=Code.STALE,
        message=f"Run {run.id} is {run.stage} already, so its plan cannot be changed any more.",
        nearest=(f"/rollback show {run.id}", f"/rollback cancel {run.id}"),
    )
