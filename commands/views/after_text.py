"""What goes on after a run has ended, in words: its watch, what it left to be done, its lock on forward deploys."""

from typing import assert_never

from planner.duty_events import DeploysHeld, DeploysReleased, DutyClosed, DutyReminded
from planner.verdict import Verdict
from planner.watch_events import BaselineTaken, Reading, WatchBegan, WatchEnded, WatchLooked

AfterEvent = WatchBegan | WatchLooked | WatchEnded | DeploysHeld | DeploysReleased | DutyReminded | DutyClosed
"""Events of the environment's log that go on with the story of a run."""


def after_words(event: AfterEvent) -> str:
    """What happened, in words."""
    match event:
        case WatchBegan():
            what = ", ".join(f"{name} {version}" for name, version in event.running.items())
            return f"run {event.run} is watched until {event.until:%Y-%m-%d %H:%M:%S}: {what}"
        case WatchLooked():
            bad = [reading for reading in event.readings if reading.verdict is not Verdict.PASS]
            gone = f"; taken over: {', '.join(event.gone)}" if event.gone else ""
            told = f"; {'; '.join(map(reading_words, bad))}" if bad else ""
            return f"watch of run {event.run}: {event.passed} good{told}{gone}"
        case WatchEnded():
            return f"watch of run {event.run} ended after {event.looks} looks: {event.verdict}, {event.because}"
        case DeploysHeld():
            return f"forward deploys of {', '.join(event.services)} are locked since run {event.run}: {event.reason}"
        case DeploysReleased():
            by = f"{event.by.name} lets forward deploys of {event.service} go again" if event.by else ""
            return (by or f"forward deploys of {event.service} go again with run {event.run}") + (
                f": {event.note}" if event.note else ""
            )
        case DutyReminded():
            who = event.owner or (event.whom.name if event.whom else "nobody")
            return f"{who} reminded ({event.times}) of {event.run}.{event.number}: {event.words}"
        case DutyClosed():
            by = f", {event.by.name} says" if event.by else ", as was seen"
            return f"{event.run}.{event.number} is done{by}: {event.because} ({event.words})"
    assert_never(event)


def baseline_words(event: BaselineTaken) -> str:
    """What was measured before the first step, in words."""
    if not event.readings:
        return "measured before the first step: nothing, for there are no checks to ask"
    return f"measured before the first step: {'; '.join(map(reading_words, event.readings))}"


def reading_words(reading: Reading) -> str:
    """One reading: whose, what, how."""
    return f"{reading.service}{f': {reading.check}' if reading.check else ''}: {reading.verdict} ({reading.because})"
