"""A rollback in a cluster through Slack: what the bot says is what the cluster says, and a foreign change stops it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integrations.kubernetes.real_cluster import KUBECONFIG
from tests.scenarios.cluster_shop import KINDS, NOW, THEN, ClusterWorld, fake, real
from tests.scenarios.slack_values import RAJ, everything
from tests.scenarios.world import world

CLUSTERS = [
    pytest.param(fake, id="fake"),
    pytest.param(
        real, id="real", marks=pytest.mark.skipif(not os.environ.get(KUBECONFIG), reason=f"{KUBECONFIG} names no cluster")
    ),
]
pytestmark = pytest.mark.parametrize("where", CLUSTERS)


@asynccontextmanager
async def shop(where, folder: Path) -> AsyncIterator[ClusterWorld]:
    async with where(folder) as (cluster, kubeconfig):
        made = world(
            folder,
            shop=lambda folder, slack: ClusterWorld(folder, slack, cluster),
            KUBECONFIG=kubeconfig,
            ROLLBOT_CONVERGE="40s",
            ROLLBOT_SURVEY="10s",
        )
        async with made as w:
            assert isinstance(w, ClusterWorld)
            yield w


async def test_three_kinds_of_workloads_go_back_and_the_cluster_agrees(where, tmp_path):
    async with shop(where, tmp_path) as w:
        assert await w.images() == {name: w.image(name, version) for name, version in NOW.items()}
        await w.slack.command("order-service")
        ts = await w.slack.plan()
        plan = everything(w.slack.messages[ts])
        for name in KINDS:
            assert f"`{name}` {NOW[name]} → *{THEN[name]}*" in plan
        await w.slack.deliver("interactive", w.slack.press(ts, "Approve", RAJ))
        await w.slack.says(ts, "Finished")
        thread = await w.slack.tells(ts, "Audit:")
        assert await w.images() == {name: w.image(name, version) for name, version in THEN.items()}
        for name, kind in KINDS.items():
            for gate in ("identity", "converged", "stable"):
                assert f"✅ pass  {name}  {gate}" in thread
            pods = await w.cluster.pods(name)
            assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {w.image(name, THEN[name])}
            assert not [pod for pod in pods if pod["metadata"].get("deletionTimestamp")]
            body = await w.cluster.read(kind, name)
            assert body["metadata"]["annotations"]["rollbot/key"].startswith(f"r1:{name}:1:")
            assert body["spec"].get("replicas", 2) == 2


async def test_a_foreign_change_between_approval_and_run_stops_it(where, tmp_path):
    async with shop(where, tmp_path) as w:
        await w.stop_bot()
        more = {"KUBECONFIG": os.environ.get(KUBECONFIG, "") if where is real else str(tmp_path / "kubeconfig")}
        # Nobody carries anything out yet: there is time between the approval and the run.
        await w.start_bot("--no-worker", **more)
        ts = await w.approved_plan()
        await w.slack.told(RAJ, "It starts now")
        await w.cluster.roll("statefulset", "payment-service", w.image("payment-service", "2.1.0"))
        before = await w.generations()
        await w.stop_bot()
        await w.start_bot(**more)
        await w.slack.says(ts, "payment-service runs 2.1.0 now, not 3.0.0. Nothing was touched")
        assert await w.generations() == before
        assert (await w.images())["order-service"] == w.image("order-service", "2.0.0")


async def test_a_release_that_crashes_halts_the_run_and_is_said_with_its_reason(where, tmp_path):
    async with shop(where, tmp_path) as w:
        w.cluster.broken[w.image("ledger-service", THEN["ledger-service"])] = "CrashLoopBackOff"
        w.cluster.broken[w.image("order-service", THEN["order-service"])] = "CrashLoopBackOff"
        ts = await w.approved_plan()
        await w.slack.says(ts, "Retry")
        thread = await w.slack.tells(ts, "CrashLoopBackOff after 4 restarts, last exit code 3")
        assert "❌" in thread
        w.cluster.broken.clear()
        await w.slack.deliver("interactive", w.slack.press(ts, "Retry", RAJ))
        async with asyncio.timeout(60):
            await w.slack.says(ts, "Finished")
        assert await w.images() == {name: w.image(name, version) for name, version in THEN.items()}
