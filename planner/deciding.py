"""What a press on a run that is under way or has stopped means: whether this person may stop it, or decide how it goes on.

Like an approval it is judged on the run at the moment of the press, and written only if the log has not grown since.
"""

from typing import assert_never

from planner.approval import Actor, ended, who_asked, who_can
from planner.events import Choice
from planner.next_actions import skippable
from planner.policy import Policy
from planner.refusal import Code, Refusal
from planner.run import Run, Stage


def stop(run: Run, policy: Policy, actor: Actor) -> Refusal | None:
    """Whether this person may stop a running run at its next safe point: `None` where they may."""
    if run.stage is Stage.ENDED:
        return ended(run)
    if (run.asked is not None and run.asked.by.id == actor.id) or policy.names(actor.id, actor.groups):
        return None
    return Refusal(
        code=Code.NOT_ALLOWED,
        message=f"You may not stop run {run.id}.",
        facts=(who_can(policy), who_asked(run)),
        nearest=("Ask one of them to press Cancel.",),
    )


def decide(run: Run, policy: Policy, actor: Actor, choice: Choice) -> Refusal | None:
    """Whether this person may take this choice for a halted run: `None` where they may."""
    if run.stage is Stage.ENDED:
        return ended(run)
    if run.stage is not Stage.HALTED:
        return Refusal(
            code=Code.STALE,
            message=f"Run {run.id} is not waiting for a decision: it is {run.stage}.",
            facts=tuple(f"{d.by.name} chose {d.choice}" for d in run.decisions[-1:]),
            nearest=(f"/rollback show {run.id}",),
        )
    if not ((run.asked is not None and run.asked.by.id == actor.id) or policy.names(actor.id, actor.groups)):
        return Refusal(
            code=Code.NOT_ALLOWED,
            message=f"You may not decide how run {run.id} goes on.",
            facts=(who_can(policy), who_asked(run)),
            nearest=("Ask one of them to press the button.",),
        )
    match choice:
        case Choice.SKIP if not skippable(run):
            return Refusal(
                code=Code.NO_SAFE_PLAN,
                message="Skipping the failed step would leave versions together that do not work with each other.",
                nearest=("Retry it, undo what was done, or leave it so and take over by hand.",),
            )
        case Choice.UNDO if run.undoing:
            return Refusal(
                code=Code.STALE,
                message="This run is being undone already.",
                nearest=("Retry the step that failed, or leave it so and take over by hand.",),
            )
        case Choice.RETRY | Choice.SKIP | Choice.UNDO | Choice.LEAVE:
            return None
    assert_never(choice)
