"""Puts the pieces together, and holds no logic of its own: settings in, a working bot out."""

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.anchor import anchor_at
from bot.engine.duties import Duties
from bot.engine.jobs import Jobs
from bot.engine.steps import Pace
from bot.engine.worker import Worker
from bot.live_sources import sources
from bot.memory import Memory, copies, remember, signer
from bot.settings import Settings
from bot.store.audit_anchor import Notary
from bot.store.connect import Store, engine_pool
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from bot.store.views import Views
from bot.together import Together
from commands.ports import Desk
from commands.record import Record
from integrations.catalog_file import CatalogFile
from integrations.command_probe import CommandProbe
from integrations.consul import ConsulRegistry
from integrations.http_probe import HttpProbe
from integrations.kubernetes import KubernetesRuntime
from integrations.live_catalog import LiveCatalog
from integrations.local_process import LocalProcessRuntime
from integrations.preflight import preflight
from integrations.prometheus_probe import PrometheusProbe
from integrations.protocols import Catalog, Finding, Probe, Registry, Runtime
from integrations.read_only import ReadOnly, ReadOnlyRegistry
from integrations.survey import survey
from integrations.symptoms import Examined, examine
from integrations.tcp_probe import TcpProbe
from planner.facts import Service
from planner.names import ServiceName, Version
from planner.plan import Plan
from planner.snapshot import Snapshot, with_proven

LIVE_LIMIT = 10.0
"""Seconds for a live catalog to answer; what it said before is used where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Looks at the world: catalog, runtimes, memory of bad versions. Implements `commands.ports.Surveyor`."""

    catalog: Catalog
    runtimes: Mapping[str, Runtime]
    runs: RunLog
    limit: float
    record: Record
    now: Callable[[], datetime]

    async def __call__(self) -> Snapshot:
        """All facts now."""
        bad: dict[ServiceName, dict[Version, str]] = {}
        for version in await self.runs.bad_versions():
            bad.setdefault(version.service, {})[version.version] = version.reason
        seen = await survey(self.catalog, self.runtimes, bad, limit=self.limit)
        now = self.now()
        known = with_proven(seen, await self.record.proven())
        return replace(known, rates=await self.record.rates(now), taken_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The pieces of a running bot."""

    settings: Settings
    store: Store
    keys: Keys
    runs: RunLog
    views: Views
    jobs: Jobs
    worker: Worker
    duties: Duties
    desk: Desk


def runtimes(settings: Settings) -> dict[str, Runtime]:
    """Every runtime adapter by the `kind` that catalogs name it with."""
    return {"local_process": LocalProcessRuntime(settings.state_dir.resolve()), "kubernetes": KubernetesRuntime()}


def catalog(settings: Settings, now: Callable[[], datetime]) -> Catalog:
    """The catalog file, with the live catalogs that the settings name. `now` gives the time in UTC."""
    file = CatalogFile(settings.catalog)
    others = sources(settings)
    return LiveCatalog(file, others, limit=LIVE_LIMIT, now=now) if others else file


def registries(settings: Settings) -> dict[str, Registry]:
    """Every registry adapter by the `kind` that catalogs name it with."""
    token = settings.consul_token.get_secret_value() if settings.consul_token is not None else None
    return {"consul": ConsulRegistry(settings.consul_url, token)}


def probes(settings: Settings) -> dict[str, Probe]:
    """Every probe by the name that checks call it with."""
    return {
        "http": HttpProbe(),
        "tcp": TcpProbe(),
        "command": CommandProbe(),
        "prometheus": PrometheusProbe(settings.prometheus_url),
    }


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Parts]:
    """A bot without its door: store, engine, desk. Starts the embedded store where no other is named. Raises `CannotStart`."""
    async with AsyncExitStack() as stack:
        memory = await stack.enter_async_context(remember(settings))
        store, keys, runs = memory.store, memory.keys, memory.runs
        jobs = await stack.enter_async_context(_jobs(settings, memory).open())
        systems = runtimes(settings)
        for system in systems.values():
            if isinstance(system, KubernetesRuntime):
                stack.push_async_callback(system.close)
        finders = registries(settings)
        for finder in finders.values():
            if isinstance(finder, ConsulRegistry):
                stack.push_async_callback(finder.close)
        if settings.read_only:
            systems = {kind: ReadOnly(system) for kind, system in systems.items()}
            finders = {kind: ReadOnlyRegistry(finder) for kind, finder in finders.items()}
        listed = catalog(settings, memory.now)
        world = World(
            catalog=listed,
            runtimes=systems,
            runs=runs,
            limit=settings.survey,
            record=Record(runs, settings.max_parallel),
            now=memory.now,
        )
        measuring = probes(settings)
        worker = Worker(
            runs=runs,
            leases=Leases(store, keys, replicas=copies(settings)),
            survey=world,
            runtimes=systems,
            registries=finders,
            probes=measuring,
            now=memory.now,
            max_parallel=settings.max_parallel,
            pace=Pace(stable=settings.stable, converge=settings.converge, baseline=settings.baseline, settle=settings.settle),
            name=f"{socket.gethostname()}-{os.getpid()}",
            read_only=settings.read_only,
            catalog=listed,
        )
        desk = Desk(
            runs=runs,
            wake=jobs,
            survey=Together(world),
            preflight=partial(_preflight, runtimes=systems, registries=finders, limit=settings.survey),
            examine=partial(_examine, probes=measuring, limit=settings.survey),
            policy=settings.policy.policy(),
            now=memory.now,
            environment=settings.environment,
            read_only=settings.read_only,
        )
        yield Parts(
            settings=settings,
            store=store,
            keys=keys,
            runs=runs,
            views=Views(store, keys),
            jobs=jobs,
            worker=worker,
            duties=Duties(log=runs, catalog=listed, runtimes=systems, registries=finders, now=memory.now),
            desk=desk,
        )


def _jobs(settings: Settings, memory: Memory) -> Jobs:
    return Jobs(memory.url, memory.keys.jobs, _notary(settings, memory), engine_pool(memory.url, memory.keys.tag))


def _notary(settings: Settings, memory: Memory) -> Notary | None:
    """What has heads of the log written down outside; `None` where no place is named."""
    if settings.audit_anchor is None:
        return None
    anchor = anchor_at(settings.audit_anchor.get_secret_value())
    return Notary(store=memory.store, keys=memory.keys, anchor=anchor, signer=signer(settings), now=memory.now)


async def _preflight(
    plan: Plan, world: Snapshot, *, runtimes: Mapping[str, Runtime], registries: Mapping[str, Registry], limit: float
) -> tuple[Finding, ...]:
    return await preflight(plan, world, runtimes, registries, limit=limit)


async def _examine(services: Sequence[Service], *, probes: Mapping[str, Probe], limit: float) -> Examined:
    return await examine(services, probes, limit=limit)


def forget_secrets() -> None:
    """Take the secrets out of the environment once they were read: the processes that Rollbot starts must not inherit them."""
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_CLIENT_SECRET",
        "ROLLBOT_REDIS_URL",
        "ROLLBOT_AUDIT_KEY",
        "ROLLBOT_TOKEN_KEY",
        "ROLLBOT_OPS_TOKEN",
        "ROLLBOT_AUDIT_ANCHOR",
        "ROLLBOT_CONSUL_TOKEN",
    ):
        os.environ.pop(name, None)
