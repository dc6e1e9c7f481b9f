"""A runtime over a fake cluster on loopback."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.listening import stop_listening
from integrations.kubernetes import KubernetesRuntime
from integrations.kubernetes.access import Access
from integrations.kubernetes.auth import fixed_token
from planner.facts import Release, Service
from tests.integrations.kubernetes.fake_cluster import FakeCluster

OLDER = Release(version="1.4.2", artifact="shop/order:1.4.2")
NEWER = Release(version="2.0.0", artifact="shop/order:2.0.0")


def service(name: str = "order-service", **settings) -> Service:
    return Service(name=name, runtime={"kind": "kubernetes", "namespace": "shop", **settings}, releases=(OLDER, NEWER))


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
async def access(cluster: FakeCluster) -> AsyncIterator[Access]:
    runner = web.AppRunner(cluster.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Access(
        server=f"http://127.0.0.1:{runner.addresses[0][1]}",
        trust=False,
        auth=fixed_token(cluster.token),
        namespace="default",
        source="test",
    )
    await stop_listening(runner)


@pytest.fixture
async def runtime(access: Access) -> AsyncIterator[KubernetesRuntime]:
    found = KubernetesRuntime(access=lambda context: access, timeout=2.0)
    yield found
    await found.close()
