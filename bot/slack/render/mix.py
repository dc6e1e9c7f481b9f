"""What is done, failed and untouched when a run stops, and whether what runs now works together."""

from bot.slack.render.kit import code
from planner.run import AFOOT, DONE, Run, Step, StepState

_NAMED = 6


def sorted_out(run: Run) -> str:
    """Done, failed and untouched, by name."""
    steps = list(run.steps.values())
    parts = [
        ("Done", [s for s in steps if s.state in DONE and s.state is not StepState.SKIPPED]),
        ("Failed", [s for s in steps if s.state is StepState.FAILED]),
        ("Skipped", [s for s in steps if s.state is StepState.SKIPPED]),
        ("Under way", [s for s in steps if s.state in AFOOT]),
        ("Untouched", [s for s in steps if s.state is StepState.PENDING]),
    ]
    return " ".join(f"{word}: {names(found)}." for word, found in parts if found)


def compatible(run: Run) -> str:
    """Whether the versions that run now work with each other, as far as the plan can promise it."""
    half = _half_groups(run)
    if half:
        return f"⚠️ {names(half)} only work when moved together, and are not all moved: retry or undo soon."
    unsure = [step for step in run.steps.values() if step.state is StepState.FAILED and step.touched and not step.settled]
    if unsure:
        done = any(step.state in DONE for step in run.steps.values())
        rest = "What is done works with what is untouched." if done else "Nothing else was touched."
        return f"{rest} What {names(unsure)} runs now is not certain: look at it first."
    return "The versions that run now work with each other, so it is safe to stop here."


def names(steps: list[Step]) -> str:
    """Services by name, the first few."""
    more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
    return ", ".join(code(step.service) for step in steps[:_NAMED]) + more


def _half_groups(run: Run) -> list[Step]:
    groups: dict[str, list[Step]] = {}
    for step in run.steps.values():
        if step.group is not None:
            groups.setdefault(step.group, []).append(step)
    half = [members for members in groups.values() if len({step.settled for step in members}) == 2]
    return [step for members in half for step in members]
