"""`picture RUN` and the button Show picture: where a run's picture stands, and in words what it shows."""

from dataclasses import dataclass

from commands.grammar import arguments, bad_command, run_id
from commands.ports import Call, Desk
from commands.press import unknown_run
from commands.reply import Refused, Reply, Said
from commands.words import Word
from planner.drawing.plan import plan_words
from planner.drawing.run import run_words
from planner.names import RunId
from planner.refusal import Code, Refusal
from planner.run import Run, Stage, replay
from planner.timeline import timeline

USAGE = "/rollback picture RUN"
LEAST = 2
"""Moves from which a plan is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPicture:
    """Show this run's picture."""

    run: RunId


def read(words: tuple[Word, ...]) -> ShowPicture | Refusal:
    """`RUN`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    if len(found.places) != 1:
        return bad_command("Say which run to show a picture of, and nothing else.", USAGE, "/rollback history")
    run = run_id(found.places[0], USAGE)
    return run if isinstance(run, Refusal) else ShowPicture(run=run)


async def act(desk: Desk, call: Call, intent: ShowPicture) -> Reply:
    """Where it is, and what it says. Changes nothing."""
    del call
    entries = await desk.runs.entries(intent.run)
    if not entries:
        return Refused(refusal=await unknown_run(desk, intent.run))
    run = replay(intent.run, entries)
    if run.planned is None:
        return Refused(refusal=_none(run, "it has no plan"))
    line = timeline(run.id, entries) if run.stage is Stage.ENDED else None
    words = run_words(line) if line is not None else plan_words(run.plan)
    place = run.asked.place if run.asked else None
    if len(run.plan.moves) < LEAST or place is None:
        why = "its plan is of one service" if place is not None else "it was asked for at a terminal"
        more = f"rollbot audit export {run.id} --format md -o FILE draws it all the same."
        return Said(text=f"Run {run.id} has no picture in Slack: {why}. In words:", lines=(words, more))
    what = "What happened in" if line is not None else "The plan of"
    return Said(text=f"{what} run {run.id}, drawn, stands in its thread in <#{place.channel}>. In words:", lines=(words,))


def _none(run: Run, why: str) -> Refusal:
    return Refusal(
        code=Code.STALE,
        message=f"There is no picture of run {run.id}: {why}.",
        nearest=(f"/rollback show {run.id}",),
    )
