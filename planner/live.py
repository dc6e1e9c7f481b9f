"""What a service's consumers are taken to need of it, by the moment at which they went live: `^V` of the release live then."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from planner.history import History
from planner.names import Version
from planner.need import Need


@dataclass(frozen=True, slots=True)
class Live:
    """A step function over time: from each of `times` on, and before the first one, what is needed (one more than `times`)."""

    times: tuple[datetime, ...]
    needs: tuple[Need | None, ...]

    def need(self, moment: datetime | None) -> Need | None:
        """What a release that went live then and did not say needs; `None` where nothing was live or nobody knows."""
        return None if moment is None else self.needs[bisect_right(self.times, moment)]


def live_of(history: History, need_of: Callable[[Version], Need | None]) -> Live:
    """The function of one service; `need_of` gives the need for the version that was live."""
    releases, times = history.releases, history.times
    if None not in times:
        return Live(times=times, needs=(None, *[need_of(release.version) for release in releases]))  # type: ignore[arg-type]
    dated = sorted((time, place) for place, time in enumerate(times) if time is not None)
    needs: list[Need | None] = [None]
    newest = -1
    for _, place in dated:
        newest = max(newest, place)  # where some have no time the catalog's order stands
        # A release without a time that follows may or may not have been live by then.
        unsure = newest + 1 < len(times) and times[newest + 1] is None
        needs.append(None if unsure else need_of(releases[newest].version))
    return Live(times=tuple(time for time, _ in dated), needs=tuple(needs))
