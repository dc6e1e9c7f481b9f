"""Workloads as a catalog: names by labels, owner, images as versions, history, and the way to run them."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from integrations.errors import Rejected, Unavailable
from integrations.kubernetes import KubernetesCatalog, KubernetesRuntime
from integrations.kubernetes.access import Access
from planner.plan import Plan, Request
from planner.planning import make_plan
from planner.snapshot import from_catalog
from tests.integrations.catalog_contract import CatalogContract, CatalogWorld
from tests.integrations.kubernetes.fake_cluster import FakeCluster
from tests.integrations.kubernetes.real_cluster import KUBECONFIG, real_cluster


@pytest.fixture
def access(access: Access) -> Access:
    """The same cluster; services that name no namespace are in the shop's."""
    return replace(access, namespace="shop")


def catalog(access: Access, **options) -> KubernetesCatalog:
    return KubernetesCatalog(access=lambda context: access, timeout=2.0, **options)


def label(cluster: FakeCluster, name: str, plural: str = "deployments", **labels: str) -> None:
    found = cluster.objects[plural, name]["metadata"].setdefault("labels", {})
    found.update({key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()})


class TestContract(CatalogContract):
    @pytest.fixture
    def catalog_world(self, cluster: FakeCluster, access: Access) -> CatalogWorld:
        cluster.deployment("order", "shop/order:1.4.2")
        cluster.roll("deployments", "order", "shop/order:2.0.0")
        cluster.deployment("payment", "shop/payment:1.0.0")
        nowhere = Access(server="http://127.0.0.1:9", trust=False, auth=None, namespace="shop", source="test")
        return CatalogWorld(catalog=catalog(access), gone=catalog(nowhere), source="kubernetes", edges=False)


@pytest.mark.skipif(not os.environ.get(KUBECONFIG), reason=f"{KUBECONFIG} names no cluster")
class TestRealContract(CatalogContract):
    @pytest.fixture
    async def catalog_world(self) -> AsyncIterator[CatalogWorld]:
        async with real_cluster() as cluster:
            for kind, name in (("deployment", "order"), ("statefulset", "payment")):
                await cluster.make(kind, name, "busybox:1.34")
                await cluster.roll(kind, name, "busybox:1.35")
            found = KubernetesCatalog(namespaces=[cluster.namespace], access=lambda context: cluster.access)
            nowhere = Access(server="http://127.0.0.1:9", trust=False, auth=None, namespace="shop", source="test")
            yield CatalogWorld(catalog=found, gone=catalog(nowhere), source="kubernetes", edges=False)

    async def test_history_and_the_way_to_run_it_are_the_clusters(self, catalog_world: CatalogWorld):
        services = (await catalog_world.catalog.load()).services
        for service, workload in ((services["order"], None), (services["payment"], "statefulset")):
            assert service.current == "1.35"
            assert [release.version for release in service.releases] == ["1.34", "1.35"]
            assert all(release.deployed_at is not None for release in service.releases)
            assert (service.runtime or {}).get("workload") == workload


async def test_a_plan_can_be_made_and_run_from_what_the_cluster_says(cluster, access):
    cluster.deployment("order", "shop/order:1.4.2")
    cluster.roll("deployments", "order", "shop/order:2.0.0")
    facts = await catalog(access).load()
    order = facts.services["order"]
    assert order.current == "2.0.0"
    assert order.runtime == {"kind": "kubernetes", "namespace": "shop"}
    assert [(release.version, release.artifact) for release in order.releases] == [
        ("1.4.2", "shop/order:1.4.2"),
        ("2.0.0", "shop/order:2.0.0"),
    ]
    assert all(release.deployed_at is not None for release in order.releases)
    plan = make_plan(Request(service="order"), from_catalog(facts.services))
    assert isinstance(plan, Plan)
    assert plan.target.to_version == "1.4.2"
    runtime = KubernetesRuntime(access=lambda context: access, timeout=2.0)
    assert await runtime.current(order) == "2.0.0"
    await runtime.close()


