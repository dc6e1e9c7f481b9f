"""What fails at some services right now: their checks measured together, inside a time limit."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from integrations.errors import IntegrationError
from integrations.protocols import Probe
from planner.facts import Check, Service
from planner.names import ServiceName
from planner.suspects import Symptom
from planner.verdict import Measurement, Outcome

AT_ONCE = 8
"""Checks that run side by side: these systems are in trouble already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What failed, whose checks all passed, how many checks were measured, and how many could not be."""

    symptoms: tuple[Symptom, ...]
    healthy: frozenset[ServiceName] = frozenset()
    measured: int = 0
    unknown: int = 0


async def examine(services: Iterable[Service], probes: Mapping[str, Probe], *, limit: float) -> Examined:
    """Every check of these services, again while it passes and there is time: what fails one time in three rarely fails at once.

    At most as often as the check itself says; what has no answer after `limit` seconds counts as unknown. Never raises.
    """
    hands = asyncio.Semaphore(AT_ONCE)
    asked = [(service, check) for service in services for check in service.checks if check.probe in probes]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit

    async def measure(check: Check) -> Measurement | None:
        try:
            async with asyncio.timeout_at(deadline), hands:
                return await probes[check.probe].measure(check)
        except (TimeoutError, IntegrationError):
            return None

    async def one(check: Check) -> Measurement | None:
        found = await measure(check)
        for _ in range(check.count - 1):
            if found is None or found.outcome is not Outcome.PASS or loop.time() + check.interval >= deadline:
                break
            await asyncio.sleep(check.interval)
            found = await measure(check) or found
        return found

    answers: Sequence[Measurement | None] = await asyncio.gather(*(one(check) for _, check in asked))
    symptoms, unknown = [], 0
    passed, not_passed = set[ServiceName](), set[ServiceName]()
    for (service, check), answer in zip(asked, answers, strict=True):
        (passed if answer is not None and answer.outcome is Outcome.PASS else not_passed).add(service.name)
        if answer is None or answer.outcome is Outcome.ERROR:
            unknown += 1
        elif answer.outcome is Outcome.FAIL:
            symptoms.append(Symptom(service=service.name, words=f"its check “{check.name}” fails: {answer.seen}"))
    healthy = frozenset(passed - not_passed)
    return Examined(symptoms=tuple(symptoms), healthy=healthy, measured=len(asked) - unknown, unknown=unknown)
