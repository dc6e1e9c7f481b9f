"""A card for each step of a run. Slack shows at most fifty: of a longer plan, those that matter now, and a count of the rest."""

from bot.slack.render.kit import TASKS, Block, bare, clip, count, plan, seconds, task
from bot.slack.render.plan import reason
from planner.run import Run, Stage, Step, StepState
from planner.verdict import Verdict

STATUS = {
    StepState.PENDING: "pending",
    StepState.INTENDED: "in_progress",
    StepState.UNKNOWN: "in_progress",
    StepState.ACCEPTED: "in_progress",
    StepState.SETTLED: "in_progress",
    StepState.VERIFIED: "complete",
    StepState.FAILED: "error",
    StepState.SKIPPED: "error",
}
_URGENCY = [
    StepState.FAILED,
    StepState.UNKNOWN,
    StepState.INTENDED,
    StepState.ACCEPTED,
    StepState.SETTLED,
    StepState.SKIPPED,
    StepState.PENDING,
    StepState.VERIFIED,
]
_TOLD_WHOLE = 12
"""Steps up to which every card tells every gate; Slack refuses messages that are too large as a whole."""
_WORD = {Verdict.PASS: "pass", Verdict.FAIL: "FAIL", Verdict.INCONCLUSIVE: "could not tell"}


def cards(run: Run) -> Block:
    """The steps of the present direction."""
    steps = [step for wave in run.waves for step in wave]
    verified = sum(step.state is StepState.VERIFIED for step in steps)
    what = "Taken back" if run.undoing else "Verified"
    title = f"{what}: {verified} of {count(len(steps), 'step')}"
    if not steps:
        return plan(title, [task("none", "Nothing had been touched", "complete")])
    brief = len(steps) > _TOLD_WHOLE
    if len(steps) <= TASKS:
        return plan(title, [_card(run, step, brief) for step in steps])
    urgent = sorted(range(len(steps)), key=lambda place: (_URGENCY.index(steps[place].state), place))[: TASKS - 1]
    shown = [_card(run, steps[place], brief) for place in sorted(urgent)]
    rest = [step for place, step in enumerate(steps) if place not in set(urgent)]
    return plan(title, [*shown, _rest(rest)])


def _rest(steps: list[Step]) -> Block:
    words = {"complete": "done", "pending": "waiting", "in_progress": "under way", "error": "failed or skipped"}
    counts = {status: sum(STATUS[step.state] == status for step in steps) for status in words}
    told = ", ".join(f"{number} {words[status]}" for status, number in counts.items() if number)
    status = next(status for status in ("error", "in_progress", "pending", "complete") if counts[status])
    return task("rest", f"…and {len(steps)} more: {told}", status)


def _card(run: Run, step: Step, brief: bool) -> Block:
    title = f"{step.service}: {clip(step.expect or '(nothing)', 60)} → {clip(step.to, 60)}"
    details, output = _details(run, step), _output(run, step, brief)
    if brief:
        details, output = clip(details, 160), clip(output, 240)
    return task(step.id, title, STATUS[step.state], details=details, output=output)


def _details(run: Run, step: Step) -> str:
    group = f", lockstep group {step.group}" if step.group else ""
    move = None if run.undoing else run.plan.move(step.service)
    why = f": {clip(reason(move), 300)}" if move and move.because else ""
    return bare(f"Wave {step.wave}{group}{why}")


def _output(run: Run, step: Step, brief: bool) -> str:
    told = [_state(run, step)]
    told += [
        f"{name.replace(':', ': ')}: {_WORD[gate.verdict]} in {seconds(gate.seconds)}. {clip(gate.because, 160)}"
        for name, gate in step.gates.items()
        if not brief or gate.verdict is not Verdict.PASS
    ]
    return clip("\n".join(told), 1400)


def _state(run: Run, step: Step) -> str:
    match step.state:
        case StepState.PENDING:
            return "Not touched." if run.stage in {Stage.ENDED, Stage.HALTED} else "Waits for its turn."
        case StepState.INTENDED:
            return f"Asking for {step.to}{_again(step)}."
        case StepState.UNKNOWN:
            return f"Looking whether the last request had its effect. {clip(step.because, 200)}"
        case StepState.ACCEPTED:
            return f"{step.to} is starting{_again(step)}."
        case StepState.SETTLED:
            return f"{step.to} runs; asking its checks."
        case StepState.VERIFIED:
            took = f" in {seconds((step.ended_at - step.began_at).total_seconds())}" if step.began_at and step.ended_at else ""
            return f"Verified{took}." + (f" Could not tell: {', '.join(step.unclear)}." if step.unclear else "")
        case StepState.FAILED:
            runs = f" {step.service} does run {step.to}." if step.settled else ""
            return f"Failed: {clip(step.because.rstrip('.'), 600)}.{runs}"
        case StepState.SKIPPED:
            return f"Skipped: {clip(step.because, 400)}"


def _again(step: Step) -> str:
    return f", attempt {step.attempt}" if step.attempt > 1 else ""
