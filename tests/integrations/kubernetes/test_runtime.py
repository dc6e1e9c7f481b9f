"""Kubernetes keeps the contract of every runtime, and its own traps are known."""

import pytest

from integrations.errors import Conflict, Rejected
from integrations.kubernetes import workload
from integrations.kubernetes.settings import Kind
from integrations.protocols import Phase
from planner.facts import Release, Service
from tests.integrations.contract import settled
from tests.integrations.kubernetes.conftest import NEWER, OLDER, service

KINDS = ["deployment", "statefulset", "daemonset"]


@pytest.fixture(params=KINDS)
def shop(request, cluster) -> Service:
    """A service that went from the older release to the newer one."""
    getattr(cluster, request.param)("order-service", OLDER.artifact)
    cluster.roll(f"{request.param}s", "order-service", NEWER.artifact)
    return service(workload=request.param)


async def test_it_knows_what_runs_and_what_ran(shop, runtime):
    assert await runtime.current(shop) == "2.0.0"
    assert [(r.version, r.artifact) for r in await runtime.releases(shop)] == [
        ("1.4.2", "shop/order:1.4.2"),
        ("2.0.0", "shop/order:2.0.0"),
    ]


async def test_a_release_is_put_back_and_converges(shop, runtime, cluster):
    await runtime.apply(shop, OLDER, expect="2.0.0", key="k1")
    first = await runtime.observe(shop, OLDER, key="k1")
    assert first.phase is Phase.PROGRESSING
    assert first.old_left > 0
    seen = await settled(runtime, shop, OLDER, "k1")
    assert (seen.phase, seen.running, seen.old_left, seen.restarts, seen.key) == (Phase.CONVERGED, "1.4.2", 0, 0, "k1")
    assert await runtime.current(shop) == "1.4.2"


async def test_the_same_key_again_changes_nothing(shop, runtime, cluster):
    for _ in range(3):
        await runtime.apply(shop, OLDER, expect="2.0.0", key="k1")
    assert len(cluster.patches) == 1
    assert await runtime.current(shop) == "1.4.2"


async def test_something_else_than_expected_is_a_conflict(shop, runtime, cluster):
    with pytest.raises(Conflict, match=r"runs 2\.0\.0, not 1\.9\.0"):
        await runtime.apply(shop, OLDER, expect="1.9.0", key="k1")
    assert not cluster.patches


async def test_a_change_between_reading_and_patching_is_a_conflict(shop, runtime, cluster, monkeypatch):
    original = cluster._patch

    async def meddled(plural, found, request):
        cluster.touch(found, spec=False)
        return await original(plural, found, request)

    monkeypatch.setattr(cluster, "_patch", meddled)
    with pytest.raises(Conflict):
        await runtime.apply(shop, OLDER, expect="2.0.0", key="k1")


