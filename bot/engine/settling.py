"""The settle watch: after a run has ended, look now and then whether what it did stays so. Changes nothing outside.

The log says when to look next, so a restart goes on where the last worker was.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.engine.measuring import glance, readings
from bot.fencing import WatchLog
from commands.ports import Surveyor
from integrations.errors import IntegrationError
from integrations.protocols import Catalog, CatalogFacts, Probe, Runtime
from planner.facts import Service
from planner.healthy_window import with_windows
from planner.names import RunId, ServiceName, Version
from planner.neighbours import around
from planner.run import Run
from planner.verdict import Verdict
from planner.watch import Watch, judge_watch, looked
from planner.watch_events import Reading

_LOOKS = 4
"""How often it is looked again whether a release runs, where it does not seem to: pods are moved about, which is no fault."""
_PATIENCE = 30.0
"""Seconds for all checks of one look."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a survey knows of services, as a catalog: for those who have no other."""

    survey: Surveyor

    async def load(self) -> CatalogFacts:
        """Its services."""
        return CatalogFacts(services=(await self.survey()).services)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookout:
    """Looks after finished runs. Only what is watched is asked, not the whole world, for it looks often.

    `poll` is how many seconds pass before it is looked again at what does not seem to run.
    """

    log: WatchLog
    catalog: Catalog
    runtimes: Mapping[str, Runtime]
    probes: Mapping[str, Probe]
    now: Callable[[], datetime]
    poll: float = 1.0

    async def look(self, run: Run) -> datetime | None:
        """Look, if it is time; when to look next, `None` where the watch is over."""
        watch = await self.log.watch(run.id)
        if watch is None or watch.ended is not None:
            return None
        if self.now() < watch.next_look:
            return watch.next_look
        gone = await self._taken_over(watch)
        watch = replace(watch, gone=watch.gone | set(gone))
        found = await self._read(run, watch)
        at = self.now()
        event = looked(watch, found, gone)
        watch = replace(watch, looks=watch.looks + 1, looked_at=at)
        before = run.baseline.readings if run.baseline else ()
        end = judge_watch(watch, found, before, at)
        await self.log.note_watch(event, end)
        return watch.next_look if end is None else None

    async def _taken_over(self, watch: Watch) -> list[ServiceName]:
        """What another run moves now, or has moved since: that is its business, not this watch's."""
        others = {h.service for h in await self.log.holders(watch.watched) if h.run is not None and h.run != watch.run}
        others |= {hold.service for hold in await self.log.deploy_holds() if _later(hold.run, watch.run)}
        return [name for name in watch.watched if name in others]

    async def _read(self, run: Run, watch: Watch) -> tuple[Reading, ...]:
        try:
            services = (await self.catalog.load()).services
        except IntegrationError as error:
            return tuple(
                Reading(service=name, check="", verdict=Verdict.INCONCLUSIVE, because=f"the catalog cannot be had: {error}")
                for name in watch.watched
            )
        identities = await asyncio.gather(*(self._runs(services, name, watch.running[name]) for name in watch.watched))
        near = around({move.service for move in run.plan.moves}, services)
        others = sorted({other for name in watch.watched for other in near.get(name, ())})
        services = with_windows(services, watch.running)
        checks = await readings(services, (*watch.watched, *others), glance, _PATIENCE, self.probes)
        return (*identities, *checks)

    async def _runs(self, services: Mapping[ServiceName, Service], name: ServiceName, version: Version) -> Reading:
        """Whether this release still is what runs."""
        service = services.get(name)
        release = service.release(version) if service else None
        runtime = self.runtimes.get(str((service.runtime or {}).get("kind", ""))) if service else None
        if service is None or release is None or runtime is None:
            return _said(name, Verdict.INCONCLUSIVE, f"{version} or its runtime is no longer in the catalog")
        answer = _said(name, Verdict.INCONCLUSIVE, "it was not looked at")
        for turn in range(_LOOKS):
            if turn:
                await asyncio.sleep(self.poll)
            try:
                seen = await runtime.observe(service, release, key="")
            except IntegrationError as error:
                answer = _said(name, Verdict.INCONCLUSIVE, f"what runs could not be asked: {error}")
                continue
            if seen.running == version and not seen.old_left:
                return _said(name, Verdict.PASS, f"{version} runs")
            if seen.running == version:
                answer = _said(name, Verdict.FAIL, f"{seen.old_left} of another release than {version} run beside it")
            elif seen.running is None:
                answer = _said(name, Verdict.FAIL, f"nothing answers, {version} should run. {seen.detail}".rstrip())
            else:
                answer = _said(name, Verdict.FAIL, f"{seen.running} runs, {version} should: somebody or something deployed it")
        return answer


def _said(service: ServiceName, verdict: Verdict, because: str) -> Reading:
    return Reading(service=service, check="", verdict=verdict, because=because)


def _later(one: RunId, than: RunId) -> bool:
    return int(one.removeprefix("r")) > int(than.removeprefix("r"))
