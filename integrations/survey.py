"""One look at the world: the catalog and every runtime asked together, inside a time limit, made into a snapshot."""

import asyncio
from collections.abc import Mapping

from integrations.errors import IntegrationError
from integrations.protocols import Catalog, Runtime
from integrations.remembered import wants_history, with_history
from planner.facts import Service
from planner.names import ServiceName, Version
from planner.snapshot import Snapshot, from_catalog


async def survey(
    catalog: Catalog,
    runtimes: Mapping[str, Runtime],
    bad: Mapping[ServiceName, Mapping[Version, str]],
    *,
    limit: float = 2.0,
) -> Snapshot:
    """All facts now. `bad` are the versions remembered as bad; `limit` is in seconds, for all runtimes together.

    A runtime that does not answer in time, or whose kind nobody knows, leaves what the catalog says, with a warning; a service
    whose runtime did not answer is named in `unseen`. Where the catalog lists no history, the runtime's own is taken. Raises
    `IntegrationError` where the catalog cannot be had.
    """
    facts = await catalog.load()
    warnings = list(facts.warnings)
    asked: list[tuple[Service, Runtime]] = []
    for service in facts.services.values():
        if service.runtime is None:
            continue
        kind = str(service.runtime.get("kind", ""))
        if kind in runtimes:
            asked.append((service, runtimes[kind]))
        else:
            warnings.append(f"{service.name}: nobody here knows the runtime {kind!r}; what runs is taken from the catalog")
    answers = await asyncio.gather(*(_current(service, runtime, limit) for service, runtime in asked))
    services = dict(facts.services)
    for service in await asyncio.gather(*(_remembered(*pair, limit) for pair in asked if wants_history(pair[0]))):
        services[service.name] = service
    running: dict[ServiceName, Version] = {}
    unseen: list[ServiceName] = []
    for (service, _), answer in zip(asked, answers, strict=True):
        match answer:
            case IntegrationError():
                unseen.append(service.name)
                warnings.append(f"{service.name}: what runs could not be asked ({answer}); it is taken from the catalog")
            case None:
                warnings.append(f"{service.name}: nothing runs")
            case version:
                running[service.name] = version
    return from_catalog(services, running, bad=bad, unseen=unseen, warnings=warnings)


async def _remembered(service: Service, runtime: Runtime, limit: float) -> Service:
    """The service with its history, where the runtime keeps one and answers in time."""
    try:
        async with asyncio.timeout(limit):
            return with_history(service, await runtime.releases(service))
    except (TimeoutError, IntegrationError):
        # That it does not answer is told where it was asked what runs.
        return service


async def _current(service: Service, runtime: Runtime, limit: float) -> Version | IntegrationError | None:
    try:
        async with asyncio.timeout(limit):
            return await runtime.current(service)
    except TimeoutError:
        return IntegrationError(f"no answer within {limit:g} s")
    except IntegrationError as error:
        return error
