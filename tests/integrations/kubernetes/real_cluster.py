"""A real cluster for the same tests as the fake: the one that ROLLBOT_TEST_KUBECONFIG names, in a namespace of its own.

Where the cluster has no node, a control plane alone, its nodes are played here: pods are bound, told to run or to crash as their
image says, and removed once they were told to end. What is then tested are the real API server and controllers.
"""

import asyncio
import contextlib
import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.kubernetes.access import Access, find_access

KUBECONFIG = "ROLLBOT_TEST_KUBECONFIG"
PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}
_NODES = ("rollbot-test-0", "rollbot-test-1")
_PATIENCE = 30.0
Json = dict[str, Any]


class RealCluster:
    """The namespace. `broken` are images whose pods never come up, with the reason they wait for; only played nodes know them."""

    def __init__(self, access: Access, client: httpx.AsyncClient, namespace: str) -> None:
        self.access = access
        self.namespace = namespace
        self.broken: dict[str, str] = {}
        self.plays = False
        self._client = client

    async def make(self, kind: str, name: str, image: str, replicas: int = 2, **spec: Any) -> None:
        """A workload that has converged on this image."""
        labels = {"app": name}
        container = {"name": "app", "image": image, "command": ["sleep", "100000"]}
        template = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}
        body: Json = {
            "apiVersion": "apps/v1",
            "kind": {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}[kind],
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
        }
        if kind != "daemonset":
            body["spec"]["replicas"] = replicas
        if kind == "statefulset":
            body["spec"]["serviceName"] = name
        await self.call("POST", f"/apis/apps/v1/namespaces/{self.namespace}/{PLURALS[kind]}", body)
        await self.settle(kind, name)

    async def roll(self, kind: str, name: str, image: str, *, settle: bool = True) -> None:
        """Somebody deploys another image."""
        change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}}
        await self.call("PATCH", self.path(kind, name), change, kind="application/strategic-merge-patch+json")
        if settle:
            await self.settle(kind, name)

    async def read(self, kind: str, name: str) -> Json:
        """The workload as it is."""
        return await self.call("GET", self.path(kind, name))

    async def pods(self, name: str | None = None) -> list[Json]:
        """The pods of a workload, or all."""
        of = "" if name is None else f"?labelSelector=app%3D{name}"
        listed = await self.call("GET", f"/api/v1/namespaces/{self.namespace}/pods{of}")
        found: list[Json] = listed["items"]
        return found

    async def settle(self, kind: str, name: str) -> None:
        """Wait until the controller has done what it was told, and no old pod is left."""
        async with asyncio.timeout(_PATIENCE):
            while not _settled(kind, await self.read(kind, name), await self.pods(name)):
                await asyncio.sleep(0.1)

    def path(self, kind: str, name: str) -> str:
        """Where the workload is."""
        return f"/apis/apps/v1/namespaces/{self.namespace}/{PLURALS[kind]}/{name}"

    async def call(self, method: str, path: str, body: Json | None = None, *, kind: str = "application/json") -> Json:
        """One request; an answer that is no success is an `httpx.HTTPStatusError`."""
        answer = await self._client.request(method, path, json=body, headers={"Content-Type": kind})
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    async def play(self) -> None:
        """Be the nodes, for ever."""
        while True:
            for pod in await self.pods():
                # What is gone or was changed in between is looked at again in the next round.
                with contextlib.suppress(httpx.HTTPStatusError):
                    await self._play(pod)
            await asyncio.sleep(0.05)

    async def _play(self, pod: Json) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}"
        if pod["metadata"].get("deletionTimestamp"):
            await self.call("DELETE", path, {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}})
        elif not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": _node_of(pod)}
            metadata = {"name": pod["metadata"]["name"]}
            await self.call(
                "POST", f"{path}/binding", {"kind": "Binding", "apiVersion": "v1", "metadata": metadata, "target": target}
            )
        else:
            wanted = self._status(pod["spec"]["containers"][0]["image"])
            if any(pod["status"].get(key) != value for key, value in wanted.items()):
                await self.call("PATCH", f"{path}/status", {"status": wanted}, kind="application/merge-patch+json")

    def _status(self, image: str) -> Json:
        reason = self.broken.get(image)
        container: Json = {"name": "app", "image": image, "ready": not reason, "started": not reason}
        container["imageID"] = f"x@sha256:{hashlib.sha256(image.encode()).hexdigest()}"
        ready = {"type": "Ready", "status": "False" if reason else "True", "lastProbeTime": None, "lastTransitionTime": None}
        if reason:
            waits = {"waiting": {"reason": reason, "message": "it does not start"}}
            ended = {"terminated": {"exitCode": 3, "startedAt": None, "finishedAt": None}}
            container |= {"restartCount": 4, "state": waits, "lastState": ended}
        else:
            container |= {"restartCount": 0, "state": {"running": {"startedAt": None}}, "lastState": {}}
        return {"phase": "Pending" if reason else "Running", "conditions": [ready], "containerStatuses": [container]}


