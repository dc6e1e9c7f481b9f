"""The one message of a run, at any stage: three lines, a card for each step, and the buttons that are legal now."""

from typing import assert_never

from bot.slack.actions import ActionId, encode
from bot.slack.render import plan as waiting_plan
from bot.slack.render.cards import cards
from bot.slack.render.kit import (
    Block,
    Message,
    actions,
    button,
    clip,
    code,
    count,
    escape,
    message,
    seconds,
    section,
    sure,
    who,
    with_channels,
)
from bot.slack.render.mix import compatible, names, sorted_out
from bot.slack.render.would import would
from commands.again import AGAIN
from planner.events import Approved, Choice, Ending
from planner.next_actions import skippable
from planner.policy import Policy
from planner.run import DONE, Run, Stage, StepState

_MARK = {
    Ending.REJECTED: "🚫",
    Ending.WITHDRAWN: "🚫",
    Ending.EXPIRED: "⌛",
    Ending.SUPERSEDED: "↪️",
    Ending.STALE: "⚠️",
    Ending.BLOCKED: "🔒",
    Ending.FINISHED: "✅",
    Ending.UNDONE: "↩️",
    Ending.LEFT: "✋",
}

_WORDS = {
    Stage.WAITING: "waits for approval",
    Stage.GRANTED: "approved, about to start",
    Stage.HALTED: "stopped, waits for a choice",
}


def parent(run: Run, policy: Policy) -> Message:
    """The message of a run as it stands. Only a run that has a plan has one."""
    if run.stage in {Stage.PLANNING, Stage.WAITING}:
        return waiting_plan.waiting(run, policy)
    lines = summary(run)
    blocks: list[Block] = [section("\n".join(lines))]
    if touched(run) or run.stage is not Stage.ENDED:
        blocks.append(cards(run))
    pressable = buttons(run)
    if pressable:
        blocks.append(actions(*pressable))
    return message(" ".join(_unmarked(line) for line in lines), *blocks)


def summary(run: Run) -> tuple[str, str, str]:
    """Three lines: what it is, how it stands, whose it is."""
    target = run.plan.target
    doing = "Way forward again of" if waiting_plan.is_forward(run) else "Rollback of"
    if run.undoing and run.stage is not Stage.ENDED:
        doing = f"Taking back the {doing[0].lower()}{doing[1:]}"
    first = f"*{doing} {code(target.service)} {escape(target.from_version)} → {escape(target.to_version)}*  ·  run {run.id}"
    return first, clip(state(run), 1200), clip(_people(run), 600)


def state(run: Run) -> str:
    """How it stands, in a sentence or two."""
    match run.stage:
        case Stage.PLANNING | Stage.WAITING:
            return "⏳ Waits for approval."
        case Stage.GRANTED:
            return f"▶️ Approved. Locking {count(len(run.steps), 'service')}."
        case Stage.RUNNING:
            return _running(run)
        case Stage.HALTED:
            reason = f": {escape(clip(run.because.rstrip('.'), 300))}" if run.because else ""
            return f"✋ *Stopped*{reason}. {sorted_out(run)} {compatible(run)}"
        case Stage.ENDED:
            return _ended(run)
    assert_never(run.stage)


def took(run: Run) -> str:
    """How long it took, counted from both moments that people remember; completes "Finished"."""
    if run.ended_at is None or run.asked_at is None:
        return ""
    asked = f"{seconds((run.ended_at - run.asked_at).total_seconds())} after it was asked"
    if run.granted_at is None:
        return f", {asked}"
    return f": {seconds((run.ended_at - run.granted_at).total_seconds())} after approval, {asked}"


def standing(run: Run) -> str:
    """How it stands, in a word or two, for lists."""
    if run.ending is not None:
        return run.ending.value
    return _WORDS.get(run.stage, run.stage.value)


def touched(run: Run) -> bool:
    """Whether anything was asked of any system."""
    return run.undoing or any(step.touched for step in run.steps.values())


def buttons(run: Run) -> tuple[Block, ...]:
    """What may be pressed at this stage."""
    value = encode(run)
    match run.stage:
        case Stage.GRANTED | Stage.RUNNING if run.stop_asked is None:
            return (button("Cancel at the next safe point", ActionId.CANCEL, value, sure=_stop(run)),)
        case Stage.HALTED if not (run.decisions and run.decisions[-1].choice is Choice.LEAVE):
            return _choices(run, value)
        case Stage.ENDED if run.ending in AGAIN and not touched(run) and not waiting_plan.is_forward(run):
            return (button("Plan again", ActionId.AGAIN, value, sure=_again(run)),)
        case _:
            return ()


