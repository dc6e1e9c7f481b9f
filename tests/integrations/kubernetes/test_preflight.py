"""What is found before anybody approves: who else changes it, what is missing, what we may not do, what would not move."""

import pytest

from integrations.errors import Rejected
from integrations.protocols import FindingLevel
from planner.facts import Service
from tests.integrations.kubernetes.conftest import NEWER, OLDER, service

KINDS = ["deployment", "statefulset", "daemonset"]


@pytest.fixture(params=KINDS)
def shop(request, cluster) -> Service:
    """A service that went from the older release to the newer one."""
    getattr(cluster, request.param)("order-service", OLDER.artifact)
    cluster.roll(f"{request.param}s", "order-service", NEWER.artifact)
    return service(workload=request.param)


async def found(runtime, shop, to=OLDER):
    return {(finding.level, finding.text) for finding in await runtime.preflight(shop, to)}


async def test_preflight_says_who_else_changes_it(shop, runtime, cluster):
    body = cluster.objects[f"{shop.runtime['workload']}s", "order-service"]
    body["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "shop-prod:apps/Deployment:shop/order-service"}
    body["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm", "kustomize.toolkit.fluxcd.io/name": "shop"}
    cluster.put("horizontalpodautoscalers", "order", spec={"scaleTargetRef": {"kind": body["kind"], "name": "order-service"}})
    cluster.put("canaries", "order-canary", spec={"targetRef": {"kind": body["kind"], "name": "order-service"}})
    cluster.put("canaries", "other", spec={"targetRef": {"kind": body["kind"], "name": "search"}})
    cluster.put("rollouts", "order-rollout", spec={"workloadRef": {"kind": body["kind"], "name": "order-service"}})
    texts = "\n".join(text for level, text in await found(runtime, shop) if level is FindingLevel.WARN)
    for word in (
        "Argo CD application shop-prod",
        "Flux",
        "Helm",
        "autoscaler order",
        "Flagger canary order-canary",
        "Argo Rollout order-rollout",
    ):
        assert word in texts
    assert "other" not in texts


async def test_preflight_asks_the_cluster_what_we_may_do(shop, runtime, cluster):
    plural = f"{shop.runtime['workload']}s"
    assert not [text for _, text in await found(runtime, shop) if "may not" in text]
    cluster.denied = {("patch", plural), ("get", "pods/log")}
    said = await found(runtime, shop)
    role = "deploy/kubernetes/rbac.yaml has the role that gives it"
    block = f"order-service: Rollbot may not patch {plural} in shop, so it cannot be rolled back; {role}"
    assert (FindingLevel.BLOCK, block) in said
    assert [level for level, text in said if "pods/log" in text] == [FindingLevel.WARN]
    assert not cluster.patches


async def test_deleting_pods_is_a_right_that_only_a_stateful_set_asks_for(shop, runtime, cluster):
    cluster.denied = {("delete", "pods")}
    texts = [text for _, text in await found(runtime, shop) if "may not delete pods" in text]
    assert len(texts) == (shop.runtime["workload"] == "statefulset")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"paused": True}, "is paused"),
        ({"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
        ({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}, "partition of 1"),
    ],
)
async def test_preflight_blocks_what_would_not_move(cluster, runtime, spec, says):
    kind = "deployment" if "paused" in spec else "statefulset"
    getattr(cluster, kind)("order-service", NEWER.artifact)
    cluster.objects[f"{kind}s", "order-service"]["spec"].update(spec)
    blocks = [text for level, text in await found(runtime, service(workload=kind)) if level is FindingLevel.BLOCK]
    assert says in blocks[0]
    with pytest.raises(Rejected, match=says):
        await runtime.apply(service(workload=kind), OLDER, expect="2.0.0", key="k")
    assert not cluster.patches


async def test_preflight_finds_what_the_old_template_needs_and_is_gone(cluster, runtime):
    body = cluster.deployment("order-service", OLDER.artifact)
    body["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "order-v1"}}]
    body["spec"]["template"]["spec"]["volumes"] = [{"name": "keys", "secret": {"secretName": "order-keys"}}]
    cluster.touch(body, spec=True)
    cluster.settle("deployments", "order-service")
    del body["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.put("secrets", "order-keys")
    blocks = [text for level, text in await found(runtime, service()) if level is FindingLevel.BLOCK]
    assert blocks == ["order-service: configmap order-v1 is gone, and 1.4.2 needs it"]


async def test_preflight_changes_nothing(shop, runtime, cluster):
    await runtime.preflight(shop, OLDER)
    assert not cluster.patches
    assert any("dryRun=All" in request for request in cluster.requests)