@asynccontextmanager
async def real_cluster() -> AsyncIterator[RealCluster]:
    """The cluster, with a namespace that is deleted afterwards, and nodes where it has none."""
    access = find_access({"KUBECONFIG": os.environ[KUBECONFIG]})
    async with httpx.AsyncClient(
        base_url=access.server, auth=access.auth, verify=access.trust, timeout=20, trust_env=False
    ) as client:
        cluster = RealCluster(access, client, f"rollbot-test-{uuid.uuid4().hex[:8]}")
        await cluster.call("POST", "/api/v1/namespaces", {"metadata": {"name": cluster.namespace}})
        nodes = [node["metadata"]["name"] for node in (await cluster.call("GET", "/api/v1/nodes"))["items"]]
        cluster.plays = set(nodes) <= set(_NODES)
        added = sorted(set(_NODES) - set(nodes)) if cluster.plays else []
        playing = None
        try:
            for name in added:
                await _add_node(cluster, name)
            if cluster.plays:
                playing = asyncio.create_task(cluster.play(), name="nodes")
            yield cluster
        finally:
            await cluster.call("DELETE", f"/api/v1/namespaces/{cluster.namespace}")
            async with asyncio.timeout(_PATIENCE):
                # Played nodes must see their pods end, or the namespace would never go.
                while (
                    playing is not None and (await cluster.call("GET", f"/api/v1/namespaces/{cluster.namespace}/pods"))["items"]
                ):
                    await asyncio.sleep(0.1)
            if playing is not None:
                playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await playing
            for name in added:
                await cluster.call("DELETE", f"/api/v1/nodes/{name}")


async def _add_node(cluster: RealCluster, name: str) -> None:
    await cluster.call("POST", "/api/v1/nodes", {"metadata": {"name": name}})
    # The API server taints a node that has not said yet that it is ready.
    await cluster.call("PATCH", f"/api/v1/nodes/{name}", {"spec": {"taints": None}}, kind="application/merge-patch+json")
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Played"}]}}
    await cluster.call("PATCH", f"/api/v1/nodes/{name}/status", ready, kind="application/merge-patch+json")


def _node_of(pod: Json) -> str:
    """Where a pod belongs: a DaemonSet says so by affinity, all others do not care."""
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    for term in (affinity or {}).get("nodeSelectorTerms") or []:
        for field in term.get("matchFields") or []:
            return str(field["values"][0])
    return _NODES[0]


def _settled(kind: str, workload: Json, pods: list[Json]) -> bool:
    status = workload.get("status") or {}
    if int(status.get("observedGeneration") or 0) < workload["metadata"]["generation"]:
        return False
    image = workload["spec"]["template"]["spec"]["containers"][0]["image"]
    want = int(status.get("desiredNumberScheduled") or 0) if kind == "daemonset" else workload["spec"]["replicas"]
    ready = status.get("numberAvailable" if kind == "daemonset" else "readyReplicas") or 0
    right = [pod for pod in pods if pod["spec"]["containers"][0]["image"] == image]
    return bool(pods) and len(right) == len(pods) == want == ready
