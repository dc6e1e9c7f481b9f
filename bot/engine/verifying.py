"""What marks a step verified, and what is told apart: the gates indicators, neighbours and symptom, and the baseline before them.

Everything that is measured is written to the log, with the sentence that supports each verdict.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.engine.hand import Hand
from bot.engine.measuring import glance, judged, readings, within
from bot.engine.steps import Pace
from integrations.protocols import Probe
from planner.events import Gate, GateJudged, Measured, StepFailed, StepVerified
from planner.facts import Check, Service
from planner.names import ServiceName
from planner.neighbours import around, judge_neighbours
from planner.run import Step
from planner.snapshot import Snapshot
from planner.symptom import judge_symptom, symptoms
from planner.verdict import Judgement, Measurement, Outcome, Verdict
from planner.watch_events import BaselineTaken, Reading

_OUTCOME = {Verdict.PASS: Outcome.PASS, Verdict.FAIL: Outcome.FAIL, Verdict.INCONCLUSIVE: Outcome.INCONCLUSIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a run is verified: its log, the world as it was surveyed, and what measures."""

    hand: Hand
    world: Snapshot
    probes: Mapping[str, Probe]
    pace: Pace
    now: Callable[[], datetime]

    @property
    def services(self) -> Mapping[ServiceName, Service]:
        """Everything the catalog has."""
        return self.world.services

    def around(self) -> dict[ServiceName, tuple[ServiceName, ...]]:
        """The neighbours of every service that moves."""
        return around({move.service for move in self.hand.run.plan.moves}, self.services)


async def take_baseline(scene: Scene) -> None:
    """Measure the neighbours and the service that people roll back, before anything is touched."""
    others = {name for names in scene.around().values() for name in names}
    asked = (scene.hand.run.plan.target.service, *sorted(others))
    found = await readings(scene.services, asked, within, scene.pace.baseline, scene.probes, symptoms=True)
    await scene.hand.record(BaselineTaken(readings=found))


async def indicate(scene: Scene, step: Step, service: Service) -> None:
    """Run the service's checks and look at its neighbours, side by side; mark the step verified, with doubts, or failed."""
    checks = [check for check in service.checks if not check.symptom]
    own = asyncio.gather(*(_indicator(scene, step, check) for check in checks))
    judgements, others = await asyncio.gather(own, _neighbours(scene, step))
    said = [(check.name, judgement) for check, judgement in zip(checks, judgements, strict=True)]
    said += [(Gate.NEIGHBOURS.value, others)] if others is not None else []
    failed = [f"{name}: {judgement.because}" for name, judgement in said if judgement.verdict is Verdict.FAIL]
    if failed:
        await scene.hand.record(StepFailed(step=step.id, because="; ".join(failed), settled=True))
        return
    unclear = [f"{name}: {judgement.because}" for name, judgement in said if judgement.verdict is Verdict.INCONCLUSIVE]
    if not checks:
        unclear.insert(0, "no checks are defined for this service")
    await scene.hand.record(StepVerified(step=step.id, unclear=tuple(unclear)))


async def ask_symptom(scene: Scene, step: Step) -> None:
    """Compare the target's failing checks with what they say now. What its own step has just judged is not asked again."""
    began = _seconds()
    run = scene.hand.run
    before = run.baseline.readings if run.baseline else ()
    service = scene.services.get(step.service)
    checks = symptoms(step.service, service.checks if service else (), before)
    last = step.wave == max(other.wave for other in run.steps.values())
    known = {} if not last else {check.name: step.gates.get(f"{Gate.INDICATORS}:{check.name}") for check in checks}
    fresh = [check for check in checks if known.get(check.name) is None]
    await _warm(scene, step, fresh)
    answers = await asyncio.gather(*(within(scene.pace.neighbours, check, scene.probes) for check in fresh))
    found = {name: Judgement(verdict=gate.verdict, because=gate.because) for name, gate in known.items() if gate is not None}
    found |= {check.name: answer for check, answer in zip(fresh, answers, strict=True)}
    now = [
        Reading(service=step.service, check=check.name, verdict=found[check.name].verdict, because=found[check.name].because)
        for check in checks
    ]
    evidence = [_measured(step, reading) for reading in now if reading.check in {check.name for check in fresh}]
    await scene.hand.record(*evidence, _gate(step, Gate.SYMPTOM, judge_symptom(step.service, before, now), began))


async def cannot_ask(hand: Hand, step: Step, why: str) -> None:
    """Write that nobody can tell whether the symptom is gone."""
    judgement = Judgement(verdict=Verdict.INCONCLUSIVE, because=f"the checks of {step.service} could not be asked: {why}")
    await hand.record(_gate(step, Gate.SYMPTOM, judgement, _seconds()))


async def _indicator(scene: Scene, step: Step, check: Check) -> Judgement:
    """Measure until the check is judged, going on from what the log holds already; what another worker judged stands."""
    known = step.gates.get(f"{Gate.INDICATORS}:{check.name}")
    if known is not None:
        return Judgement(verdict=known.verdict, because=known.because)
    began = _seconds()
    await _warm(scene, step, [check])

    async def keep(taken: Measurement) -> None:
        await scene.hand.record(Measured(step=step.id, check=check.name, outcome=taken.outcome, seen=taken.seen))

    judgement = await judged(check, scene.probes, step.measured.get(check.name, ()), keep)
    await scene.hand.record(_gate(step, Gate.INDICATORS, judgement, began, check.name))
    return judgement


async def _neighbours(scene: Scene, step: Step) -> Judgement | None:
    """What the callers and callees outside the plan say; `None` where the step has none, or nobody knows how they were before."""
    run = scene.hand.run
    names = scene.around().get(step.service, ())
    if not names or run.baseline is None:
        return None
    known = step.gates.get(Gate.NEIGHBOURS)
    if known is not None:
        return Judgement(verdict=known.verdict, because=known.because)
    began = _seconds()
    await _warm(scene, step, [check for name in names for check in scene.services[name].checks])
    now = await readings(scene.services, names, glance, scene.pace.neighbours, scene.probes)
    silent = tuple(name for name in names if not scene.services[name].checks)
    judgement = judge_neighbours(run.baseline.readings, now, silent)
    evidence = [_measured(step, reading) for reading in now]
    await scene.hand.record(*evidence, _gate(step, Gate.NEIGHBOURS, judgement, began))
    return judgement


async def _warm(scene: Scene, step: Step, checks: Iterable[Check]) -> None:
    """Wait until what these checks look at is no longer from before the release was in place."""
    longest = max((check.warmup for check in checks), default=0.0)
    if longest and step.converged_at is not None:
        left = longest - (scene.now() - step.converged_at).total_seconds()
        await asyncio.sleep(max(0.0, left))


def _measured(step: Step, reading: Reading) -> Measured:
    name = reading.check if reading.service == step.service else f"{reading.service}: {reading.check}"
    return Measured(step=step.id, check=name, outcome=_OUTCOME[reading.verdict], seen=reading.because)


def _gate(step: Step, gate: Gate, judgement: Judgement, began: float, check: str | None = None) -> GateJudged:
    seconds = round(_seconds() - began, 2)
    return GateJudged(step=step.id, gate=gate, check=check, verdict=judgement.verdict, because=judgement.because, seconds=seconds)


def _seconds() -> float:
    return asyncio.get_running_loop().time()
