"""Kubernetes keeps the contract of every runtime: on the fake, and on the cluster that ROLLBOT_TEST_KUBECONFIG names."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from integrations.kubernetes import KubernetesRuntime
from planner.facts import Release, Service
from tests.integrations.contract import RuntimeContract, World
from tests.integrations.kubernetes.conftest import NEWER, OLDER, service
from tests.integrations.kubernetes.fake_cluster import FakeCluster
from tests.integrations.kubernetes.real_cluster import KUBECONFIG, real_cluster

KINDS = ["deployment", "statefulset", "daemonset"]
IMAGES = [Release(version=f"1.{minor}.0", artifact=f"busybox:1.{minor}") for minor in (34, 35, 36)]


class TestFake(RuntimeContract):
    @pytest.fixture(params=KINDS)
    def world(self, request: pytest.FixtureRequest, cluster: FakeCluster, runtime: KubernetesRuntime) -> World:
        kind, plural = request.param, f"{request.param}s"
        getattr(cluster, kind)("order-service", OLDER.artifact)
        cluster.roll(plural, "order-service", NEWER.artifact)

        async def starts(shop: Service) -> int:
            return cluster.objects[plural, shop.name]["metadata"]["generation"]

        async def kill(shop: Service) -> None:
            cluster.broken[NEWER.artifact] = "CrashLoopBackOff"
            cluster.settle(plural, shop.name)

        return World(runtime=runtime, service=service(workload=kind), older=OLDER, newer=NEWER, starts=starts, kill=kill)


@pytest.mark.skipif(not os.environ.get(KUBECONFIG), reason=f"{KUBECONFIG} names no cluster")
class TestReal(RuntimeContract):
    @pytest.fixture(params=KINDS)
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[World]:
        kind = request.param
        async with real_cluster() as cluster:
            runtime = KubernetesRuntime(access=lambda context: cluster.access)
            settings = {"kind": "kubernetes", "namespace": cluster.namespace, "workload": kind}
            shop = Service(name="order-service", runtime=settings, releases=tuple(IMAGES))
            for image in IMAGES:
                await (cluster.roll if image is not IMAGES[0] else cluster.make)(kind, shop.name, image.artifact)

            async def starts(_: Service) -> int:
                return (await cluster.read(kind, shop.name))["metadata"]["generation"]

            async def kill(_: Service) -> None:
                if not cluster.plays:
                    pytest.skip("nothing here can make the pods of a cluster with nodes crash")
                cluster.broken[IMAGES[2].artifact] = "CrashLoopBackOff"
                async with asyncio.timeout(20):
                    while (await runtime.observe(shop, IMAGES[2], key="k")).running is not None:
                        await asyncio.sleep(0.1)

            yield World(runtime=runtime, service=shop, older=IMAGES[1], newer=IMAGES[2], starts=starts, kill=kill)
            await runtime.close()
