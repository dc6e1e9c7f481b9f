"""The settle watch of a finished run, as the log tells it: when to look next, and what the looks come to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from planner.events import Entry
from planner.names import RunId, ServiceName, Version
from planner.people import Person
from planner.verdict import Verdict
from planner.watch_events import Reading, WatchBegan, WatchEnded, WatchLooked

KEPT = 100
"""Readings of one look that are kept whole; of more, those that did not pass and a count of the others."""
ENOUGH = 0.5
"""The share of the planned looks without which a watch was cut short, and tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A watch at one moment. `gone` are services that another run has taken over since."""

    run: RunId
    running: Mapping[ServiceName, Version]
    began: datetime
    until: datetime
    every: float
    asked_by: Person | None = None
    looks: int = 0
    looked_at: datetime | None = None
    gone: frozenset[ServiceName] = frozenset()
    ended: WatchEnded | None = None

    @property
    def watched(self) -> tuple[ServiceName, ...]:
        """What is watched still."""
        return tuple(name for name in self.running if name not in self.gone)

    @property
    def next_look(self) -> datetime:
        """When to look next; the last look is at the end, and late ones are made up for at once."""
        return min((self.looked_at or self.began) + timedelta(seconds=self.every), self.until)


def every(seconds: float) -> float:
    """How often to look during a watch of that length, in seconds: once a minute, and at least eight times."""
    return min(60.0, max(0.5, seconds / 8))


def replay_watch(entries: Iterable[Entry]) -> Watch | None:
    """The watch that these entries of the environment's log tell, those of one run; `None` where it has none."""
    watch: Watch | None = None
    for entry in entries:
        match entry.event:
            case WatchBegan(run=run, running=running, until=until, every=apart, asked_by=asker):
                watch = Watch(run=run, running=running, began=entry.at, until=until, every=apart, asked_by=asker)
            case WatchLooked(gone=gone) if watch is not None:
                watch = replace(watch, looks=watch.looks + 1, looked_at=entry.at, gone=watch.gone | set(gone))
            case WatchEnded() if watch is not None and watch.ended is None:
                watch = replace(watch, ended=entry.event)
            case _:
                pass
    return watch


def looked(watch: Watch, readings: Sequence[Reading], gone: Sequence[ServiceName]) -> WatchLooked:
    """The event of one look."""
    passed = sum(reading.verdict is Verdict.PASS for reading in readings)
    kept = tuple(readings) if len(readings) <= KEPT else tuple(r for r in readings if r.verdict is not Verdict.PASS)[:KEPT]
    return WatchLooked(run=watch.run, readings=kept, passed=passed, gone=tuple(gone))


def judge_watch(watch: Watch, readings: Sequence[Reading], before: Iterable[Reading], now: datetime) -> WatchEnded | None:
    """How the watch ends with this look, which is counted in `watch` already; `None` while it goes on.

    One failure ends it at once. A neighbour's failure counts only if the neighbour passed `before` the first step.
    """
    good = {(reading.service, reading.check) for reading in before if reading.verdict is Verdict.PASS}
    failed = [
        reading
        for reading in readings
        if reading.verdict is Verdict.FAIL and (reading.service in watch.running or (reading.service, reading.check) in good)
    ]
    if failed:
        return _end(watch, Verdict.FAIL, "; ".join(_words(reading) for reading in failed[:4]) + _more(failed))
    if not watch.watched:
        return _end(watch, Verdict.INCONCLUSIVE, "other runs have taken all of it over, so there is nothing left to watch")
    if now < watch.until:
        return None
    planned = max(1, int((watch.until - watch.began).total_seconds() / watch.every))
    if watch.looks < ENOUGH * planned:
        because = f"only {watch.looks} of {planned} looks were made: no worker was there to look"
        return _end(watch, Verdict.INCONCLUSIVE, because)
    unclear = [r for r in readings if r.verdict is Verdict.INCONCLUSIVE and r.service in watch.running]
    if unclear:
        because = "at the end this could not be judged: " + "; ".join(_words(reading) for reading in unclear[:4]) + _more(unclear)
        return _end(watch, Verdict.INCONCLUSIVE, because)
    named = ", ".join(f"{name} {watch.running[name]}" for name in watch.watched[:6]) + _more(watch.watched, 6)
    checks = sum(bool(reading.check) for reading in readings)
    told = f"{checks} checks good at the last of {watch.looks} looks" if checks else f"{watch.looks} looks, and no checks to ask"
    taken = f"; {', '.join(sorted(watch.gone)[:6])} was taken over by another run" if watch.gone else ""
    return _end(watch, Verdict.PASS, f"{named} ran all the while, {told}{taken}")


def _end(watch: Watch, verdict: Verdict, because: str) -> WatchEnded:
    return WatchEnded(
        run=watch.run,
        services=tuple(watch.running),
        verdict=verdict,
        because=because,
        looks=watch.looks,
        asked_by=watch.asked_by,
    )


def _words(reading: Reading) -> str:
    return f"{reading.service}{f': {reading.check}' if reading.check else ''}: {reading.because}"


def _more(found: Sequence[object], shown: int = 4) -> str:
    return f" and {len(found) - shown} more" if len(found) > shown else ""
