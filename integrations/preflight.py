"""What the systems that would carry a plan out say about it beforehand, all asked together, inside a time limit."""

import asyncio
from collections.abc import Mapping

from integrations.errors import IntegrationError
from integrations.protocols import Finding, FindingLevel, Runtime
from planner.plan import Move, Plan
from planner.snapshot import Snapshot


async def preflight(plan: Plan, world: Snapshot, runtimes: Mapping[str, Runtime], *, limit: float) -> tuple[Finding, ...]:
    """Everything that was found, in the order of the moves. Changes nothing.

    A system that does not answer within `limit` seconds, or whose kind nobody knows, is a finding itself: the first a warning,
    the second a block.
    """
    answers = await asyncio.gather(*(_ask(move, world, runtimes, limit) for move in plan.moves))
    return tuple(finding for answer in answers for finding in answer)


async def _ask(move: Move, world: Snapshot, runtimes: Mapping[str, Runtime], limit: float) -> tuple[Finding, ...]:
    service = world.services.get(move.service)
    release = service.release(move.to_version) if service else None
    if service is None or release is None:
        return (_block(f"{move.service} {move.to_version} is not in the catalog"),)
    kind = str((service.runtime or {}).get("kind", ""))
    runtime = runtimes.get(kind)
    if runtime is None:
        return (_block(f"{move.service}: nobody here knows the runtime {kind!r}; known: {', '.join(sorted(runtimes))}"),)
    try:
        async with asyncio.timeout(limit):
            return await runtime.preflight(service, release)
    except TimeoutError:
        return (_warn(f"{move.service}: {kind} gave no answer within {limit:g} s, so nothing could be checked beforehand"),)
    except IntegrationError as error:
        return (_warn(f"{move.service}: could not be checked beforehand: {error}"),)


def _block(text: str) -> Finding:
    return Finding(level=FindingLevel.BLOCK, text=text)


def _warn(text: str) -> Finding:
    return Finding(level=FindingLevel.WARN, text=text)