async def test_names_come_from_the_label_where_it_is_ones_own(cluster, access):
    cluster.deployment("shop-order-7f", "shop/order:2.0.0")
    label(cluster, "shop-order-7f", app_kubernetes_io__name="order")
    for name in ("web-a", "web-b"):
        cluster.deployment(name, "shop/web:1.0.0")
        label(cluster, name, app_kubernetes_io__name="web")
    cluster.objects["deployments", "shop-order-7f"]["metadata"]["labels"] = {"app.kubernetes.io/name": "order", "team": "orders"}
    for name in ("web-a", "web-b"):
        cluster.objects["deployments", name]["metadata"]["labels"] = {"app.kubernetes.io/name": "web"}
    cluster.statefulset("ledger", "shop/ledger:3.1.0")
    facts = await catalog(access).load()
    assert set(facts.services) == {"order", "web-a", "web-b", "ledger"}
    assert facts.services["order"].runtime == {"kind": "kubernetes", "name": "shop-order-7f", "namespace": "shop"}
    assert facts.services["order"].owner == "orders"
    assert facts.services["ledger"].runtime == {"kind": "kubernetes", "workload": "statefulset", "namespace": "shop"}


async def test_the_container_that_is_the_service_is_found_among_sidecars(cluster, access):
    body = cluster.deployment("order", "shop/order:2.0.0")
    containers = body["spec"]["template"]["spec"]["containers"]
    containers.insert(0, {"name": "istio-proxy", "image": "istio/proxyv2:1.20.0"})
    facts = await catalog(access).load()
    assert facts.services["order"].current == "2.0.0"
    assert (facts.services["order"].runtime or {})["container"] == "app"
    containers.append({"name": "helper", "image": "shop/helper:9"})
    containers[1]["image"] = "shop/orders-app:2.0.0"
    notes = "\n".join((await catalog(access).load()).warnings)
    assert "of its containers (app, helper) the first is taken" in notes


async def test_what_cannot_be_told_is_said(cluster, access):
    cluster.deployment("order", "shop/order:latest")
    cluster.objects["deployments", "order"]["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
    facts = await catalog(access).load()
    notes = "\n".join(facts.warnings)
    assert facts.services["order"].current is None
    assert "shop/deployment/order: its image shop/order:latest says no version" in notes
    assert "1 of them say that Helm manages them" in notes
    empty = await catalog(access, namespaces=["nothing-here"], selector="a=b").load()
    assert "there are no Deployments" in "\n".join(empty.warnings)


async def test_long_lists_come_page_by_page(cluster, access):
    cluster.page = 3
    for number in range(10):
        cluster.deployment(f"svc-{number}", f"shop/svc:{number}.0.0")
    facts = await catalog(access).load()
    assert len(facts.services) == 10
    assert sum("deployments" in request and "continue=" in request for request in cluster.requests) >= 3
    assert all(service.releases for service in facts.services.values())


async def test_without_the_right_to_see_history_there_is_everything_else(cluster, access):
    cluster.deployment("order", "shop/order:2.0.0")
    answer = cluster._list

    def only_workloads(plural, request):
        return web.json_response({"message": "no"}, status=403) if plural == "replicasets" else answer(plural, request)

    cluster._list = only_workloads
    order = (await catalog(access).load()).services["order"]
    assert [release.version for release in order.releases] == ["2.0.0"]


@pytest.mark.parametrize(("status", "error"), [(403, Rejected), (401, Rejected), (500, Unavailable), (429, Unavailable)])
async def test_a_cluster_that_says_no_is_not_an_empty_one(cluster, access, status, error):
    cluster.fail("GET", status, times=20)
    with pytest.raises(error):
        await catalog(access).load()
    # Nothing goes on asking with a client that is closed.
    assert not [task for task in asyncio.all_tasks() if "Cluster.list" in repr(task) or "_history" in repr(task)]
