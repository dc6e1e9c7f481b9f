"""Runs to draw: logs in which things take time, fail, are decided and undone."""

import random
from datetime import timedelta

from planner.events import (
    Choice,
    Decided,
    Ended,
    Ending,
    Entry,
    Gate,
    GateJudged,
    Halted,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepVerified,
)
from planner.plan import Plan
from planner.verdict import Verdict
from tests.making import ANA, NOON, RAJ, approved, asked, granted, planned


class Story:
    """Writes a log, entry by entry."""

    def __init__(self, plan: Plan, seed: int = 1) -> None:
        self.plan, self.chance, self.entries, self.at = plan, random.Random(seed), [], 0.0
        self.add(asked(plan.target.service), planned(plan))
        self.wait(95)
        self.add(approved(RAJ), granted())

    def wait(self, seconds: float) -> None:
        self.at += seconds

    def add(self, *events) -> None:
        for event in events:
            self.entries.append(Entry(seq=len(self.entries) + 1, at=NOON + timedelta(seconds=self.at), event=event))

    def step(self, name: str, *, fails: bool = False) -> None:
        self.wait(0.5)
        self.add(StepIntended(step=name, attempt=1, expect="2.0.0", to="1.0.0", key=name))
        self.wait(self.chance.uniform(1, 6))
        self.add(StepAccepted(step=name, key=name))
        self.wait(self.chance.uniform(4, 30))
        if fails:
            self.add(StepFailed(step=name, because="did not stay up"))
            return
        for gate in (Gate.IDENTITY, Gate.CONVERGED, Gate.STABLE):
            self.add(GateJudged(step=name, gate=gate, verdict=Verdict.PASS, because="", seconds=1.0))
        self.wait(self.chance.uniform(5, 20))
        self.add(StepVerified(step=name))

    def end(self, ending: Ending = Ending.FINISHED) -> list[Entry]:
        self.add(Ended(ending=ending, because="done"))
        return self.entries


def finished(plan: Plan, *, failing: int = 0) -> list[Entry]:
    """A run that finishes; the first so many steps fail once and are tried again."""
    story = Story(plan)
    for at, move in enumerate(plan.moves):
        if at < failing:
            story.step(move.service, fails=True)
            story.add(Halted(because="a step failed"))
            story.wait(70)
            story.add(Decided(by=ANA, choice=Choice.RETRY))
        story.step(move.service)
    return story.end()


def undone(plan: Plan) -> list[Entry]:
    """A run that fails at its last step and is taken back."""
    story = Story(plan)
    for move in plan.moves[:-1]:
        story.step(move.service)
    story.step(plan.moves[-1].service, fails=True)
    story.add(Halted(because="a step failed"))
    story.wait(40)
    story.add(Decided(by=ANA, choice=Choice.UNDO))
    for move in reversed(plan.moves):
        story.step(f"undo:{move.service}")
    return story.end(Ending.UNDONE)
