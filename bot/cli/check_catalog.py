"""What `rollbot check` says about the catalog: does it load, can each service be run and asked, are its checks right."""

from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot import app, clock
from bot.cli.finding import Finding, Mark
from bot.settings import Settings
from integrations import command_probe, http_probe, local_process, prometheus_probe, tcp_probe
from integrations.consul import ConsulRegistry
from integrations.errors import IntegrationError
from integrations.live_catalog import LiveCatalog
from integrations.protocols import Registry, Runtime
from planner.facts import Check, Service

_RUNTIMES: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, ...]]] = MappingProxyType(
    {local_process.KIND: local_process.problems}
)
_PROBES: Mapping[str, Callable[[Check], tuple[str, ...]]] = MappingProxyType(
    {
        "http": http_probe.problems,
        "tcp": tcp_probe.problems,
        "command": command_probe.problems,
        "prometheus": prometheus_probe.problems,
    }
)


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Everything about the catalog that can be told without changing anything."""
    if not settings.catalog.exists():
        text = f"{settings.catalog} does not exist. Write one (see docs/catalog.md) or set ROLLBOT_CATALOG."
        yield Finding(Mark.MISSING, "catalog", text)
        return
    try:
        catalog = app.catalog(settings, clock.now)
        facts = await catalog.load()
        notes = await catalog.notes() if isinstance(catalog, LiveCatalog) else ()
    except IntegrationError as error:
        yield Finding(Mark.MISSING, "catalog", f"{settings.catalog} cannot be used:\n{error}")
        return
    from_ = " and ".join([str(settings.catalog), *(live.source for live in settings.live_catalogs)])
    yield Finding(Mark.OK, "catalog", f"{len(facts.services)} services from {from_}")
    for warning in (*facts.warnings, *notes):
        yield Finding(Mark.WARN, "catalog", warning)
    finders = app.registries(settings)
    systems, known = app.runtimes(settings), set(app.probes(settings))
    for service in facts.services.values():
        yield await _runtime(service, systems)
        if service.registry is not None:
            yield await _registry(service, finders)
        for check in service.checks:
            for problem in _check(check, known):
                yield Finding(Mark.WARN, "check", f"{service.name}, “{check.name}”: {problem}")
    for finder in finders.values():
        if isinstance(finder, ConsulRegistry):
            await finder.close()


async def _runtime(service: Service, systems: Mapping[str, Runtime]) -> Finding:
    if service.runtime is None:
        return Finding(Mark.WARN, "runtime", f"{service.name} has none: it can be planned but not rolled back")
    kind = str(service.runtime.get("kind"))
    runtime = systems.get(kind)
    if runtime is None:
        text = f"{service.name}: nobody here knows the kind {kind!r}; known: {', '.join(systems)}"
        return Finding(Mark.WARN, "runtime", text)
    problems = _RUNTIMES[kind](service.runtime) if kind in _RUNTIMES else ()
    if problems:
        return Finding(Mark.WARN, "runtime", f"{service.name}: {'; '.join(problems)}")
    try:
        running = await runtime.current(service)
    except IntegrationError as error:
        return Finding(Mark.WARN, "runtime", f"{service.name}: {error}")
    return Finding(Mark.OK, "runtime", f"{service.name} runs {running or 'nothing'}")


async def _registry(service: Service, finders: Mapping[str, Registry]) -> Finding:
    kind = str((service.registry or {}).get("kind"))
    finder = finders.get(kind)
    if finder is None:
        known = ", ".join(finders)
        return Finding(Mark.WARN, "registry", f"{service.name}: nobody here knows the kind {kind!r}; known: {known}")
    try:
        seen = await finder.look(service)
    except IntegrationError as error:
        return Finding(Mark.WARN, "registry", f"{service.name}: {error}")
    silent = [instance.id for instance in seen.instances if instance.version is None]
    if silent:
        return Finding(Mark.WARN, "registry", f"{service.name}: {', '.join(silent[:5])}: it says no version")
    passing = sum(instance.passing for instance in seen.instances)
    return Finding(
        Mark.OK if passing else Mark.WARN, "registry", f"{service.name}: {passing} of {len(seen.instances)} instances pass"
    )


def _check(check: Check, known: set[str]) -> tuple[str, ...]:
    if check.probe not in known:
        return (f"nobody here knows the probe {check.probe!r}; known: {', '.join(sorted(known))}",)
    return _PROBES[check.probe](check) if check.probe in _PROBES else ()
