"""What each button does: the same as its typed twin, by the same way."""

from dataclasses import dataclass
from typing import assert_never

from bot.slack.actions import ActionId, Press
from commands import again, approve, cancel, decide, picture, reject, replan, show
from commands.ports import Call, Desk
from commands.reply import Reply
from commands.twin import typed
from planner.approval import Actor
from planner.events import Place
from planner.names import Version
from planner.plan import Strategy
from planner.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A button pressed, with what its window asked: a reason, a version (`None`: the newest that will do)."""

    button: ActionId
    pressed: Press
    reason: str | None = None
    version: Version | None = None


async def do(desk: Desk, actor: Actor, place: Place, deed: Deed) -> Reply:
    """Carry it out."""
    button, run = deed.button, deed.pressed.run
    words = f"{button} {run}" + (f" {deed.reason}" if deed.reason else "")
    call = Call(actor=actor, place=place, words=words)
    match button:
        case ActionId.APPROVE:
            return await approve.act(desk, call, approve.Approve(run=run, digest=deed.pressed.digest))
        case ActionId.REJECT:
            return await reject.act(desk, call, reject.Reject(run=run, reason=deed.reason))
        case ActionId.CANCEL:
            return await cancel.act(desk, call, cancel.Cancel(run=run))
        case ActionId.RETRY | ActionId.SKIP | ActionId.UNDO | ActionId.LEAVE:
            choice = button.choice
            assert choice is not None  # noqa: S101  # these four are the choices
            decided = decide.Decide(run=run, choice=choice, reason=deed.reason, seen=deed.pressed.decisions)
            return await decide.act(desk, call, decided)
        case ActionId.PICTURE:
            return await picture.act(desk, call, picture.ShowPicture(run=run))
        case ActionId.FULL | ActionId.PARTIAL | ActionId.VERSION | ActionId.DRY_RUN:
            wanted = _replan(deed)
            found = await desk.runs.read(run)
            if found is not None and found.planned is not None:
                call = Call(actor=actor, place=place, words=typed(replan.again(found, wanted)))
            return await replan.act(desk, call, wanted)
        case ActionId.AGAIN:
            return await again.act(desk, call, again.Again(run=run))
        case ActionId.SHOW | ActionId.START:
            return await show.act(desk, call, show.Show(run=run))
    assert_never(button)


def twin(button: ActionId, run: Run) -> str:
    """What to type instead of pressing the button on this run, with every word that it needs."""
    match button:
        case ActionId.FULL | ActionId.PARTIAL | ActionId.VERSION | ActionId.DRY_RUN:
            wanted = _replan(Deed(button=button, pressed=Press(run=run.id, digest="0"), version=run.plan.target.to_version))
            return f"/rollback {typed(replan.again(run, wanted))}"
        case ActionId.SKIP:
            return f"/rollback skip {run.id} REASON"
        case ActionId.START:
            return "/rollback"
        case _:
            return f"/rollback {button.value.removeprefix('rollbot:')} {run.id}"


def _replan(deed: Deed) -> replan.Replan:
    strategies = {ActionId.FULL: Strategy.FULL, ActionId.PARTIAL: Strategy.PARTIAL}
    if deed.button is ActionId.DRY_RUN:
        return replan.Replan(run=deed.pressed.run, dry_run=True)
    if deed.button is ActionId.VERSION:
        return replan.Replan(run=deed.pressed.run, to=deed.version, newest=deed.version is None)
    return replan.Replan(run=deed.pressed.run, strategy=strategies[deed.button])
