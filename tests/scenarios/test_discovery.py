"""A rollback of services that others find through Consul: what people see, and who could be sent where at each moment."""

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


async def with_consul(folder: Path):
    folder.mkdir(exist_ok=True)
    consul = FakeConsul("node-a")
    url = await consul.start()
    return consul, {"ROLLBOT_CONSUL_URL": url, "ROLLBOT_CONSUL_TOKEN": consul.token}


async def test_out_of_discovery_before_it_stops_and_in_it_before_it_is_done(tmp_path):
    consul, settings = await with_consul(tmp_path)
    try:
        async with world(tmp_path, **settings) as w:
            await open_registry(w, consul)
            consul.requests.clear()
            thread = await w.finished(await w.approved_plan())
            assert settled(consul)
            assert w.starts() == STARTED_ONCE
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
            assert consul.token not in w.log.read_text() + thread
    finally:
        await consul.stop()


async def test_killed_right_after_the_drain_nobody_is_left_out_of_discovery(tmp_path):
    consul, settings = await with_consul(tmp_path)
    try:
        async with world(tmp_path, **settings) as w:
            await open_registry(w, consul)
            w.way("payment-service@3.0.0", "slow")
            ts = await w.approved_plan()
            await poll("the drain", lambda: consul.find("payment-service-1@node-a").reason is not None)
            await w.kill_bot()
            w.way("payment-service@3.0.0")
            assert consul.find("payment-service-1@node-a").reason is not None
            await w.start_bot(**settings)
            await w.finished(ts)
            assert settled(consul)
            assert w.starts() == STARTED_ONCE
    finally:
        await consul.stop()
