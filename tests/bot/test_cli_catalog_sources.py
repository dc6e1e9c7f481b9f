"""`rollbot catalog import` from systems that answer: each source by the command line alone, over its stateful fake."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.listening import stop_listening
from integrations.catalog_file import read_catalog
from planner.plan import Plan, Request
from planner.planning import make_plan
from planner.snapshot import from_catalog
from tests.integrations.consul.fake_consul import FakeConsul
from tests.integrations.fake_series import FakeSeries
from tests.integrations.kubernetes.fake_cluster import FakeCluster

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: here
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
users: [{{name: u, user: {{token: {token}}}}}]
contexts: [{{name: here, context: {{cluster: c, user: u, namespace: shop}}}}]
"""


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await stop_listening(runner)


async def imported(folder: Path, *words: str, **environment: str) -> str:
    """What it said; it must have gone well."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBOT_")}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "catalog", "import", *words, "--catalog", str(folder / "services.yaml"), "--write"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**inherited, **environment},
    )
    said, wrong = (text.decode() for text in await child.communicate())
    assert (child.returncode, wrong) == (0, ""), wrong
    return said


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[FakeCluster]:
    fake = FakeCluster()
    for name, version in (("payment", "1.0.0"), ("order", "1.4.2")):
        fake.deployment(name, f"shop/{name}:{version}")
    for name in ("payment", "order"):
        fake.roll("deployments", name, f"shop/{name}:2.0.0")
    async with serving(fake.app()) as server:
        (tmp_path / "kubeconfig").write_text(KUBECONFIG.format(server=server, token=fake.token))
        yield fake


async def test_a_catalog_grows_from_nothing_and_a_plan_says_what_it_stands_on(tmp_path, cluster):
    said = await imported(tmp_path, "--from", "kubernetes", KUBECONFIG=str(tmp_path / "kubeconfig"))
    assert "+ order: current 2.0.0; runtime kubernetes; 2 releases (1.4.2, 2.0.0)" in said
    assert cluster.token not in said
    assert all(request.startswith("GET ") for request in cluster.requests)

    series = FakeSeries()
    series.count("traces_service_graph_request_total", 720, client="order", server="payment")
    series.count("traces_service_graph_request_total", 72, client="order", server="paymnt")
    async with serving(series.app()) as url:
        said = await imported(tmp_path, "--from", "prometheus", ROLLBOT_PROMETHEUS_URL=url)
    assert "~ order: depends on payment (0.2/s, seen 2026-09-21 14:13)" in said
    assert "If it is payment, say --alias paymnt=payment." in said

    consul = FakeConsul("node-a")
    url = await consul.start()
    await consul.register("node-a", "order", "order-1", "2.0.0")
    said = await imported(tmp_path, "--from", "consul", "--no-new", ROLLBOT_CONSUL_URL=url, ROLLBOT_CONSUL_TOKEN=consul.token)
    await consul.stop()
    assert "~ order: registry consul" in said
    assert consul.token not in said + (tmp_path / "services.yaml").read_text()

    services = read_catalog(tmp_path / "services.yaml").services
    assert services["order"].registry == {"kind": "consul"}
    plan = make_plan(Request(service="order"), from_catalog(services))
    assert isinstance(plan, Plan)
    assert [(footing.origin, footing.source, footing.some) for footing in plan.stands_on] == [
        ("observed", "prometheus", ("order -> payment",))
    ]
    assert {move.service: move.to_version for move in plan.moves} == {"order": "1.4.2", "payment": "1.0.0"}


async def test_taking_over_again_tells_only_what_is_new(tmp_path, cluster):
    kubeconfig = str(tmp_path / "kubeconfig")
    await imported(tmp_path, "--from", "kubernetes", KUBECONFIG=kubeconfig)
    text = (tmp_path / "services.yaml").read_text()
    assert "Nothing to write" in await imported(tmp_path, "--from", "kubernetes", KUBECONFIG=kubeconfig)
    assert (tmp_path / "services.yaml").read_text() == text
    cluster.roll("deployments", "order", "shop/order:2.1.0")
    said = await imported(tmp_path, "--from", "kubernetes", KUBECONFIG=kubeconfig)
    assert "~ order: current 2.0.0 -> 2.1.0; 1 release (2.1.0)" in said
