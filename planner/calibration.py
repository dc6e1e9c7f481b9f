"""Predicted against actual: whether runs went through as often, and took as long, as their plans said they would."""

from collections.abc import Sequence
from dataclasses import dataclass

from planner.events import Ending, Entry, Halted, StepIntended, StepVerified
from planner.names import RunId
from planner.plan import Risk
from planner.run import replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One run that touched something. `seconds` is the time of its steps where nothing failed, else `None`."""

    run: RunId
    risk: Risk
    went_through: bool
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How the predictions did over some runs. `predicted` and `happened` count runs that go through; `brier` is 0 at best.

    `timed` are the runs without a failure that had a predicted range, `within` those of them inside it, `ratio` the mean of
    actual over predicted time, `None` where there is nothing to compare.
    """

    runs: tuple[Compared, ...]
    predicted: float
    happened: int
    brier: float | None
    timed: int
    within: int
    ratio: float | None


def compare(run: RunId, entries: Sequence[Entry]) -> Compared | None:
    """The run's prediction beside what came of it; `None` where it has not ended, or nothing was touched."""
    state = replay(run, entries)
    begun = [entry.at for entry in entries if isinstance(entry.event, StepIntended)]
    if state.ended is None or state.planned is None or not begun:
        return None
    done = [entry.at for entry in entries if isinstance(entry.event, StepVerified)]
    smooth = state.ending is Ending.FINISHED and done and not any(isinstance(entry.event, Halted) for entry in entries)
    return Compared(
        run=run,
        risk=state.plan.risk,
        went_through=state.ending is Ending.FINISHED,
        seconds=(done[-1] - begun[0]).total_seconds() if smooth else None,
    )


def calibrate(runs: Sequence[Compared]) -> Calibration:
    """All of them together."""
    timed = [(one.risk, one.seconds) for one in runs if one.seconds is not None and one.risk.planned_high > 0]
    errors = [(one.risk.success - one.went_through) ** 2 for one in runs]
    ratios = [seconds / risk.planned_seconds for risk, seconds in timed if risk.planned_seconds > 0]
    return Calibration(
        runs=tuple(runs),
        predicted=sum(one.risk.success for one in runs),
        happened=sum(one.went_through for one in runs),
        brier=sum(errors) / len(errors) if errors else None,
        timed=len(timed),
        within=sum(risk.planned_low <= seconds <= risk.planned_high for risk, seconds in timed),
        ratio=sum(ratios) / len(ratios) if ratios else None,
    )
