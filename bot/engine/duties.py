"""Looks after what rollbacks left to be done: closes what is seen to be done, reminds people of what is due."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from commands.ports import BadVersion, DeployHold
from integrations.errors import IntegrationError
from integrations.protocols import Catalog, Registry, Runtime
from planner.duty_events import Duty, DutyClosed, DutyReminded
from planner.facts import NOTHING, Service
from planner.names import RunId, ServiceName, Version
from planner.obligations import Obligation, Sight, reminder, seen_done

log = structlog.get_logger(__name__)
Services = Mapping[ServiceName, Service]
"""The catalog, by name."""
_LIMIT = 10.0
"""Seconds for the runtimes to say what they still leave."""
_ASKED = frozenset({Duty.GIT, Duty.AUTO_SYNC, Duty.AUTOSCALER, Duty.SILENCE})
"""What only the system that runs a service can see."""


class DutyLog(Protocol):
    """The log as obligations need it."""

    async def obligations(self) -> tuple[Obligation, ...]:
        """Everything that is open."""
        ...

    async def note_duty(self, event: DutyReminded | DutyClosed) -> bool:
        """Write what became of one. `False`, unwritten, where it is not open any more."""
        ...

    async def deploy_holds(self) -> tuple[DeployHold, ...]:
        """The locks on forward deploys."""
        ...

    async def bad_versions(self) -> tuple[BadVersion, ...]:
        """What is remembered as bad."""
        ...

    async def second_looks(self) -> tuple[RunId, ...]:
        """The runs that nobody else has looked at."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Tends the obligations of one environment. Doing so twice at once does no harm."""

    log: DutyLog
    catalog: Catalog
    runtimes: Mapping[str, Runtime]
    registries: Mapping[str, Registry] = field(default_factory=lambda: NOTHING)
    now: Callable[[], datetime]

    async def tend(self) -> None:
        """One round: look once, close, remind."""
        found = await self.log.obligations()
        if not found:
            return
        sight = await self._sight(found)
        for one in found:
            done = seen_done(one, sight)
            if done is not None:
                closed = DutyClosed(run=one.run, number=one.number, words=one.words, because=done)
                await self.log.note_duty(closed)
                continue
            due = reminder(one, self.now())
            if due is not None:
                await self.log.note_duty(due)

    async def _sight(self, found: Sequence[Obligation]) -> Sight:
        held = {hold.service: hold.run for hold in await self.log.deploy_holds()}
        bad = frozenset((bad.service, bad.version) for bad in await self.log.bad_versions())
        looks = frozenset(await self.log.second_looks())
        if not any(one.owed.duty in _ASKED | {Duty.FIX, Duty.DISCOVERY} for one in found):
            return Sight(held=held, bad=bad, looks=looks)
        try:
            services = (await self.catalog.load()).services
        except IntegrationError as error:
            log.warning("obligations are looked at without the catalog", why=str(error))
            return Sight(held=held, bad=bad, looks=looks)
        current = await self._current(found, services)
        return Sight(
            held=held,
            bad=bad,
            looks=looks,
            current=current,
            services=services,
            leaves=await self._leaves(found, services, current),
            kept=await self._kept(found, services),
        )

    async def _current(self, found: Sequence[Obligation], services: Services) -> dict[ServiceName, Version]:
        """What runs, of the services of which something is owed and whose runtime answers. Nobody else is asked."""
        asked = _ASKED | {Duty.FIX}
        wanted = {name for one in found if one.owed.duty in asked and (name := one.owed.service) is not None}
        names = sorted(name for name in wanted if name in services)
        answers = await asyncio.gather(*(self._runs(services[name]) for name in names))
        return {name: answer for name, answer in zip(names, answers, strict=True) if answer is not None}

    async def _runs(self, service: Service) -> Version | None:
        runtime = self._runtime(service)
        if runtime is None:
            return None
        try:
            async with asyncio.timeout(_LIMIT):
                return await runtime.current(service)
        except (TimeoutError, IntegrationError):
            return None

    def _runtime(self, service: Service) -> Runtime | None:
        return self.runtimes.get(str((service.runtime or {}).get("kind", "")))

    async def _kept(self, found: Sequence[Obligation], services: Services) -> dict[ServiceName, frozenset[str]]:
        """Why instances are kept out of discovery, of the services of which that is owed and whose registry answers."""
        kept: dict[ServiceName, frozenset[str]] = {}
        for name in sorted({one.owed.service for one in found if one.owed.duty is Duty.DISCOVERY and one.owed.service}):
            service = services.get(name)
            registry = self.registries.get(str((service.registry or {}).get("kind", ""))) if service else None
            if service is None or registry is None:
                continue
            try:
                async with asyncio.timeout(_LIMIT):
                    seen = await registry.look(service)
            except (TimeoutError, IntegrationError):
                continue
            kept[name] = frozenset(one.held for one in seen.instances if one.held is not None)
        return kept

    async def _leaves(
        self, found: Sequence[Obligation], services: Services, current: Mapping[ServiceName, Version]
    ) -> dict[ServiceName, frozenset[Duty]]:
        names = {one.owed.service for one in found if one.owed.duty in _ASKED and one.owed.service is not None}
        asked = sorted(name for name in names if name in current)
        answers = await asyncio.gather(*(self._left(services[name], current[name]) for name in asked))
        return {name: answer for name, answer in zip(asked, answers, strict=True) if answer is not None}

    async def _left(self, service: Service, version: Version) -> frozenset[Duty] | None:
        """What the runtime says of this service now; `None` where it cannot be asked."""
        release, runtime = service.release(version), self._runtime(service)
        if release is None or runtime is None:
            return None
        try:
            async with asyncio.timeout(_LIMIT):
                findings = await runtime.preflight(service, release)
        except (TimeoutError, IntegrationError):
            return None
        return frozenset(finding.leaves for finding in findings if finding.leaves is not None)
