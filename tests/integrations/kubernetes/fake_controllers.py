"""The controllers of the fake cluster: each look at a workload lets its controller take one step.

Deployments make ReplicaSets and renumber them, StatefulSets make ControllerRevisions and go pod by pod, in order, and stay
wedged behind a pod that never becomes ready; DaemonSets go node by node, the old pod first. Pods end before they go.
"""

import copy
import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass
class Controllers:
    """The state, and what changes it by itself. Keys are (plural, name)."""

    namespace: str = "shop"
    objects: dict[tuple[str, str], Json] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Images whose pods never come up, with the reason they wait for."""
    lag: int = 0
    """How many looks the controllers need before they see a change."""
    nodes: int = 2
    _versions: Any = field(default_factory=lambda: itertools.count(1000))
    _seen: dict[str, int] = field(default_factory=dict)

    def settle(self, plural: str, name: str) -> None:
        """Let the controllers work until nothing changes any more."""
        for _ in range(50):
            self.step(plural, name)

    def pods(self, name: str) -> list[Json]:
        """The pods of a workload."""
        return [o for (plural, _), o in self.objects.items() if plural == "pods" and o["metadata"]["labels"]["app"] == name]

    def workload(self, kind: str, name: str, image: str, replicas: int, spec: Mapping[str, Any]) -> Json:
        labels = {"app": name}
        template = {"metadata": {"labels": dict(labels)}, "spec": {"containers": [{"name": "app", "image": image}]}}
        return {
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace, "uid": f"uid-{name}", "generation": 0, "labels": {}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
            "status": {},
        }

    def settled(self, plural: str, workload: Json) -> Json:
        self.objects[plural, workload["metadata"]["name"]] = workload
        self.touch(workload, spec=True)
        self.settle(plural, workload["metadata"]["name"])
        return workload

    def touch(self, body: Json, *, spec: bool) -> None:
        body["metadata"]["resourceVersion"] = str(next(self._versions))
        if spec:
            body["metadata"]["generation"] += 1
            self._seen[body["metadata"]["name"]] = 0

    def step(self, plural: str, name: str) -> None:
        workload = self.objects[plural, name]
        if workload["spec"].get("paused"):
            return
        self._seen[name] = self._seen.get(name, 0) + 1
        if self._seen[name] <= self.lag:
            return
        workload["status"]["observedGeneration"] = workload["metadata"]["generation"]
        hash_ = self._revision(plural, workload)
        gone = [pod["metadata"]["name"] for pod in self.pods(name) if pod["metadata"].get("deletionTimestamp")]
        if gone:
            del self.objects["pods", gone[0]]
        match plural:
            case "deployments":
                self._step_deployment(workload, hash_)
            case "statefulsets":
                self._step_statefulset(workload, hash_)
            case "daemonsets":
                self._step_daemonset(workload, hash_)

    def _revision(self, plural: str, workload: Json) -> str:
        """The hash of the template, with the object that remembers it, which gets the highest number anew."""
        name, template = workload["metadata"]["name"], workload["spec"]["template"]
        hash_ = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:8]
        kind = "replicasets" if plural == "deployments" else "controllerrevisions"
        owner = [{"uid": workload["metadata"]["uid"], "controller": True, "kind": workload["kind"], "name": name}]
        known = [o for (k, _), o in self.objects.items() if k == kind and o["metadata"]["labels"]["app"] == name]
        highest = max((o["revision"] for o in known), default=0)
        key = (kind, f"{name}-{hash_}")
        if key not in self.objects:
            body: Json = {
                "metadata": {
                    "name": key[1],
                    "uid": f"uid-{key[1]}",
                    "labels": {"app": name},
                    "ownerReferences": owner,
                    "creationTimestamp": datetime.now(UTC).isoformat(),
                },
                "revision": highest + 1,
            }
            remembered = copy.deepcopy(template)
            if kind == "replicasets":
                remembered["metadata"]["labels"]["pod-template-hash"] = hash_
                body["spec"] = {"template": remembered}
            else:
                body["data"] = {"spec": {"template": {**remembered, "$patch": "replace"}}}
            self.objects[key] = body
        elif self.objects[key]["revision"] != highest:
            self.objects[key]["revision"] = highest + 1
        return hash_

    def _step_deployment(self, workload: Json, hash_: str) -> None:
        """One new pod, or one old pod told to end, or one gone."""
        name, want = workload["metadata"]["name"], workload["spec"]["replicas"]
        for pod in self.pods(name):
            self._come_up(pod)
        mine = [p for p in self.pods(name) if p["metadata"]["labels"]["pod-template-hash"] == hash_]
        old = [p for p in self.pods(name) if p not in mine]
        ready = [p for p in mine if is_ready(p)]
        if old and len(ready) >= min(want, len(mine)) and ready:
            end(old[0])
        if len(mine) < want:
            self._new_pod(
                workload, hash_, f"{name}-{hash_}-{len(mine)}-{next(self._versions)}", "pod-template-hash", f"uid-{name}-{hash_}"
            )
        mine = [p for p in self.pods(name) if p["metadata"]["labels"]["pod-template-hash"] == hash_]
        everyone = [p for p in self.pods(name) if not p["metadata"].get("deletionTimestamp")]
        available = sum(is_ready(p) for p in everyone)
        workload["status"].update(
            replicas=len(everyone), updatedReplicas=len(mine), availableReplicas=available, readyReplicas=available
        )

    def _step_statefulset(self, workload: Json, hash_: str) -> None:
        """From the highest ordinal down, one pod at a time, and never past one that is not ready."""
        name, want, status = workload["metadata"]["name"], workload["spec"]["replicas"], workload["status"]
        for pod in self.pods(name):
            self._come_up(pod)
        status["updateRevision"] = f"{name}-{hash_}"
        by_name = {p["metadata"]["name"]: p for p in self.pods(name)}
        for ordinal in range(want):
            if f"{name}-{ordinal}" not in by_name:
                self._new_pod(
                    workload,
                    hash_,
                    f"{name}-{ordinal}",
                    "controller-revision-hash",
                    workload["metadata"]["uid"],
                    prefix=f"{name}-",
                )
                break
            if not is_ready(by_name[f"{name}-{ordinal}"]):
                break  # ordered: everything waits for this one
        else:
            for ordinal in reversed(range(want)):
                if by_name[f"{name}-{ordinal}"]["metadata"]["labels"]["controller-revision-hash"] != f"{name}-{hash_}":
                    end(by_name[f"{name}-{ordinal}"])
                    break
            else:
                status["currentRevision"] = status["updateRevision"]
        mine = [p for p in self.pods(name) if p["metadata"]["labels"]["controller-revision-hash"] == f"{name}-{hash_}"]
        ready = sum(is_ready(p) for p in self.pods(name))
        status.update(replicas=len(self.pods(name)), updatedReplicas=len(mine), readyReplicas=ready)

    def _step_daemonset(self, workload: Json, hash_: str) -> None:
        """One node at a time: the old pod ends, and only then the new one begins. One that is not ready goes first."""
        name, status = workload["metadata"]["name"], workload["status"]
        for pod in self.pods(name):
            self._come_up(pod)
        by_name = {p["metadata"]["name"]: p for p in self.pods(name)}
        label = "controller-revision-hash"
        here = [by_name.get(f"{name}-node{node}") for node in range(self.nodes)]
        for node, pod in enumerate(here):
            if pod is None:
                self._new_pod(workload, hash_, f"{name}-node{node}", label, workload["metadata"]["uid"])
        old = [pod for pod in here if pod is not None and pod["metadata"]["labels"][label] != hash_]
        if old and None not in here and all(is_ready(pod) for pod in here if pod is not None and pod not in old):
            end(next((pod for pod in old if not is_ready(pod)), old[0]))
        pods = self.pods(name)
        ready = sum(is_ready(pod) for pod in pods)
        status.update(
            desiredNumberScheduled=self.nodes,
            currentNumberScheduled=len(pods),
            updatedNumberScheduled=sum(pod["metadata"]["labels"][label] == hash_ for pod in pods),
            numberReady=ready,
            numberAvailable=ready,
        )

    def _new_pod(self, workload: Json, hash_: str, pod: str, label: str, owner: str, prefix: str = "") -> None:
        template = copy.deepcopy(workload["spec"]["template"])
        self.objects["pods", pod] = {
            "metadata": {
                "name": pod,
                "uid": f"uid-{pod}-{next(self._versions)}",
                "labels": {**template["metadata"]["labels"], label: prefix + hash_},
                "ownerReferences": [{"uid": owner, "controller": True}],
            },
            "spec": template["spec"],
            "status": {"phase": "Pending", "looks": 0},
        }

    def _come_up(self, pod: Json) -> None:
        image = pod["spec"]["containers"][0]["image"]
        reason = self.broken.get(image)
        status: Json = {
            "name": "app",
            "image": image,
            "imageID": f"registry/x@sha256:{hashlib.sha256(image.encode()).hexdigest()}",
        }
        if reason:
            status |= {"restartCount": 4, "state": {"waiting": {"reason": reason, "message": "it does not start"}}}
            status["lastState"] = {"terminated": {"exitCode": 3}}
            pod["status"] = {
                "phase": "Pending",
                "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [status],
            }
            return
        status |= {"restartCount": 0, "state": {"running": {}}}
        pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [status]}


def end(pod: Json) -> None:
    """Tell a pod to end; it is there until its node has seen it gone."""
    pod["metadata"].setdefault("deletionTimestamp", "2026-11-23T12:00:00Z")


def is_ready(pod: Json) -> bool:
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
    return ready and not pod["metadata"].get("deletionTimestamp")
