"""What the run logs teach: rates for the next plan, and how well the last ones were predicted. Reads logs, writes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from commands.ports import Desk, Runs
from planner.calibration import Calibration, Compared, calibrate, compare
from planner.events import Ended
from planner.experience import Experience, experience, together
from planner.learning import learn
from planner.names import RunId, ServiceName, Version
from planner.rates import PRIOR, Rates

MOST = 200
"""Runs learned from; older ones would weigh little."""


class Record:
    """The experience of the newest runs. A run that has ended is read once."""

    def __init__(self, runs: Runs, parallel: int = PRIOR.parallel) -> None:
        self._runs = runs
        self._declared = replace(PRIOR, parallel=parallel)
        self._known: dict[RunId, Experience] = {}

    async def rates(self, now: datetime) -> Rates:
        """What the logs teach as of now; the declared rates where they teach nothing."""
        found = await self._newest()
        taught = [one for one in found if one.seen]
        return learn(together(found), len(taught), now, self._declared)

    async def proven(self) -> Mapping[ServiceName, frozenset[Version]]:
        """The releases that a rollback of ours went to and verified."""
        found: dict[ServiceName, set[Version]] = {}
        for one in together(await self._newest()).proven:
            found.setdefault(one.service, set()).add(one.version)
        return {service: frozenset(versions) for service, versions in found.items()}

    async def _newest(self) -> list[Experience]:
        names = await self._runs.recent(MOST)
        found = [await self._experience(name) for name in names]
        self._known = {name: known for name, known in self._known.items() if name in set(names)}
        return found

    async def _experience(self, name: RunId) -> Experience:
        known = self._known.get(name)
        if known is not None:
            return known
        entries = await self._runs.entries(name)
        found = experience(entries)
        if entries and isinstance(entries[-1].event, Ended):
            self._known[name] = found
        return found


async def calibration(desk: Desk, service: ServiceName | None) -> Calibration:
    """Predicted against actual over the newest runs, of one service or of all."""
    compared: list[Compared] = []
    for name in await desk.runs.recent(MOST, service):
        one = compare(name, await desk.runs.entries(name))
        if one is not None:
            compared.append(one)
    return calibrate(compared)


def calibration_lines(found: Calibration, most: int = 10) -> tuple[str, ...]:
    """The comparison in words, then the newest runs one by one."""
    if not found.runs:
        return ("No run has carried anything out yet, so there is nothing to compare.",)
    many = len(found.runs)
    brier = f"Brier score {found.brier:.3f} (0 is best)"
    lines = [f"Went through: {found.happened} of {many}; predicted were {found.predicted:.1f}. {brier}."]
    if found.timed:
        held = f"{found.within} of {found.timed} within the predicted 90 % range"
        lines.append(f"Times: {held}; on average {found.ratio:.2f} times the prediction.")
    for one in found.runs[:most]:
        came = "went through" if one.went_through else "did not go through"
        took = "" if one.seconds is None else f", took {one.seconds:.0f} s"
        said = f"{one.risk.planned_seconds:.0f} s ({one.risk.planned_low:.0f} to {one.risk.planned_high:.0f})"
        lines.append(f"{one.run}: predicted {one.risk.success:.0%} and {said}; {came}{took}")
    return tuple(lines)
