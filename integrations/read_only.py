"""Runtimes and registries that are only looked at: what would change something outside never gets through."""

from dataclasses import dataclass

from integrations.errors import Rejected
from integrations.protocols import Discovery, Finding, Instance, Observation, Registry, Runtime
from planner.facts import Release, Service
from planner.names import Version


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Stands before a runtime. Implements `integrations.protocols.Runtime`."""

    runtime: Runtime

    async def current(self, service: Service) -> Version | None:
        """See `Runtime.current`."""
        return await self.runtime.current(service)

    async def releases(self, service: Service) -> tuple[Release, ...]:
        """See `Runtime.releases`."""
        return await self.runtime.releases(service)

    async def preflight(self, service: Service, to: Release) -> tuple[Finding, ...]:
        """See `Runtime.preflight`."""
        return await self.runtime.preflight(service, to)

    async def apply(self, service: Service, to: Release, *, expect: Version | None, key: str) -> None:
        """Nothing. Always raises `Rejected`."""
        raise Rejected(f"read-only: {service.name} was not asked to run {to.version} instead of {expect or 'nothing'} ({key})")

    async def observe(self, service: Service, to: Release, *, key: str) -> Observation:
        """See `Runtime.observe`."""
        return await self.runtime.observe(service, to, key=key)


@dataclass(frozen=True, slots=True)
class ReadOnlyRegistry:
    """Stands before a registry. Implements `integrations.protocols.Registry`."""

    registry: Registry

    async def look(self, service: Service, *, since: Discovery | None = None, limit: float = 0.0) -> Discovery:
        """See `Registry.look`."""
        return await self.registry.look(service, since=since, limit=limit)

    async def drain(self, service: Service, instance: Instance, *, key: str) -> None:
        """Nothing. Always raises `Rejected`."""
        raise Rejected(f"read-only: {service.name} was not taken out of discovery ({key})")

    async def restore(self, service: Service, instance: Instance, *, key: str) -> None:
        """Nothing. Always raises `Rejected`."""
        raise Rejected(f"read-only: {service.name} was not put back into discovery ({key})")
