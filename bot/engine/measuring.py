"""Asks probes until a check is judged: the one way in which every gate, the baseline and the settle watch measure.

Nothing here writes; whoever asks keeps what was measured.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from integrations.errors import IntegrationError
from integrations.protocols import Probe
from planner.facts import Check, Service
from planner.names import ServiceName
from planner.verdict import Judgement, Measurement, Outcome, Verdict, cut_short, judge
from planner.watch_events import Reading

Taken = Callable[[Measurement], Awaitable[None]]
"""Is told of every measurement, right after it was made."""


async def measure(probe: Probe, check: Check) -> Measurement:
    """One measurement. What a probe raises is an error of measuring, which is an outcome too."""
    try:
        return await probe.measure(check)
    except IntegrationError as error:
        return Measurement(outcome=Outcome.ERROR, seen=str(error))


async def judged(
    check: Check, probes: Mapping[str, Probe], before: tuple[Measurement, ...] = (), taken: Taken | None = None
) -> Judgement:
    """Measure until the check is judged, going on after what was measured `before`."""
    probe = probes.get(check.probe)
    measurements = before
    while (judgement := judge(check, measurements)) is None:
        if probe is None:
            return Judgement(verdict=Verdict.INCONCLUSIVE, because=f"there is no probe named {check.probe}")
        if measurements:
            await asyncio.sleep(check.interval)
        measurement = await measure(probe, check)
        measurements = (*measurements, measurement)
        if taken is not None:
            await taken(measurement)
    return judgement


async def within(limit: float, check: Check, probes: Mapping[str, Probe]) -> Judgement:
    """The same inside so many seconds; what is not judged by then was cut short, and that never passes."""
    measurements: list[Measurement] = []

    async def keep(measurement: Measurement) -> None:
        measurements.append(measurement)

    try:
        async with asyncio.timeout(limit):
            return await judged(check, probes, taken=keep)
    except TimeoutError:
        return cut_short(check, tuple(measurements))


async def glance(limit: float, check: Check, probes: Mapping[str, Probe]) -> Judgement:
    """A look at a check that should pass: one good measurement will do, and anything else is measured as the check says."""
    probe = probes.get(check.probe)
    if probe is not None:
        try:
            async with asyncio.timeout(limit):
                first = await measure(probe, check)
        except TimeoutError:
            return Judgement(verdict=Verdict.INCONCLUSIVE, because=f"no measurement within {limit:g} s")
        if first.outcome is Outcome.PASS:
            return Judgement(verdict=Verdict.PASS, because=first.seen)
    return await within(limit, check, probes)


Look = Callable[[float, Check, Mapping[str, Probe]], Awaitable[Judgement]]
"""`within` or `glance`."""
_SIDE = 32
"""Checks that are measured side by side: around a service that everybody calls there may be thousands."""


async def readings(
    services: Mapping[ServiceName, Service],
    names: Iterable[ServiceName],
    look: Look,
    limit: float,
    probes: Mapping[str, Probe],
    *,
    symptoms: bool = False,
) -> tuple[Reading, ...]:
    """Every check of these services inside `limit` seconds for all of them, in order; one that had no time is inconclusive.

    What the catalog calls a symptom fails nothing, and is asked only where `symptoms` says so.
    """
    known = [(name, check) for name in names if name in services for check in services[name].checks]
    asked = [(name, check) for name, check in known if symptoms or not check.symptom]
    loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(_SIDE)
    deadline = loop.time() + limit

    async def one(check: Check) -> Judgement:
        async with turns:
            left = deadline - loop.time()
            if left <= 0:
                return Judgement(verdict=Verdict.INCONCLUSIVE, because=f"not measured within {limit:g} s")
            return await look(left, check, probes)

    answers = await asyncio.gather(*(one(check) for _, check in asked))
    return tuple(
        Reading(service=name, check=check.name, verdict=answer.verdict, because=answer.because)
        for (name, check), answer in zip(asked, answers, strict=True)
    )
