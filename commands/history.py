"""`history [SERVICE|RUN]`: what was rolled back, when, by whom, and how it ended."""

from dataclasses import dataclass

from commands import show
from commands.grammar import arguments, bad_command, looks_like_run, run_id, service_name
from commands.ports import Call, Desk
from commands.record import calibration, calibration_lines
from commands.reply import Reply, RunList, Said
from commands.words import Word
from planner.names import RunId, ServiceName
from planner.refusal import Refusal
from planner.run import Run

USAGE = "/rollback history [SERVICE|RUN] [--calibration]"
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The newest runs, of one service or of all; or everything about one run; or how well runs were predicted."""

    service: ServiceName | None = None
    run: RunId | None = None
    calibration: bool = False


def read(words: tuple[Word, ...]) -> History | Refusal:
    """`[SERVICE|RUN] [--calibration]`."""
    found = arguments(words, {"calibration": False}, USAGE)
    if isinstance(found, Refusal):
        return found
    compared = found.on("calibration")
    match found.places:
        case ():
            return History(calibration=compared)
        case (text,) if compared and looks_like_run(text):
            return bad_command("Predictions are compared over many runs, not one.", USAGE, "/rollback history --calibration")
        case (text,) if looks_like_run(text):
            run = run_id(text, USAGE)
            return run if isinstance(run, Refusal) else History(run=run)
        case (text,):
            service = service_name(text, USAGE)
            return service if isinstance(service, Refusal) else History(service=service, calibration=compared)
        case _:
            return bad_command("One service or one run at a time.", USAGE)


async def act(desk: Desk, call: Call, intent: History) -> Reply:
    """The runs, newest first. Changes nothing."""
    if intent.run is not None:
        return await show.act(desk, call, show.Show(run=intent.run))
    if intent.calibration:
        of = f" of {intent.service}" if intent.service else ""
        found = await calibration(desk, intent.service)
        return Said(text=f"Predicted against actual{of} in {desk.environment}", lines=calibration_lines(found))
    names = await desk.runs.recent(_MOST, intent.service)
    of = f" of {intent.service}" if intent.service else ""
    gone = await desk.runs.archived() if len(names) < _MOST else None
    return RunList(
        title=f"The newest runs{of} in {desk.environment}",
        runs=await read_all(desk, names),
        empty=f"There has been no run{of} in {desk.environment} {f'since {gone.until:%Y-%m-%d}' if gone else 'yet'}.",
        older=f"Older runs are in the archive, the newest of them in {gone.place}." if gone else "",
    )


async def read_all(desk: Desk, names: tuple[RunId, ...]) -> tuple[Run, ...]:
    """These runs as they stand, those that are gone left out."""
    runs = [await desk.runs.read(name) for name in names]
    return tuple(run for run in runs if run is not None)
