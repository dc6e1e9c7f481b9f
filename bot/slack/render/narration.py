"""What is streamed of a run to the person who asked: a row for each step, with the newest measurement, which the thread lacks."""

from typing import Any

from bot.slack.render.cards import STATUS
from bot.slack.render.kit import bare, clip, count, seconds
from planner.run import DONE, Run, Stage, Step, StepState

SHORT = 256
"""Characters of any text of a chunk."""
MOST = 50
"""Steps of a run that is streamed; Slack shows no more rows, and a longer run has its message and its thread."""
_CLOSED = "The message above and this thread go on, and have all of it."


def title(run: Run, elapsed: float) -> dict[str, Any]:
    """The heading, which also says that somebody still looks."""
    steps = list(run.steps.values())
    done = sum(step.state in DONE for step in steps)
    what = "Taking back" if run.undoing else "Rolling back"
    end = {Stage.HALTED: ", stopped: it waits for a choice", Stage.ENDED: f", {run.ending}"}.get(run.stage, "")
    said = f"{what} {run.plan.target.service}: {done} of {count(len(steps), 'step')}{end}, {seconds(elapsed)}"
    return {"type": "plan_update", "title": clip(bare(said), SHORT)}


def rows(run: Run) -> dict[str, dict[str, Any]]:
    """A chunk for each step as it stands, by its id."""
    return {step.id: _row(step) for step in run.steps.values()}


def closed(run: Run) -> str:
    """What stands in the place of a stream that broke off."""
    return f"The live view of run {run.id} broke off. {_CLOSED}"


def _row(step: Step) -> dict[str, Any]:
    heading = f"{step.service}: {clip(step.expect or '(nothing)', 60)} → {clip(step.to, 60)}"
    row = {"type": "task_update", "id": clip(step.id, SHORT), "title": clip(bare(heading), SHORT), "status": STATUS[step.state]}
    newest = _newest(step)
    return {**row, "output": clip(bare(newest), SHORT)} if newest else row


def _newest(step: Step) -> str:
    """What was seen last."""
    match step.state:
        case StepState.PENDING:
            return ""
        case StepState.FAILED | StepState.SKIPPED | StepState.UNKNOWN:
            return step.because
        case StepState.VERIFIED:
            return f"{step.to} runs and is verified."
        case _:
            pass
    if step.measured:
        check, taken = list(step.measured.items())[-1]
        return f"{check}: {count(len(taken), 'measurement')}, the last {taken[-1].outcome}: {taken[-1].seen}"
    if step.gates:
        gate, result = list(step.gates.items())[-1]
        return f"{gate}: {result.verdict}. {result.because}"
    return f"Asking for {step.to}."
