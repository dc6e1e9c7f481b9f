"""What to do next with a run: the rules of a run in one place, for any worker at any moment.

The answer depends on the log alone, so whoever holds the lease after a crash does what the one before would have done.
"""

from dataclasses import dataclass

from planner.events import Choice, Ending, Gate
from planner.run import AFOOT, DONE, Run, Stage, Step, StepState


@dataclass(frozen=True, slots=True)
class Expire:
    """Nobody decided in time: end the run, if its deadline has really passed."""


@dataclass(frozen=True, slots=True)
class TakeLocks:
    """Take the locks of all services of the plan, all or none."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Look whether the world still is what the plan stands on."""


@dataclass(frozen=True, slots=True)
class TakeBaseline:
    """Measure, before anything is touched, how the services around the plan are doing."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Write the intent, then ask the runtime."""

    step: str


@dataclass(frozen=True, slots=True)
class Look:
    """Find out whether an intended request had its effect, before anything is asked again."""

    step: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Ask the gates identity, converged and stable."""

    step: str


@dataclass(frozen=True, slots=True)
class Indicate:
    """Run the checks, look at the neighbours, and mark the step verified or failed."""

    step: str


@dataclass(frozen=True, slots=True)
class AskSymptom:
    """Everything is back: find out whether what made people roll back is gone. It fails nothing."""

    step: str


@dataclass(frozen=True, slots=True)
class PutBack:
    """Put the instances that a resting step took out of discovery back into it."""

    step: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Start nothing more and ask people."""

    because: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Write the end."""

    ending: Ending
    because: str


FRUITLESS = 5
"""How many workers in a row may take a run up without getting further before people are asked."""
TRIES = 5
"""How often a step is asked for again after requests that came to nothing before people are asked."""

Action = Expire | TakeLocks | Survey | TakeBaseline | Issue | Look | Settle | Indicate | PutBack | AskSymptom | Halt | Finish


def next_actions(run: Run, max_parallel: int) -> tuple[Action, ...]:
    """Everything that may be done now, side by side; empty where only people can go on.

    Never holds an `Issue` for a step whose earlier waves are not done, nor any while a step has failed or somebody asked to stop.
    `max_parallel` bounds the steps of a wave that are on their way at once; a lockstep group always goes together.
    """
    match run.stage:
        case Stage.WAITING:
            return (Expire(),)
        case Stage.GRANTED | Stage.RUNNING if run.fruitless > FRUITLESS:
            return (Halt(_got_nowhere(run)),)
        case Stage.GRANTED:
            return (TakeLocks(),)
        case Stage.RUNNING if not run.surveyed:
            return (Survey(),)
        case Stage.RUNNING:
            return _running(run, max_parallel)
        case Stage.HALTED if run.decisions and run.decisions[-1].choice is Choice.LEAVE:
            return _put_back(run) or (Finish(Ending.LEFT, run.because),)
        case Stage.PLANNING | Stage.HALTED | Stage.ENDED:
            return ()


def _running(run: Run, max_parallel: int) -> tuple[Action, ...]:
    under_way: tuple[Action, ...] = tuple(a for step in run.steps.values() if (a := _continue(run, step)) is not None)
    under_way += _put_back(run, frozenset({StepState.FAILED, StepState.SKIPPED}))
    failed = [step for step in run.steps.values() if step.state is StepState.FAILED]
    if failed or run.stop_asked:
        return under_way or _put_back(run) or (_stopped(run, failed),)
    in_vain = [step for step in run.steps.values() if step.state is StepState.PENDING and step.tries >= TRIES]
    if in_vain:
        return under_way or _put_back(run) or (Halt("; ".join(_in_vain(step) for step in in_vain)),)
    if run.baseline is None and not run.undoing and not any(step.touched for step in run.steps.values()):
        return (TakeBaseline(),)
    fresh = _fresh(run, max_parallel)
    if under_way or fresh:
        return (*under_way, *(Issue(step.id) for step in fresh))
    target = _symptom_of(run)
    if target is not None:
        return (AskSymptom(target.id),)
    ending = Ending.UNDONE if run.undoing else Ending.FINISHED
    return (Finish(ending, ""),)


def _put_back(run: Run, states: frozenset[StepState] = frozenset(StepState)) -> tuple[Action, ...]:
    """No step rests with instances out of discovery: nobody would be sent to them, whatever they run. Tried once, then people."""
    return tuple(PutBack(step.id) for step in run.steps.values() if _is_out(step) and step.state in states)


def _is_out(step: Step) -> bool:
    """Whether instances are to be put back. Registrations of another release stay out where it is known that they are dead."""
    unsure = bool(step.left) and step.state is StepState.FAILED and not step.settled
    return (bool(step.held) or unsure) and not step.stranded


def _in_vain(step: Step) -> str:
    return (
        f"{step.service} was asked {step.tries} times to run {step.to}, and each time nothing came of it: no answer came, or the "
        f"worker died while asking. See whether its runtime answers, then press Retry"
    )


def _got_nowhere(run: Run) -> str:
    afoot = ", ".join(f"{step.service} to {step.to}" for step in run.steps.values() if step.state in AFOOT)
    return (
        f"{run.fruitless - 1} workers in a row took this run up and got no further{f' with {afoot}' if afoot else ''}: they died "
        "or were stopped by a fault. The workers' own logs say why; press Retry once that is cured"
    )


def _symptom_of(run: Run) -> Step | None:
    """The step of the service that people rolled back, where it is to be asked still whether the symptom is gone."""
    if run.undoing or run.baseline is None:
        return None
    step = run.steps.get(run.plan.target.service)
    return step if step is not None and step.settled and Gate.SYMPTOM not in step.gates else None


def _continue(run: Run, step: Step) -> Action | None:
    match step.state:
        case StepState.INTENDED | StepState.UNKNOWN:
            return Look(step.id)
        case StepState.ACCEPTED:
            return Settle(step.id)
        case StepState.SETTLED if not _waits_for_group(run, step):
            return Indicate(step.id)
        case _:
            return None


def _waits_for_group(run: Run, step: Step) -> bool:
    """Whether others of the step's lockstep group are still on their way: between them, versions do not work with each other."""
    if step.group is None:
        return False
    unsettled = {*AFOOT, StepState.PENDING}
    return any(other.group == step.group and other.state in unsettled for other in run.steps.values())


