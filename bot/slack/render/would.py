"""What a choice for a run that has stopped would do, in words, before anybody takes it.

Worked out by taking the choice on a copy of the run, so the words cannot say anything else than what would happen.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import assert_never

from planner.events import Choice, Decided, Entry, Person
from planner.names import ActorId
from planner.run import AFOOT, Run, Step, StepState, follow

_NOBODY = Person(id=ActorId("-"), name="-")
_NAMED = 12


def would(run: Run, choice: Choice) -> tuple[str, ...]:
    """Lines of plain text; the first says the most. `run` has stopped."""
    decided = Decided(by=_NOBODY, choice=choice)
    after = follow(run, Entry(seq=run.seq + 1, at=run.asked_at or datetime.fromtimestamp(0, UTC), event=decided))
    match choice:
        case Choice.RETRY:
            return _retry(run)
        case Choice.SKIP:
            return _skip(run, after)
        case Choice.UNDO:
            return _undo(after)
        case Choice.LEAVE:
            return _leave(run)
    assert_never(choice)


def _retry(run: Run) -> tuple[str, ...]:
    failed = _in(run, {StepState.FAILED})
    rest = _in(run, {StepState.PENDING})
    first = f"Looks at {_names(failed)} again, and tries once more." if failed else "Goes on with the plan."
    return (first, f"Then: {_moves(rest)}." if rest else "Nothing comes after that.")


def _skip(run: Run, after: Run) -> tuple[str, ...]:
    failed, rest = _in(run, {StepState.FAILED}), _in(after, {StepState.PENDING})
    runs = [step for step in failed if step.settled]
    unsure = [step for step in failed if not step.settled]
    lines = []
    if runs:
        lines.append(f"{_names(runs)} stay as they are: the planned release runs, its checks did not pass.")
    if unsure:
        lines.append(f"{_names(unsure)} stay as they are: what runs there is not certain, and nobody looks again.")
    lines.append(f"Then: {_moves(rest)}." if rest else "Nothing comes after that: the run ends.")
    return tuple(lines)


def _undo(after: Run) -> tuple[str, ...]:
    if not after.steps:
        return ("Nothing had been touched, so nothing is taken back; the run ends.",)
    steps = [step for wave in after.waves for step in wave]
    lines = [f"Takes back, in this order: {_moves(steps)}."]
    if any(step.state in AFOOT for step in steps):
        lines.append("What is not certain is looked at first.")
    if after.plan.hazards:
        lines.append("What migrations did to data is not taken back.")
    return (*lines, "The fault that made you roll back comes back with it.")


def _leave(run: Run) -> tuple[str, ...]:
    now = [f"{step.service} {step.to if step.settled else 'not certain' if step.touched else step.expect}" for step in _all(run)]
    more = f" and {len(now) - _NAMED} more" if len(now) > _NAMED else ""
    return (
        "Ends the run, touches nothing, gives the locks back. You go on by hand.",
        f"Stays: {', '.join(now[:_NAMED])}{more}.",
    )


def _all(run: Run) -> list[Step]:
    return list(run.steps.values())


def _in(run: Run, states: Iterable[StepState]) -> list[Step]:
    wanted = set(states)
    return [step for step in _all(run) if step.state in wanted]


def _names(steps: list[Step]) -> str:
    more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
    return ", ".join(step.service for step in steps[:_NAMED]) + more


def _moves(steps: list[Step]) -> str:
    more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
    return ", ".join(f"{step.service} to {step.to}" for step in steps[:_NAMED]) + more
