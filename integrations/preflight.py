"""What the systems that would carry a plan out say about it beforehand, all asked together, inside a time limit."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from integrations.errors import IntegrationError, Rejected
from integrations.protocols import Discovery, Finding, FindingLevel, Registry, Runtime
from planner.facts import NOTHING
from planner.plan import Move, Plan
from planner.snapshot import Snapshot


async def preflight(
    plan: Plan,
    world: Snapshot,
    runtimes: Mapping[str, Runtime],
    registries: Mapping[str, Registry] = NOTHING,
    *,
    limit: float,
) -> tuple[Finding, ...]:
    """Everything that was found, in the order of the moves. Changes nothing.

    A system that does not answer within `limit` seconds, or whose kind nobody knows, is a finding itself: the first a warning,
    the second a block.
    """
    asked = [_ask(move, world, runtimes, limit) for move in plan.moves]
    asked += [_found(move, world, registries, limit) for move in plan.moves]
    answers = await asyncio.gather(*asked)
    by_move = zip(answers[: len(plan.moves)], answers[len(plan.moves) :], strict=True)
    return tuple(finding for pair in by_move for answer in pair for finding in answer)


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
            found = await runtime.preflight(service, release)
            return tuple(replace(finding, service=service.name) for finding in found)
    except TimeoutError:
        return (_warn(f"{move.service}: {kind} gave no answer within {limit:g} s, so nothing could be checked beforehand"),)
    except IntegrationError as error:
        return (_warn(f"{move.service}: could not be checked beforehand: {error}"),)


async def _found(move: Move, world: Snapshot, registries: Mapping[str, Registry], limit: float) -> tuple[Finding, ...]:
    """What speaks against taking the service out of discovery and putting it back, where others find it by a registry."""
    service = world.services.get(move.service)
    if service is None or service.registry is None:
        return ()
    kind = str(service.registry.get("kind", ""))
    registry = registries.get(kind)
    if registry is None:
        known = ", ".join(sorted(registries)) or "none"
        return (_block(f"{move.service}: nobody here knows the registry {kind!r}; known: {known}"),)
    try:
        async with asyncio.timeout(limit):
            seen = await registry.look(service)
    except TimeoutError:
        return (_warn(f"{move.service}: {kind} gave no answer within {limit:g} s, so nobody knows who can be found"),)
    except Rejected as error:
        return (_block(f"{move.service}: {error}"),)
    except IntegrationError as error:
        return (_warn(f"{move.service}: who can be found could not be asked: {error}"),)
    return tuple(_registered(move, seen, kind))


def _registered(move: Move, seen: Discovery, kind: str) -> Iterator[Finding]:
    silent = [instance.id for instance in seen.instances if instance.version is None]
    held = [f"{instance.id} ({instance.held})" for instance in seen.instances if instance.held is not None]
    if not seen.instances:
        yield _warn(f"{move.service}: {kind} knows no instance of it; it must know a healthy one before the step is done")
    if silent:
        yield _block(f"{move.service}: {', '.join(silent[:5])} in {kind}: it says no version, so nobody could tell old from new")
    if held:
        yield _warn(f"{move.service}: held out of discovery already, and left so: {', '.join(held[:5])}")


def _block(text: str) -> Finding:
    return Finding(level=FindingLevel.BLOCK, text=text)


def _warn(text: str) -> Finding:
    return Finding(level=FindingLevel.WARN, text=text)
