"""One step, carried out: write the intent, ask the runtime, find out what really happened, ask the gates.

Everything that is learned is written to the log before anything follows from it. Nothing here decides what comes next.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.engine import discovery
from bot.engine.hand import Hand
from integrations.errors import Conflict, IntegrationError, OutcomeUnknown, Unavailable
from integrations.protocols import Observation, Phase, Registry, Runtime
from planner.events import (
    Gate,
    GateJudged,
    StepAccepted,
    StepFailed,
    StepIntended,
    StepNotTaken,
    StepUnknown,
)
from planner.facts import Release, Service
from planner.run import Run, Step
from planner.verdict import Judgement, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient a worker is, in seconds. `stable` is how long a service must stay up before the plan moves on.

    `baseline` is for measuring before the first step, `neighbours` for all neighbours of a step, `settle` how long a finished run
    is watched (0: not at all).
    """

    poll: float = 0.25
    apply: float = 60.0
    converge: float = 600.0
    stable: float = 10.0
    look: float = 60.0
    discover: float = 60.0
    baseline: float = 5.0
    neighbours: float = 60.0
    settle: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a step works: the service and release as the catalog has them now, and the system that runs it."""

    service: Service
    release: Release
    runtime: Runtime
    registry: Registry | None = None


def _seconds() -> float:
    """Now, in seconds, on the clock that waiting goes by."""
    return asyncio.get_running_loop().time()


async def issue(hand: Hand, step: Step, stand: Stand, pace: Pace, still: Callable[[Run], bool]) -> None:
    """Ask the runtime to make the service run the step's release, if it runs what is expected.

    The intent is written only where `still` says of the run as it is at that moment that the step may begin: a step beside it may
    have failed, or somebody asked to stop. Raises `Overtaken` then.
    """
    attempt = step.attempt + 1
    # The log's hash makes it unlike any key of another store: runs of an emptied store begin at r1 again, and runtimes remember.
    key = step.key or f"{hand.run.id}:{step.id}:{attempt}:{hand.run.hash[:16]}"
    await hand.record(StepIntended(step=step.id, attempt=attempt, expect=step.expect, to=step.to, key=key), still=still)
    hand.lease.check()
    if stand.registry is not None:
        patience, poll = pace.discover, pace.poll
        wrong = await discovery.take_out(hand, step, stand.service, stand.registry, patience=patience, poll=poll)
        if wrong is not None:
            await hand.record(StepFailed(step=step.id, because=wrong))
            return
        hand.lease.check()
    try:
        async with asyncio.timeout(pace.apply):
            await stand.runtime.apply(stand.service, stand.release, expect=step.expect, key=key)
    except (OutcomeUnknown, TimeoutError) as error:
        await hand.record(StepUnknown(step=step.id, key=key, detail=str(error) or f"no answer within {pace.apply:g} s"))
    except Conflict as error:
        await _refused(hand, step, stand, pace, key, str(error))
    except IntegrationError as error:
        await hand.record(StepFailed(step=step.id, because=str(error)))
    else:
        await hand.record(StepAccepted(step=step.id, key=key))


async def _refused(hand: Hand, step: Step, stand: Stand, pace: Pace, key: str, because: str) -> None:
    """What a refusal means: where the store lost an intent after its effect, the release is there already, and that is fine."""
    seen = await _observe(replace(step, key=key), stand, pace)
    if isinstance(seen, Observation) and seen.running == step.to:
        await hand.record(StepAccepted(step=step.id, key=key, recovered=True))
    else:
        await hand.record(StepFailed(step=step.id, because=because))


async def look(hand: Hand, step: Step, stand: Stand, pace: Pace) -> None:
    """Find out whether an intended request had its effect. Never asks for anything."""
    seen = await _observe(step, stand, pace)
    match seen:
        case str():
            await hand.record(StepFailed(step=step.id, because=f"nobody can tell what runs: {seen}"))
        case Observation() if _has_taken(step, seen):
            await hand.record(StepAccepted(step=step.id, key=step.key, recovered=True))
        case Observation() if seen.running in (step.expect, None) or (seen.running == step.to and seen.phase is Phase.ABSENT):
            await hand.record(StepNotTaken(step=step.id, key=step.key, running=seen.running))
        case Observation():
            because = f"{seen.running} runs, which is neither {step.expect} nor {step.to}: somebody else changed it"
            await hand.record(StepFailed(step=step.id, because=because))


def _has_taken(step: Step, seen: Observation) -> bool:
    if seen.running == step.to:
        # Where it runs and the runtime has not got it, whoever was asked died before writing it down: asked again, it goes on.
        return seen.phase is not Phase.ABSENT
    return bool(step.key) and seen.key == step.key and seen.phase in (Phase.PROGRESSING, Phase.CONVERGED, Phase.FAILED)


async def settle(hand: Hand, step: Step, stand: Stand, pace: Pace) -> None:
    """Ask the gates identity, converged and stable, in this order; the first that does not pass fails the step."""
    began = _seconds()
    seen = await _until_converged(step, stand, pace)
    identity = _identity(step, seen)
    ready = isinstance(seen, Observation) and seen.phase is Phase.CONVERGED and identity.verdict is Verdict.PASS
    if stand.registry is not None and ready:
        patience, poll = pace.discover, pace.poll
        found = await discovery.bring_in(hand, step, stand.service, stand.registry, patience=patience, poll=poll)
        identity = replace(found, because=f"{identity.because}; {found.because}")
    if not await _judge(hand, step, Gate.IDENTITY, identity, began):
        return
    if not await _judge(hand, step, Gate.CONVERGED, _converged(seen, pace), began):
        return
    began = _seconds()
    await _judge(hand, step, Gate.STABLE, await _stays(step, stand, pace), began)


async def _observe(step: Step, stand: Stand, pace: Pace) -> Observation | str:
    """What runs, asked again while the runtime cannot be reached; the reason where it stays so."""
    deadline = _seconds() + pace.look
    while True:
        try:
            return await stand.runtime.observe(stand.service, stand.release, key=step.key)
        except Unavailable as error:
            if _seconds() > deadline:
                return str(error)
            await asyncio.sleep(pace.poll)
        except IntegrationError as error:
            return str(error)


async def _until_converged(step: Step, stand: Stand, pace: Pace) -> Observation | str:
    """What runs once it has converged, has failed or took too long. A failure is believed when two looks in a row saw it.

    One look may be wrong for a reason of ours: the worker was paused in the middle of it, and thinks that nobody answered.
    """
    deadline = _seconds() + pace.converge
    failed = False
    while True:
        seen = await _observe(step, stand, pace)
        if isinstance(seen, str) or (failed and seen.phase is Phase.FAILED):
            return seen
        failed = seen.phase is Phase.FAILED
        if seen.phase is Phase.CONVERGED and seen.running == step.to and seen.old_left == 0:
            return seen
        if _seconds() > deadline:
            return seen
        await asyncio.sleep(pace.poll)


async def _stays(step: Step, stand: Stand, pace: Pace) -> Judgement:
    """Whether the service stays as it is, without restarts, for the time that `pace.stable` says.

    One look that found it away may be wrong, two are not; a restart is counted by the runtime, and one look is enough.
    """
    first: int | None = None
    away = 0
    until = _seconds() + pace.stable
    while True:
        seen = await _observe(step, stand, pace)
        if isinstance(seen, str):
            return Judgement(verdict=Verdict.FAIL, because=f"could not be observed: {seen}")
        first = seen.restarts if first is None else first
        if seen.restarts > first:
            return Judgement(verdict=Verdict.FAIL, because=f"restarted {seen.restarts - first} times: {seen.detail}")
        there = seen.phase is Phase.CONVERGED and seen.running == step.to
        away += not there
        if away > 1:
            return Judgement(verdict=Verdict.FAIL, because=f"did not stay up: {seen.detail or seen.phase}")
        if _seconds() >= until and there:
            return Judgement(verdict=Verdict.PASS, because=f"up for {pace.stable:g} s without a restart")
        await asyncio.sleep(pace.poll)


def _identity(step: Step, seen: Observation | str) -> Judgement:
    match seen:
        case str():
            return Judgement(verdict=Verdict.FAIL, because=f"could not be observed: {seen}")
        case Observation() if seen.running != step.to:
            what = f"{seen.running} runs" if seen.running else "nothing answers"
            return Judgement(verdict=Verdict.FAIL, because=f"{what}, {step.to} should. {seen.detail}".rstrip())
        case Observation() if seen.old_left:
            return Judgement(
                verdict=Verdict.FAIL, because=f"{seen.old_left} of another release still run. {seen.detail}".rstrip()
            )
    return Judgement(verdict=Verdict.PASS, because=f"{step.to} runs, nothing else is left")


def _converged(seen: Observation | str, pace: Pace) -> Judgement:
    match seen:
        case Observation(phase=Phase.CONVERGED):
            return Judgement(verdict=Verdict.PASS, because=seen.detail or "ready")
        case Observation(phase=Phase.FAILED):
            return Judgement(verdict=Verdict.FAIL, because=seen.detail or "the runtime says that it failed")
        case Observation():
            return Judgement(verdict=Verdict.FAIL, because=f"not ready within {pace.converge:g} s: {seen.detail or seen.phase}")
        case str():
            return Judgement(verdict=Verdict.FAIL, because=f"could not be observed: {seen}")


async def _judge(hand: Hand, step: Step, gate: Gate, judgement: Judgement, began: float) -> bool:
    """Write what a gate says; a step whose gate does not pass has failed. Whether it passed.

    A worker that took the run over asks again what passed already, for the world may have changed; what passes again is not
    told twice.
    """
    known = step.gates.get(gate)
    if known is not None and known.verdict is judgement.verdict is Verdict.PASS:
        return True
    seconds = round(_seconds() - began, 2)
    passed = judgement.verdict is Verdict.PASS
    said = GateJudged(step=step.id, gate=gate, verdict=judgement.verdict, because=judgement.because, seconds=seconds)
    if passed:
        await hand.record(said)
    else:
        await hand.record(said, StepFailed(step=step.id, because=f"{gate}: {judgement.because}"))
    return passed
