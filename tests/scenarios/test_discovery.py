"""A rollback of services that others find through Consul: what people see, and who could be sent where at each moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

from tests.integrations.consul.fake_consul import FakeConsul
from tests.scenarios.world import AFTER, BEFORE, STARTED_ONCE, World, poll, world

FOUND = ("order-service", "payment-service")


async def open_registry(w: World, consul: FakeConsul) -> None:
    """The services are registered as they run, register themselves when they start, and the catalog says so."""
    for name in FOUND:
        await consul.register("node-a", name, f"{name}-1", BEFORE[name])
    (w.ways / "registry").write_text(f"{consul.agents['node-a'].url} {consul.token}")
    catalog = yaml.safe_load(w.catalog.read_text())
    for service in catalog["services"]:
        if service["name"] in FOUND:
            service["registry"] = {"kind": "consul"}
    w.write_catalog(yaml.safe_dump(catalog))


def settled(consul: FakeConsul) -> bool:
    return all(
        (service.version, service.reason) == (AFTER[service.name], None) for service in consul.agents["node-a"].services.values()
    )


@asynccontextmanager
async def findable(folder: Path) -> AsyncIterator[tuple[World, FakeConsul, dict[str, str]]]:
    """A world whose services are found through Consul, and the settings that its bot was given for it."""
    consul = FakeConsul("node-a")
    settings = {"ROLLBOT_CONSUL_URL": await consul.start(), "ROLLBOT_CONSUL_TOKEN": consul.token}
    folder.mkdir()
    try:
        async with world(folder, **settings) as w:
            await open_registry(w, consul)
            yield w, consul, settings
            assert settled(consul)
            assert w.starts() == STARTED_ONCE
            assert consul.token not in w.log.read_text()
    finally:
        await consul.stop()


async def _undisturbed(folder: Path) -> None:
    async with findable(folder) as (w, consul, _):
        consul.requests.clear()
        thread = await w.finished(await w.approved_plan())
        for service in FOUND:
            moments = [
                f"{service}: taking {service}-1@node-a out of discovery",
                f"{service}: no other release can be found any more (1 instance out",
                f"{service}: {service}-1@node-a can be found again",
                f"✅ pass  {service}  identity",
            ]
            places = [thread.index(moment) for moment in moments]
            assert places == sorted(places)
        puts = [request.split("?")[0].rpartition("/")[2] for request in consul.requests if request.startswith("PUT")]
        assert puts == [
            *("payment-service-1", "register", "payment-service-1"),
            *("order-service-1", "register", "order-service-1"),
        ]
        assert "1 of 1 instances of 1.4.2 can be found and are passing" in thread
        assert consul.token not in thread


async def _killed_after_the_drain(folder: Path) -> None:
    async with findable(folder) as (w, consul, settings):
        w.way("payment-service@3.0.0", "slow")
        ts = await w.approved_plan()
        await poll("the drain", lambda: consul.find("payment-service-1@node-a").reason is not None)
        await w.kill_bot()
        assert consul.find("payment-service-1@node-a").reason is not None
        w.way("payment-service@3.0.0")
        await w.start_bot(**settings)
        await w.finished(ts)


async def test_out_of_discovery_before_it_stops_and_in_it_before_it_is_done_and_nobody_forgotten(tmp_path):
    async with asyncio.TaskGroup() as group:
        group.create_task(_undisturbed(tmp_path / "undisturbed"))
        group.create_task(_killed_after_the_drain(tmp_path / "killed"))
