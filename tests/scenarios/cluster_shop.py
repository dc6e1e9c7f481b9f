"""The same shop in a cluster: a Deployment, a StatefulSet and a DaemonSet of three releases each, the newest order broken.

The cluster is the fake one, served on loopback, or the one that ROLLBOT_TEST_KUBECONFIG names; the bot knows no difference.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import yaml
from aiohttp import web

from bot.listening import stop_listening
from tests.integrations.kubernetes.fake_cluster import FakeCluster
from tests.integrations.kubernetes.real_cluster import KUBECONFIG, RealCluster, real_cluster
from tests.scenarios.emulator import Slack
from tests.scenarios.world import World

Json = dict[str, Any]
KINDS = {"order-service": "deployment", "payment-service": "statefulset", "ledger-service": "daemonset"}
RELEASES = {
    "order-service": ("1.4.0", "1.4.2", "2.0.0"),
    "payment-service": ("2.1.0", "2.2.0", "3.0.0"),
    "ledger-service": ("1.0.0", "1.1.0", "2.0.0"),
}
NOW = {name: versions[2] for name, versions in RELEASES.items()}
THEN = {name: versions[1] for name, versions in RELEASES.items()}
_NEEDS = {
    "order-service": {"1.4.2": {"payment-service": "^2"}, "2.0.0": {"payment-service": ">=2 <4"}},
    "payment-service": {
        "2.1.0": {"ledger-service": "^1"},
        "2.2.0": {"ledger-service": "^1"},
        "3.0.0": {"ledger-service": ">=1 <3"},
    },
    "ledger-service": {},
}


def image(name: str, version: str) -> str:
    """The image of a release: small ones that every cluster can have."""
    return f"busybox:1.{34 + RELEASES[name].index(version)}"


class Cluster(Protocol):
    """What a scenario does to a cluster, and sees in it."""

    namespace: str
    broken: dict[str, str]

    async def make(self, kind: str, name: str, image: str) -> None:
        """A workload that has converged on this image."""
        ...

    async def roll(self, kind: str, name: str, image: str, *, settle: bool = True) -> None:
        """Somebody deploys another image."""
        ...

    async def read(self, kind: str, name: str) -> Json:
        """The workload as it is."""
        ...

    async def pods(self, name: str) -> list[Json]:
        """Its pods."""
        ...


class _Fake:
    """The fake cluster, asked like the real one."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster, self.namespace, self.broken = cluster, cluster.namespace, cluster.broken

    async def make(self, kind: str, name: str, image: str) -> None:
        getattr(self.cluster, kind)(name, image)

    async def roll(self, kind: str, name: str, image: str, *, settle: bool = True) -> None:
        self.cluster.roll(f"{kind}s", name, image, settle=settle)

    async def read(self, kind: str, name: str) -> Json:
        return self.cluster.objects[f"{kind}s", name]

    async def pods(self, name: str) -> list[Json]:
        return self.cluster.pods(name)


class ClusterWorld(World):
    """A world whose shop is in a cluster."""

    def __init__(self, folder: Path, slack: Slack, cluster: Cluster) -> None:
        super().__init__(folder, slack)
        self.cluster = cluster

    async def open_shop(self) -> None:
        """Every service has had its three releases; the newest of the order service crashes."""
        for name, versions in RELEASES.items():
            await self.cluster.make(KINDS[name], name, image(name, versions[0]))
            await self.cluster.roll(KINDS[name], name, image(name, versions[1]))
            if name != "order-service":
                await self.cluster.roll(KINDS[name], name, image(name, versions[2]))
        # All three have this image in turn: only from here on does it crash.
        self.cluster.broken[image("order-service", "2.0.0") + "-order"] = "CrashLoopBackOff"
        await self.cluster.roll("deployment", "order-service", self.image("order-service", "2.0.0"), settle=False)
        self.write_catalog()

    def image(self, name: str, version: str) -> str:
        """The image of a release; the broken one has a name of its own."""
        return image(name, version) + ("-order" if (name, version) == ("order-service", "2.0.0") else "")

    def write_catalog(self, text: str | None = None) -> None:
        """The catalog names the workloads."""
        services = [self._service(name) for name in RELEASES]
        self.catalog.write_text(text if text is not None else yaml.safe_dump({"version": 1, "services": services}))

    def _service(self, name: str) -> Json:
        releases = [
            {
                "version": version,
                "deployed_at": f"2026-11-{10 + day:02}T10:00:00Z",
                "artifact": self.image(name, version),
                "requires": _NEEDS[name].get(version, {}),
            }
            for day, version in enumerate(RELEASES[name])
        ]
        runtime = {"kind": "kubernetes", "workload": KINDS[name], "namespace": self.cluster.namespace}
        return {"name": name, "releases": releases, "runtime": runtime}

    async def images(self) -> dict[str, str]:
        """What each workload should run, by the cluster's own word."""
        return {
            name: (await self.cluster.read(kind, name))["spec"]["template"]["spec"]["containers"][0]["image"]
            for name, kind in KINDS.items()
        }

    async def generations(self) -> dict[str, int]:
        """How often each workload was told something else."""
        return {name: (await self.cluster.read(kind, name))["metadata"]["generation"] for name, kind in KINDS.items()}


@asynccontextmanager
async def fake(folder: Path) -> AsyncIterator[tuple[Cluster, str]]:
    """The fake cluster on loopback, and the kubeconfig for it."""
    cluster = FakeCluster()
    runner = web.AppRunner(cluster.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    path = folder / "kubeconfig"
    server = f"http://127.0.0.1:{runner.addresses[0][1]}"
    path.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "fake", "cluster": {"server": server}}],
                "users": [{"name": "bot", "user": {"token": cluster.token}}],
                "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "bot"}}],
                "current-context": "fake",
            }
        )
    )
    path.chmod(0o600)
    try:
        yield _Fake(cluster), str(path)
    finally:
        await stop_listening(runner)


@asynccontextmanager
async def real(folder: Path) -> AsyncIterator[tuple[Cluster, str]]:
    """The cluster that the variable names."""
    del folder
    async with real_cluster() as cluster:
        assert isinstance(cluster, RealCluster)
        yield cluster, os.environ[KUBECONFIG]
