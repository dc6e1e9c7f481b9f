"""The demo shop does what its catalog says: pairs that should not work together really do not, and 2.0.0 is really broken."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo import catalog
from bot.demo.shop.world import Shop
from integrations.catalog_file import CatalogFile
from integrations.http_probe import HttpProbe
from planner.names import ServiceName, Version
from planner.plan import Plan, Request
from planner.planning import make_plan
from planner.snapshot import from_catalog
from planner.verdict import Outcome


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    found = Shop(tmp_path, first_port=None)
    try:
        await found.start()
        yield found
    finally:
        await found.stop()


async def _get(shop: Shop, name: str, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(shop.url(name) + path) as response:
        return response.status, await (response.json() if "json" in response.content_type else response.text())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.05)


async def _answers(shop: Shop, number: int) -> None:
    """Wait until customers got so many more answers."""
    assert shop.load
    before = shop.load.ok + shop.load.failed
    await _until(lambda: shop.load.ok + shop.load.failed >= before + number)


async def test_every_service_is_up_on_its_newest_release_and_tells_the_panel(shop: Shop):
    await _answers(shop, 5)
    await shop.panel()
    await _answers(shop, 15)
    seen = await shop.panel()
    assert {service["name"]: service["version"] for service in seen["services"]} == {
        name: catalog.newest(name) for name in catalog.SERVICES
    }
    assert {service["state"] for service in seen["services"]} == {"up"}
    sick = {service["name"] for service in seen["services"] if not service["healthy"]}
    assert sick == {"order-service", "web-front"}
    assert seen["load"]["ok"] > seen["load"]["failed"] > 0
    assert seen["load"]["incompatible"] == 0


async def test_the_newest_order_release_fails_every_third_checkout_and_shows_it(shop: Shop):
    assert shop.load
    await shop.load.stop()
    _, before = await _get(shop, "order-service", "/metrics")
    answers = [await _get(shop, "order-service", "/checkout") for _ in range(12)]
    failed = [body for status, body in answers if status == 500]
    assert len(failed) == 4
    assert "no loyalty account" in failed[0]["detail"]
    _, after = await _get(shop, "order-service", "/metrics")
    count = re.compile(r'errors_total\{service="order-service"\} (\d+)')
    assert int(count.search(after)[1]) - int(count.search(before)[1]) == 4


async def test_pairs_work_exactly_as_their_releases_require(shop: Shop):
    """Every order release against every payment release, for real."""
    assert shop.load
    await shop.load.stop()
    facts = await CatalogFile(shop.catalog).load()
    orders = facts.services[ServiceName("order-service")]
    now = {"order-service": "2.0.0", "payment-service": "3.0.0"}

    async def move(name: str, version: str) -> None:
        if now[name] != version:
            await shop.apply(name, version, expect=now[name])
            now[name] = version

    for payment in catalog.versions("payment-service"):
        await move("payment-service", payment)
        for order in catalog.versions("order-service"):
            await move("order-service", order)
            status, body = await _get(shop, "order-service", "/checkout")
            release = orders.release(Version(order))
            assert release
            should = release.requires[ServiceName("payment-service")].contains(Version(payment))
            assert (status, body.get("error")) == ((200, None) if should else (502, "incompatible")), (order, payment)


async def _plan(shop: Shop) -> Plan:
    facts = await CatalogFile(shop.catalog).load()
    running = {name: await shop.runtime.current(service) for name, service in facts.services.items()}
    plan = make_plan(Request(service=ServiceName("order-service")), from_catalog(facts.services, running))
    assert isinstance(plan, Plan), plan
    return plan


async def test_the_plan_from_its_catalog_moves_two_services_and_nothing_misunderstands_on_the_way(shop: Shop):
    plan = await _plan(shop)
    steps = [(move.service, move.to_version) for wave in plan.waves for name in wave if (move := plan.move(name))]
    assert steps == [("payment-service", "2.2.0"), ("order-service", "1.4.2")]
    assert not plan.hazards
    for name, version in steps:
        await _answers(shop, 10)
        await shop.apply(name, version, expect=catalog.newest(name))
    await _answers(shop, 20)
    assert shop.load
    failed = shop.load.failed
    await _answers(shop, 30)
    assert (shop.load.failed, shop.load.incompatible) == (failed, 0), shop.load.last_incompatible
    facts = await CatalogFile(shop.catalog).load()
    for service in facts.services.values():
        for check in service.checks:
            seen = await HttpProbe().measure(check)
            assert seen.outcome is Outcome.PASS, (check.name, seen.seen)


async def test_the_wrong_order_is_seen(shop: Shop):
    assert shop.load
    await shop.apply("order-service", "1.4.2", expect="2.0.0")
    await _until(lambda: shop.load.incompatible > 0)
    assert "order-service 1.4.2 speaks version 2" in shop.load.last_incompatible
    assert "payment-service 3.0.0 speaks 3" in shop.load.last_incompatible
    assert "were not understood" in (await shop.panel())["note"]


async def test_a_restart_takes_over_what_runs_and_fresh_puts_it_all_back(shop: Shop, tmp_path: Path):
    await shop.apply("payment-service", "2.2.0", expect="3.0.0")
    again = Shop(tmp_path, first_port=None)
    await again.start()
    assert again.load
    try:
        assert again.ports == shop.ports
        assert await again.runtime.current(again.service("payment-service")) == "2.2.0"
        await again.start(fresh=True)
        running = {name: await again.runtime.current(again.service(name)) for name in catalog.SERVICES}
        assert running == {name: catalog.newest(name) for name in catalog.SERVICES}
    finally:
        await again.load.stop()


async def test_a_strangers_port_is_left_to_the_stranger(tmp_path: Path):
    shop = Shop(tmp_path, first_port=None)
    await shop.start()
    await shop.stop()
    taken = shop.ports["order-service"]
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", taken)
    async with server:
        again = Shop(tmp_path, first_port=None)
        try:
            await again.start()
            assert again.ports["order-service"] != taken
            assert again.ports["ledger-service"] == shop.ports["ledger-service"]
            status, _ = await _get(again, "web-front", "/checkout")
            assert status in (200, 500)
        finally:
            await again.stop()


async def test_the_panel_can_be_asked_at_any_time(tmp_path: Path):
    shop = Shop(tmp_path, first_port=None)
    assert (await shop.panel())["services"] == []
    await shop.start()
    await shop.stop()
    assert {service["state"] for service in (await shop.panel())["services"]} == {"down"}


async def test_stopping_leaves_no_process(tmp_path: Path):
    shop = Shop(tmp_path, first_port=None)
    await shop.start()
    await shop.stop()
    assert [await shop.runtime.current(shop.service(name)) for name in catalog.SERVICES] == [None] * len(catalog.SERVICES)
