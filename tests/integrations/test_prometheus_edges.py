"""Edges from Prometheus: three kinds of series, each call counted once, nothing dropped in silence."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.listening import stop_listening
from integrations.errors import Rejected, Unavailable
from integrations.prometheus_edges import PrometheusEdges
from planner.facts import Edge, EdgeKind
from tests.integrations.catalog_contract import CatalogContract, CatalogWorld
from tests.integrations.fake_series import FakeSeries
from tests.integrations.local_process.conftest import free_port

GRAPH = "traces_service_graph_request_total"


@asynccontextmanager
async def serving(fake: FakeSeries) -> AsyncIterator[str]:
    runner = web.AppRunner(fake.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await stop_listening(runner)


async def load(fake: FakeSeries, **options):
    async with serving(fake) as url:
        return await PrometheusEdges(url, **options).load()


def edges(facts) -> dict[tuple[str, str], Edge]:
    return {(name, edge.service): edge for name, service in facts.services.items() for edge in service.depends_on}


class TestContract(CatalogContract):
    @pytest.fixture
    async def catalog_world(self) -> AsyncIterator[CatalogWorld]:
        fake = FakeSeries()
        fake.count(GRAPH, 360, client="order", server="payment")
        async with serving(fake) as url:
            gone = PrometheusEdges(f"http://127.0.0.1:{free_port()}")
            yield CatalogWorld(catalog=PrometheusEdges(url), gone=gone, source="prometheus")


async def test_a_service_graph_gives_rates_ages_and_kinds():
    fake = FakeSeries()
    fake.count(GRAPH, 3600, 1_790_000_000.4, client="order", server="payment", connection_type="")
    fake.count(GRAPH, 36, client="order", server="mail", connection_type="messaging_system")
    fake.count(GRAPH, 0, client="order", server="silent")
    facts = await load(fake)
    found = edges(facts)
    assert set(found) == {("order", "payment"), ("order", "mail")}
    payment = found["order", "payment"]
    assert (payment.rate, payment.window, payment.kind) == (1.0, 3600.0, EdgeKind.CALLS)
    assert payment.seen_at is not None and payment.seen_at.isoformat() == "2026-09-21T14:13:20+00:00"
    assert found["order", "mail"].kind is EdgeKind.PUBLISHES
    assert not facts.warnings


async def test_virtual_nodes_databases_and_odd_names_are_told_and_left_out():
    fake = FakeSeries()
    fake.count(GRAPH, 1, client="user", server="web", connection_type="virtual_node")
    fake.count(GRAPH, 1, client="unknown", server="web")
    fake.count(GRAPH, 1, client="order", server="orders-db", connection_type="database")
    fake.count(GRAPH, 1, client="order", server="Ünlaut")
    facts = await load(fake)
    notes = "\n".join(facts.warnings)
    assert not edges(facts)
    assert "user to web: one side is a virtual node (1 series)" in notes
    assert "orders-db is a database (1 series)" in notes
    assert "--alias 'Ünlaut=SERVICE'" in notes


async def test_istio_counts_each_call_once_whoever_reports_it():
    fake = FakeSeries()
    ends = {"source_workload": "order", "destination_workload": "payment"}
    fake.count("istio_requests_total", 720, reporter="source", response_code="200", **ends)
    fake.count("istio_requests_total", 300, reporter="destination", response_code="200", **ends)
    fake.count("istio_requests_total", 60, reporter="destination", response_code="500", **ends)
    fake.count("istio_requests_total", 700, reporter="waypoint", response_code="200", **ends)
    outside = {"destination_workload": "unknown", "destination_service_name": "mail"}
    fake.count("istio_requests_total", 36, reporter="source", source_workload="order", **outside)
    fake.count("istio_requests_total", 9, reporter="destination", source_workload="unknown", destination_workload="order")
    facts = await load(fake)
    found = edges(facts)
    assert {pair: edge.rate for pair, edge in found.items()} == {("order", "payment"): 0.1, ("order", "mail"): 0.01}
    assert "unknown to order: one side is not known to the mesh (1 series)" in "\n".join(facts.warnings)


async def test_linkerd_counts_outbound_calls_and_takes_requests_only_where_there_are_no_responses():
    fake = FakeSeries()
    fake.count("response_total", 36, direction="outbound", deployment="order", dst_deployment="payment")
    fake.count("request_total", 72, direction="outbound", deployment="order", dst_deployment="payment")
    fake.count("request_total", 36, direction="outbound", deployment="order", dst_statefulset="ledger")
    fake.count("response_total", 999, direction="inbound", deployment="order", dst_deployment="web")
    fake.count("response_total", 36, direction="outbound", deployment="order")
    facts = await load(fake)
    assert {pair: edge.rate for pair, edge in edges(facts).items()} == {("order", "payment"): 0.01, ("order", "ledger"): 0.01}
    assert "order to unknown: one side is not in the mesh (1 series)" in "\n".join(facts.warnings)


async def test_two_kinds_of_series_about_one_call_are_not_added_up():
    fake = FakeSeries()
    fake.count(GRAPH, 360, client="order", server="payment")
    fake.count("istio_requests_total", 360, reporter="destination", source_workload="order", destination_workload="payment")
    assert edges(await load(fake))["order", "payment"].rate == 0.1


async def test_names_of_traces_lead_to_those_of_the_catalog():
    fake = FakeSeries()
    fake.count(GRAPH, 36, client="OrderSvc", server="Payment.API")
    facts = await load(fake, alias={"OrderSvc": "order-service"})
    assert set(edges(facts)) == {("order-service", "payment-api")}


async def test_silence_and_missing_data_are_said():
    assert "counted no calls in the last 3600 s" in "\n".join((await load(FakeSeries())).warnings)
    fake = FakeSeries(warnings=["store gateway down"])
    fake.count(GRAPH, 36, client="a", server="b")
    assert "Prometheus warns that data is missing: store gateway down" in (await load(fake)).warnings


async def test_where_nobody_can_say_when_calls_came_they_are_as_old_as_the_window():
    fake = FakeSeries(refuses="timestamp(")
    fake.count(GRAPH, 36, client="order", server="payment")
    facts = await load(fake, window=3600.0)
    seen = edges(facts)["order", "payment"].seen_at
    assert seen is not None and seen.timestamp() == 1_790_000_100 - 3600
    assert any("they are as old as the window" in note for note in facts.warnings)


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (500, None, Unavailable, "answered 500"),
        (429, None, Unavailable, "slow down"),
        (401, None, Rejected, "does not let us"),
        (404, None, Rejected, "no such thing"),
        (422, None, Rejected, "answered 422"),
        (200, "<html>", Rejected, "is this its address"),
        (200, '{"status": "error"}', Rejected, "not Prometheus's own"),
        (200, '{"status": "success", "data": {"result": [{"metric": {}, "value": []}]}}', Rejected, "not Prometheus's own"),
    ],
)
async def test_every_answer_that_is_none_is_mapped(status, body, error, said):
    with pytest.raises(error, match=said):
        await load(FakeSeries(status=status, body=body))


async def test_no_password_of_an_address_is_in_a_message():
    with pytest.raises(Unavailable) as caught:
        await PrometheusEdges(f"http://ana:hunter22@127.0.0.1:{free_port()}").load()
    assert "hunter22" not in str(caught.value)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs a Prometheus server (Debian: apt install prometheus)")
async def test_real_counters_in_a_real_prometheus(tmp_path: Path):
    now = int(time.time())
    lines = ["# TYPE traces_service_graph_request counter"]
    for client, server, calls in (("web", "order", lambda m: 90 * m), ("order", "payment", lambda m: 60 * min(m, 30))):
        labels = f'client="{client}",server="{server}",instance="a"'
        lines += [f"{GRAPH}{{{labels}}} {calls(minute)} {now - 3600 + 60 * minute}" for minute in range(61)]
    (tmp_path / "metrics.txt").write_text("\n".join([*lines, "# EOF"]) + "\n")
    words = ["promtool", "tsdb", "create-blocks-from", "openmetrics", f"{tmp_path}/metrics.txt", f"{tmp_path}/data"]
    maker = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
    assert await maker.wait() == 0
    (tmp_path / "prometheus.yml").write_text("scrape_configs: []\n")
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    facts = await PrometheusEdges(f"http://127.0.0.1:{port}").load()
                except Unavailable:
                    await asyncio.sleep(0.1)
                    continue
                break
        found = edges(facts)
        assert set(found) == {("web", "order"), ("order", "payment")}
        assert found["web", "order"].rate == pytest.approx(1.5, rel=0.1)
        assert found["order", "payment"].rate == pytest.approx(0.5, rel=0.1)
        ages = {pair: now - edge.seen_at.timestamp() for pair, edge in found.items() if edge.seen_at}
        assert ages["web", "order"] < 180
        assert 1500 < ages["order", "payment"] < 1900
    finally:
        server.terminate()
        await server.wait()