def _again(run: Run) -> Block:
    text = "Looks at the world anew and posts a new plan for the same version. Nothing is touched before it is approved."
    return sure(f"Plan run {run.id} again?", text, "Plan again")


def _choices(run: Run, value: str) -> tuple[Block, ...]:
    failed = [step for step in run.steps.values() if step.state is StepState.FAILED]
    one = failed[0].service if len(failed) == 1 else count(len(failed), "step")
    dialog = sure(f"Retry run {run.id}?", " ".join(would(run, Choice.RETRY)), "Retry")
    found = [button(f"Retry {one}" if failed else "Retry: go on with the plan", ActionId.RETRY, value, "primary", sure=dialog)]
    if skippable(run):
        found.append(button(f"Skip {one}", ActionId.SKIP, value))
    if not run.undoing:
        found.append(button("Undo what was done", ActionId.UNDO, value, "danger"))
    found.append(button("Leave it so", ActionId.LEAVE, value))
    return tuple(found)


def _stop(run: Run) -> Block:
    text = "What is under way is brought to its end, nothing new begins, then you can choose: go on, undo, or leave it so."
    return sure(f"Cancel run {run.id}?", text, "Stop it")


def _running(run: Run) -> str:
    if not run.surveyed:
        return "▶️ Locked. Looking again whether the world is as planned."
    done = sum(step.state in DONE for step in run.steps.values())
    now = [step for step in run.steps.values() if step.state not in {StepState.PENDING, StepState.VERIFIED, StepState.SKIPPED}]
    doing = f" Now: {names(now)}." if now else ""
    stop = f" {who(run.stop_asked)} asked to stop: no new step begins." if run.stop_asked else ""
    return f"▶️ {done} of {count(len(run.steps), 'step')} done.{doing}{stop}"


def _ended(run: Run) -> str:
    ending = run.ending or Ending.LEFT
    mark, because = _MARK[ending], f": {with_channels(clip(run.because.rstrip('.'), 500))}" if run.because else ""
    if not touched(run):
        newer = run.ended.superseded_by if run.ended else None
        instead = f" Look there: `/rollback show {newer}`." if newer else ""
        return f"{mark} *{ending.value.capitalize()}*{because}. Nothing was touched.{instead}"
    verified = sum(step.state is StepState.VERIFIED for step in run.steps.values())
    unclear = [step for step in run.steps.values() if step.unclear]
    told = f"{mark} *{ending.value.capitalize()}*{because}{took(run)}. {verified} of {count(len(run.steps), 'step')} verified."
    if ending is Ending.LEFT or any(step.state is StepState.SKIPPED for step in run.steps.values()):
        told += f" {sorted_out(run)}"
    if unclear:
        told += f" ⚠️ Not certain: {names(unclear)}; see the thread."
    return told


def _people(run: Run) -> str:
    parts = []
    if run.glass is not None:
        why = escape(clip(run.glass.reason, 200))
        parts.append(f"🚨 *Break-glass: started without approval* by {who(run.glass.by, ping=True)}: “{why}”")
    if run.asked is not None:
        parts.append(f"Asked by {who(run.asked.by, ping=True)}")
    if run.approvals:
        parts.append(f"approved by {', '.join(_approver(approval) for approval in run.approvals)}")
    parts += [f"overrides the freeze “{escape(event.freeze)}”" for event in run.overridden]
    if run.asked is not None and run.asked.reason:
        parts.append(f"“{escape(clip(run.asked.reason, 200))}”")
    if run.ended is not None and run.ended.obligations:
        parts.append(f"{count(len(run.ended.obligations), 'thing')} left to do: see the thread")
    return "  ·  ".join(parts) or "Nobody is known to have asked."


def _approver(approval: Approved) -> str:
    carried = f" (on run {approval.carried_from})" if approval.carried_from else ""
    return who(approval.by) + (" ⚠️ (their own request)" if approval.own else carried)


def _unmarked(line: str) -> str:
    """The line without what is only for the eye."""
    return line.replace("*", "").replace("`", "").replace("  ·  ", ", ")