def _stopped(run: Run, failed: list[Step]) -> Action:
    if failed:
        return Halt("; ".join(f"{step.service}: {step.because}{_out(step)}" for step in failed))
    untouched = not any(step.touched for step in run.steps.values())
    asker = run.stop_asked.name if run.stop_asked else "somebody"
    if untouched and not run.undoing:
        return Finish(Ending.WITHDRAWN, f"{asker} asked to stop before anything was touched")
    if all(step.state in DONE for step in run.steps.values()):
        return Finish(Ending.UNDONE if run.undoing else Ending.FINISHED, "")
    return Halt(f"{asker} asked to stop")


def _out(step: Step) -> str:
    """What to add where instances could not be put back."""
    return f"; OUT OF DISCOVERY still: {', '.join(step.held)} ({step.stranded})" if step.stranded else ""


def _fresh(run: Run, max_parallel: int) -> tuple[Step, ...]:
    """The steps of the first wave that is not done which may begin now."""
    for wave in run.waves:
        if all(step.state in DONE for step in wave):
            continue
        afoot = sum(step.state in AFOOT for step in wave)
        begin: list[Step] = []
        for step in wave:
            if step.state is not StepState.PENDING:
                continue
            if afoot + len(begin) < max_parallel or any(other.group == step.group for other in _together(wave, begin, step)):
                begin.append(step)
        return tuple(begin)
    return ()


def _together(wave: tuple[Step, ...], begin: list[Step], step: Step) -> list[Step]:
    """The members of the step's lockstep group that are on their way already or begin now."""
    if step.group is None:
        return []
    return [other for other in wave if other.group == step.group and (other in begin or other.state in AFOOT)]


def skippable(run: Run) -> bool:
    """Whether going on without the failed steps keeps every state safe.

    It does where the failed services run their planned release (only a check failed), or where nothing comes after their wave:
    any part of a wave is safe to leave undone, unless it is part of a lockstep group.
    """
    failed = [step for step in run.steps.values() if step.state is StepState.FAILED]
    last = run.waves[-1] if run.waves else ()
    return bool(failed) and all(step.settled or (step in last and step.group is None) for step in failed)
