"""A registry in memory, with state and with faults on demand, held to the same contract as the real one."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum

from integrations.errors import OutcomeUnknown, Rejected, Unavailable
from integrations.protocols import Discovery, Instance
from planner.facts import Service
from planner.names import Version


class RegistryFault(StrEnum):
    """What can be made to go wrong, for the next `times` calls that it touches."""

    SILENT = "silent"  # look: not reached
    DRAIN_REJECTED = "drain_rejected"
    DRAIN_UNKNOWN_DONE = "drain_unknown_done"
    RESTORE_UNAVAILABLE = "restore_unavailable"
    RESTORE_REJECTED = "restore_rejected"


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str | None
    healthy: bool = True
    held: str | None = None


class FakeRegistry:
    """Who is registered, by service and id. `effects` are the (what, instance, key) that really happened, in order."""

    def __init__(self) -> None:
        self._services: dict[str, dict[str, _Kept]] = defaultdict(dict)
        self._faults: dict[RegistryFault, int] = {}
        self._index = 1
        self._changed = asyncio.Event()
        self.effects: list[tuple[str, str, str]] = []

    def register(self, service: str, instance: str, version: str | None) -> None:
        """A process registers itself; that it is held stays."""
        before = self._services[service].get(instance)
        self._put(service, instance, _Kept(version, held=before.held if before else None))

    def deregister(self, service: str, instance: str) -> None:
        """A process takes itself out."""
        del self._services[service][instance]
        self._touch()

    def sicken(self, service: str, instance: str) -> None:
        """Its checks fail from now on."""
        self._put(service, instance, replace(self._services[service][instance], healthy=False))

    def hold(self, service: str, instance: str, reason: str) -> None:
        """Somebody takes it out by hand."""
        self._put(service, instance, replace(self._services[service][instance], held=reason))

    def versions(self, service: str, *, listed: bool = True) -> list[str | None]:
        """The versions of those that can be found; of all with `listed` off."""
        return [kept.version for kept in self._services[service].values() if not listed or (kept.healthy and kept.held is None)]

    def holds(self, service: str) -> list[str]:
        """The reasons for which instances are held."""
        return [kept.held for kept in self._services[service].values() if kept.held is not None]

    def fault(self, kind: RegistryFault, times: int = 1) -> None:
        """Make the next `times` calls that this kind touches go wrong."""
        self._faults[kind] = times

    async def look(self, service: Service, *, since: Discovery | None = None, limit: float = 0.0) -> Discovery:
        await asyncio.sleep(0)
        if self._takes(RegistryFault.SILENT):
            raise Unavailable("the registry could not be reached")
        if since is not None and since.mark == self._index and limit > 0:
            changed = self._changed
            try:
                async with asyncio.timeout(limit):
                    await changed.wait()
            except TimeoutError:
                pass
        found = tuple(self._instance(name, kept) for name, kept in sorted(self._services[service.name].items()))
        return Discovery(instances=found, mark=self._index)

    async def drain(self, service: Service, instance: Instance, *, key: str) -> None:
        await asyncio.sleep(0)
        if self._takes(RegistryFault.DRAIN_REJECTED):
            raise Rejected("the registry refuses")
        kept = self._services[service.name].get(instance.id)
        if kept is None:
            raise Rejected(f"{instance.id} is not there")
        if kept.held is None:
            self.effects.append(("drain", instance.id, key))
            self._put(service.name, instance.id, replace(kept, held=key))
        if self._takes(RegistryFault.DRAIN_UNKNOWN_DONE):
            raise OutcomeUnknown("no answer came")

    async def restore(self, service: Service, instance: Instance, *, key: str) -> None:
        await asyncio.sleep(0)
        if self._takes(RegistryFault.RESTORE_UNAVAILABLE):
            raise Unavailable("the registry could not be reached")
        if self._takes(RegistryFault.RESTORE_REJECTED):
            raise Rejected("the registry refuses")
        kept = self._services[service.name].get(instance.id)
        if kept is not None and kept.held == key:
            self.effects.append(("restore", instance.id, key))
            self._put(service.name, instance.id, replace(kept, held=None))

    def _instance(self, name: str, kept: _Kept) -> Instance:
        well = kept.healthy and kept.held is None
        version = None if kept.version is None else Version(kept.version)
        detail = "" if well else "its checks fail" if not kept.healthy else "held"
        return Instance(id=name, version=version, listed=well, passing=well, held=kept.held, detail=detail)

    def _put(self, service: str, instance: str, kept: _Kept) -> None:
        self._services[service][instance] = kept
        self._touch()

    def _touch(self) -> None:
        self._index += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def _takes(self, kind: RegistryFault) -> bool:
        left = self._faults.get(kind, 0)
        if left:
            self._faults[kind] = left - 1
        return left > 0