async def test_replicas_and_foreign_annotations_stay(shop, runtime, cluster):
    body = cluster.objects[f"{shop.runtime['workload']}s", "order-service"]
    body["spec"]["replicas"] = 5  # a DaemonSet has none, and what it does not know stays too
    body["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "orders"}
    await runtime.apply(shop, OLDER, expect="2.0.0", key="k1")
    assert body["spec"]["replicas"] == 5
    assert body["metadata"]["annotations"]["team"] == "orders"
    assert body["metadata"]["annotations"][workload.KEY] == "k1"


async def test_the_whole_template_comes_back_not_only_the_image(cluster, runtime):
    cluster.deployment("order-service", "old")
    cluster.roll("deployments", "order-service", OLDER.artifact, environment={"TABLE": "v1"})
    cluster.roll("deployments", "order-service", NEWER.artifact, environment={"TABLE": "v2"})
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    template = cluster.objects["deployments", "order-service"]["spec"]["template"]
    assert template["spec"]["containers"][0]["env"] == [{"name": "TABLE", "value": "v1"}]
    assert "pod-template-hash" not in template["metadata"]["labels"]


async def test_rolling_back_renumbers_and_that_does_not_matter(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    for round_, (to, now) in enumerate([(OLDER, "2.0.0"), (NEWER, "1.4.2"), (OLDER, "2.0.0")]):
        await runtime.apply(service(), to, expect=now, key=f"k{round_}")
        assert (await settled(runtime, service(), to, f"k{round_}")).running == to.version


async def test_a_pod_that_never_starts_fails_fast_with_its_last_words(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.broken[OLDER.artifact] = "CrashLoopBackOff"
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    seen = await settled(runtime, service(), OLDER, "k1")
    assert seen.phase is Phase.FAILED
    assert "CrashLoopBackOff after 4 restarts, last exit code 3" in seen.detail
    assert "no such column" in seen.detail
    assert seen.running == "2.0.0"


async def test_a_crash_looping_release_is_rolled_back_from(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.broken[NEWER.artifact] = "CrashLoopBackOff"
    cluster.roll("deployments", "order-service", NEWER.artifact)
    assert await runtime.current(service()) == "2.0.0"
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    seen = await settled(runtime, service(), OLDER, "k1")
    assert (seen.phase, seen.running, seen.old_left) == (Phase.CONVERGED, "1.4.2", 0)


async def test_a_wedged_stateful_set_is_freed_after_the_patch(cluster, runtime):
    cluster.statefulset("order-service", OLDER.artifact)
    cluster.broken[NEWER.artifact] = "CrashLoopBackOff"
    cluster.roll("statefulsets", "order-service", NEWER.artifact)
    shop = service(workload="statefulset")
    await runtime.apply(shop, OLDER, expect="2.0.0", key="k1")
    seen = await settled(runtime, shop, OLDER, "k1")
    assert (seen.phase, seen.running, seen.old_left) == (Phase.CONVERGED, "1.4.2", 0)
    order = [request.split(" ")[0] for request in cluster.requests if request.startswith(("PATCH", "DELETE"))]
    assert order == ["PATCH", "DELETE"]


def test_a_deadline_that_passed_before_our_change_is_not_ours():
    body = {
        "metadata": {"generation": 3, "annotations": {workload.AT: "2026-11-23T12:00:00+00:00"}},
        "spec": {"replicas": 1},
        "status": {
            "observedGeneration": 3,
            "conditions": [
                {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "lastUpdateTime": "2026-11-23T11:59:00Z"}
            ],
        },
    }
    assert workload.progress(Kind.DEPLOYMENT, body)[0] is Phase.PROGRESSING
    body["status"]["conditions"][0]["lastUpdateTime"] = "2026-11-23T12:10:00Z"
    assert workload.progress(Kind.DEPLOYMENT, body)[0] is Phase.FAILED


async def test_a_controller_that_lags_is_waited_for(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.lag = 3
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    seen = await runtime.observe(service(), OLDER, key="k1")
    assert (seen.phase, seen.detail) == (Phase.PROGRESSING, "the controller has not seen the change yet")
    assert (await settled(runtime, service(), OLDER, "k1")).phase is Phase.CONVERGED


async def test_an_image_tells_its_release_by_digest_then_artifact_then_tag(cluster, runtime):
    digest = "sha256:" + "d" * 64
    pinned = Release(version="3.1.0", artifact=f"shop/order@{digest}")
    shop = Service(name="order-service", runtime={"kind": "kubernetes", "namespace": "shop"}, releases=(OLDER, NEWER, pinned))
    cluster.deployment("order-service", f"elsewhere/order:latest@{digest}")
    assert await runtime.current(shop) == "3.1.0"
    cluster.roll("deployments", "order-service", "mirror.example/order:v1.4.2")
    assert await runtime.current(shop) == "1.4.2"
    cluster.roll("deployments", "order-service", "shop/order:7.7.7")
    assert await runtime.current(shop) == "7.7.7"


async def test_a_release_whose_template_is_gone_gets_its_image_and_a_warning(cluster, runtime):
    cluster.deployment("order-service", NEWER.artifact)
    findings = await runtime.preflight(service(), OLDER)
    assert ["only the image is put back" in finding.text for finding in findings] == [True]
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    assert (await settled(runtime, service(), OLDER, "k1")).running == "1.4.2"


async def test_a_pod_whose_log_cannot_be_read_is_doomed_all_the_same(cluster, runtime):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.broken[OLDER.artifact] = "CrashLoopBackOff"
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    for status in (403, 429, 500):
        cluster.fail("GET", status, path="/log")
        seen = await settled(runtime, service(), OLDER, "k1")
        assert seen.detail.endswith("last exit code 3")


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"])
async def test_what_can_never_start_is_said_with_its_reason(cluster, runtime, reason):
    cluster.deployment("order-service", OLDER.artifact)
    cluster.roll("deployments", "order-service", NEWER.artifact)
    cluster.broken[OLDER.artifact] = reason
    await runtime.apply(service(), OLDER, expect="2.0.0", key="k1")
    seen = await settled(runtime, service(), OLDER, "k1")
    assert seen.phase is Phase.FAILED
    assert f"{reason}: it does not start" in seen.detail


async def test_a_workload_that_is_not_there_is_said_so(cluster, runtime):
    with pytest.raises(Rejected, match="there is no deployment shop/order-service"):
        await runtime.current(service())


async def test_which_container_is_the_service(cluster, runtime):
    body = cluster.deployment("order-service", NEWER.artifact)
    body["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": "mesh/proxy:9"})
    assert await runtime.current(service()) == "2.0.0"
    assert await runtime.current(service(container="proxy")) == "9"
    with pytest.raises(Rejected, match=r"there is no container 'web'; there are app, proxy"):
        await runtime.current(service(container="web"))
