"""Puts the pieces together, and holds no logic of its own: settings in, a working bot out."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot import clock
from bot.engine.jobs import Jobs
from bot.engine.steps import Pace
from bot.engine.worker import Worker
from bot.ops import ops_site
from bot.settings import CannotStart, Settings
from bot.slack.door import Door, Shut
from bot.slack.live import Live
from bot.store.connect import STORE_DOWN, Store, connect
from bot.store.embedded import EmbeddedStore, EmbeddedStoreError
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from bot.store.views import Views
from commands.ports import Desk
from integrations.catalog_file import CatalogFile
from integrations.command_probe import CommandProbe
from integrations.http_probe import HttpProbe
from integrations.local_process import LocalProcessRuntime
from integrations.protocols import Catalog, Probe, Runtime
from integrations.survey import survey
from integrations.tcp_probe import TcpProbe
from planner.names import ServiceName, Version
from planner.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Looks at the world: catalog, runtimes, memory of bad versions. Implements `commands.ports.Surveyor`."""

    catalog: Catalog
    runtimes: Mapping[str, Runtime]
    runs: RunLog
    limit: float

    async def __call__(self) -> Snapshot:
        """All facts now."""
        bad: dict[ServiceName, dict[Version, str]] = {}
        for version in await self.runs.bad_versions():
            bad.setdefault(version.service, {})[version.version] = version.reason
        return await survey(self.catalog, self.runtimes, bad, limit=self.limit)


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
    desk: Desk


def runtimes(settings: Settings) -> dict[str, Runtime]:
    """Every runtime adapter by the `kind` that catalogs name it with."""
    return {"local_process": LocalProcessRuntime(settings.state_dir.resolve())}


def probes() -> dict[str, Probe]:
    """Every probe by the name that checks call it with."""
    return {"http": HttpProbe(), "tcp": TcpProbe(), "command": CommandProbe()}


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Parts]:
    """A bot without its door: store, engine, desk. Starts the embedded store where no other is named. Raises `CannotStart`."""
    async with AsyncExitStack() as stack:
        url = await _store_url(settings, stack)
        store = connect(url)
        stack.push_async_callback(store.aclose)
        keys = Keys(settings.environment)
        runs = RunLog(store, keys, clock.now)
        jobs = await stack.enter_async_context(Jobs(url, keys.jobs).open())
        systems = runtimes(settings)
        world = World(catalog=CatalogFile(settings.catalog), runtimes=systems, runs=runs, limit=settings.survey)
        worker = Worker(
            runs=runs,
            leases=Leases(store, keys),
            survey=world,
            runtimes=systems,
            probes=probes(),
            now=clock.now,
            max_parallel=settings.max_parallel,
            pace=Pace(stable=settings.stable, converge=settings.converge),
            name=f"{socket.gethostname()}-{os.getpid()}",
        )
        desk = Desk(
            runs=runs,
            wake=jobs,
            survey=world,
            policy=settings.policy.policy(),
            now=clock.now,
            environment=settings.environment,
        )
        yield Parts(
            settings=settings, store=store, keys=keys, runs=runs, views=Views(store, keys), jobs=jobs, worker=worker, desk=desk
        )


async def _store_url(settings: Settings, stack: AsyncExitStack) -> str:
    """The URL of a store that answers."""
    try:
        if settings.redis_url is None:
            return await stack.enter_async_context(EmbeddedStore(settings.state_dir).run())
        url = settings.redis_url.get_secret_value()
        store = connect(url, patient=False)
        try:
            await store.ping()
        finally:
            await store.aclose()
    except EmbeddedStoreError as error:
        raise CannotStart(str(error)) from error
    except (*STORE_DOWN, ValueError) as error:
        raise CannotStart(
            f"The store that ROLLBOT_REDIS_URL names does not answer ({type(error).__name__}). Is it running?"
        ) from error
    return url


async def serve(settings: Settings, *, hands: bool = True) -> None:
    """The bot behind its Slack door until cancelled; with `hands` it also carries out runs. Raises `CannotStart`."""
    forget_proxy(settings.slack_api_url)
    forget_secrets()
    async with assemble(settings) as parts:
        door = Door(
            desk=parts.desk,
            views=parts.views,
            bot_token=secret(settings.slack_bot_token),
            app_token=secret(settings.slack_app_token),
            api_url=settings.slack_api_url,
        )
        live = Live(
            desk=parts.desk,
            client=door.client,
            feed=parts.runs,
            views=parts.views,
            owner=parts.worker.name,
            edit_interval=settings.edit_interval,
        )
        try:
            try:
                await door.start()
            except Shut as shut:
                raise CannotStart(str(shut)) from shut
            async with _ops(settings, door, parts), asyncio.TaskGroup() as group:
                group.create_task(live.run(), name="live")
                if hands:
                    group.create_task(parts.jobs.work(parts.worker), name="hands")
        finally:
            await door.stop()


@asynccontextmanager
async def _ops(settings: Settings, door: Door, parts: Parts) -> AsyncIterator[None]:
    if settings.ops_port is None:
        yield
        return
    async with ops_site(settings.ops_host, settings.ops_port, {"slack": door.connected, "store": parts.store.ping}):
        yield


async def work(settings: Settings) -> None:
    """Hands for runs, and nothing else, until cancelled. Raises `CannotStart`."""
    forget_secrets()
    async with assemble(settings) as parts:
        await parts.jobs.work(parts.worker)


def forget_secrets() -> None:
    """Take the secrets out of the environment once they were read: the processes that Rollbot starts must not inherit them."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "ROLLBOT_REDIS_URL"):
        os.environ.pop(name, None)


def forget_proxy(api_url: str) -> None:
    """Keep a proxy out of the way of a Slack on this machine: the Slack SDK reads these variables and ignores NO_PROXY."""
    if urlsplit(api_url).hostname in {"127.0.0.1", "localhost", "::1"}:
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            os.environ.pop(name, None)


def secret(value: SecretStr | None) -> str:
    """The text of a secret setting; empty where it is not set."""
    return value.get_secret_value() if value is not None else ""
