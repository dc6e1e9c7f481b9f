"""A small Kubernetes API with state: what its documentation and its traps say, as far as a rollback meets them.

Deployments make ReplicaSets and renumber them, StatefulSets make ControllerRevisions and go pod by pod, in order, and stay
wedged behind a pod that never becomes ready; DaemonSets go node by node, the old pod first. Pods end before they go. The
controllers work in steps, one for each look at the workload, so `observedGeneration` lags and pods of two releases are there at
once. Faults are asked for by `fail`. `real_cluster` is held to the same contract.
"""

import copy
import hashlib
import itertools
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

Json = dict[str, Any]
_PLURALS = {"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet"}


@dataclass
class Fault:
    """How the next request of this method is answered. `after` does what was asked first; `reset` hangs up without an answer."""

    method: str
    status: int = 500
    after: bool = False
    reset: bool = False
    message: str = "made to fail"


@dataclass
class FakeCluster:
    """The state. Keys are (plural, name); everything is in one namespace."""

    namespace: str = "shop"
    token: str = "secret-token"
    objects: dict[tuple[str, str], Json] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Images whose pods never come up, with the reason they wait for."""
    logs: str = "Traceback: no such column\n"
    faults: deque[Fault] = field(default_factory=deque)
    patches: list[Json] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    page: int = 500
    lag: int = 0
    """How many looks the controllers need before they see a change."""
    _versions: Any = field(default_factory=lambda: itertools.count(1000))
    _seen: dict[str, int] = field(default_factory=dict)
    _nodes: int = 2

    # What a test sets up

    def deployment(self, name: str, image: str, replicas: int = 2, **spec: Any) -> Json:
        """A Deployment that has long converged on this image."""
        return self._settled("deployments", self._workload("Deployment", name, image, replicas, spec))

    def statefulset(self, name: str, image: str, replicas: int = 2, **spec: Any) -> Json:
        """A StatefulSet that has long converged on this image."""
        return self._settled("statefulsets", self._workload("StatefulSet", name, image, replicas, spec))

    def daemonset(self, name: str, image: str, replicas: int = 2, **spec: Any) -> Json:
        """A DaemonSet that has long converged on this image, on so many nodes."""
        body = self._workload("DaemonSet", name, image, replicas, spec)
        self._nodes = body["spec"].pop("replicas")
        return self._settled("daemonsets", body)

    def roll(
        self, plural: str, name: str, image: str, *, settle: bool = True, environment: Mapping[str, str] | None = None
    ) -> None:
        """Somebody deploys another image."""
        workload = self.objects[plural, name]
        container = workload["spec"]["template"]["spec"]["containers"][0]
        container["image"] = image
        if environment is not None:
            container["env"] = [{"name": key, "value": value} for key, value in environment.items()]
        self._touch(workload, spec=True)
        if settle:
            self.settle(plural, name)

    def settle(self, plural: str, name: str) -> None:
        """Let the controllers work until nothing changes any more."""
        for _ in range(50):
            self._step(plural, name)

    def put(self, plural: str, name: str, **body: Any) -> None:
        """Another object: a config map, a secret, an autoscaler."""
        self.objects[plural, name] = {"metadata": {"name": name, "uid": f"uid-{plural}-{name}"}, **body}

    def fail(
        self,
        method: str,
        status: int = 500,
        *,
        after: bool = False,
        reset: bool = False,
        times: int = 1,
        message: str = "made to fail",
    ) -> None:
        """The next requests of that method go wrong."""
        self.faults.extend(Fault(method, status, after, reset, message) for _ in range(times))

    def pods(self, name: str) -> list[Json]:
        """The pods of a workload."""
        return [o for (plural, _), o in self.objects.items() if plural == "pods" and o["metadata"]["labels"]["app"] == name]

    # The server

    def app(self) -> web.Application:
        """The API as an application."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _status(401, "Unauthorized")
        fault = next((f for f in self.faults if f.method == request.method), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.after:
                await self._answer(request)
            if fault.reset and request.transport is not None:
                request.transport.abort()
            return _status(fault.status, fault.message)
        return await self._answer(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        try:
            place = parts.index("namespaces")
        except ValueError:
            return _status(404, "no such path")
        plural, *rest = parts[place + 2 :]
        if rest[1:] == ["log"]:
            return web.Response(text=self.logs)
        if request.method == "GET" and not rest:
            return self._list(plural, request)
        found = self.objects.get((plural, rest[0])) if rest else None
        if found is None:
            return _status(404, f'{plural} "{rest[0] if rest else ""}" not found')
        match request.method:
            case "GET":
                if plural in _PLURALS:
                    self._step(plural, rest[0])
                return web.json_response(found)
            case "PATCH":
                return await self._patch(plural, found, request)
            case "DELETE":
                wanted = (await request.json()).get("preconditions", {}).get("uid")
                if wanted and wanted != found["metadata"]["uid"]:
                    return _status(409, "the uid is another")
                if plural == "pods":
                    _end(found)  # it goes when its node has seen it end
                else:
                    del self.objects[plural, rest[0]]
                return web.json_response({"status": "Success"})
        return _status(405, "no such method")

    def _list(self, plural: str, request: web.Request) -> web.Response:
        wanted = dict(part.split("=", 1) for part in request.query.get("labelSelector", "").split(",") if "=" in part)
        items = [
            body
            for (kind, _), body in sorted(self.objects.items())
            if kind == plural and wanted.items() <= (body["metadata"].get("labels") or {}).items()
        ]
        start = int(request.query.get("continue") or 0)
        size = min(int(request.query.get("limit") or 500), self.page)
        following = str(start + size) if start + size < len(items) else ""
        return web.json_response({"items": items[start : start + size], "metadata": {"continue": following}})

    async def _patch(self, plural: str, found: Json, request: web.Request) -> web.Response:
        if request.content_type != "application/json-patch+json":
            return _status(415, "only JSON patches")
        operations = json.loads(await request.text())
        changed = copy.deepcopy(found)
        for operation in operations:
            problem = _apply(changed, operation)
            if problem:
                # The real one does not say which operation did not hold.
                return _status(422, "the server rejected our request due to an error in our request")
        if not changed["spec"]["template"]["spec"]["containers"][0]["image"]:
            return _status(422, f'{found["kind"]}.apps "{found["metadata"]["name"]}" is invalid: image: Required value')
        if request.query.get("dryRun") == "All":
            return web.json_response(changed)
        spec = changed["spec"] != found["spec"]
        self.patches.append({"name": found["metadata"]["name"], "operations": operations})
        found.clear()
        found.update(changed)
        self._touch(found, spec=spec)
        return web.json_response(found)

    # The controllers

    def _workload(self, kind: str, name: str, image: str, replicas: int, spec: Mapping[str, Any]) -> Json:
        labels = {"app": name}
        template = {"metadata": {"labels": dict(labels)}, "spec": {"containers": [{"name": "app", "image": image}]}}
        return {
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace, "uid": f"uid-{name}", "generation": 0, "labels": {}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
            "status": {},
        }

    def _settled(self, plural: str, workload: Json) -> Json:
        self.objects[plural, workload["metadata"]["name"]] = workload
        self._touch(workload, spec=True)
        self.settle(plural, workload["metadata"]["name"])
        return workload

    def _touch(self, body: Json, *, spec: bool) -> None:
        body["metadata"]["resourceVersion"] = str(next(self._versions))
        if spec:
            body["metadata"]["generation"] += 1
            self._seen[body["metadata"]["name"]] = 0

    def _step(self, plural: str, name: str) -> None:
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
        ready = [p for p in mine if _is_ready(p)]
        if old and len(ready) >= min(want, len(mine)) and ready:
            _end(old[0])
        if len(mine) < want:
            self._new_pod(
                workload, hash_, f"{name}-{hash_}-{len(mine)}-{next(self._versions)}", "pod-template-hash", f"uid-{name}-{hash_}"
            )
        mine = [p for p in self.pods(name) if p["metadata"]["labels"]["pod-template-hash"] == hash_]
        everyone = [p for p in self.pods(name) if not p["metadata"].get("deletionTimestamp")]
        available = sum(_is_ready(p) for p in everyone)
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
            if not _is_ready(by_name[f"{name}-{ordinal}"]):
                break  # ordered: everything waits for this one
        else:
            for ordinal in reversed(range(want)):
                if by_name[f"{name}-{ordinal}"]["metadata"]["labels"]["controller-revision-hash"] != f"{name}-{hash_}":
                    _end(by_name[f"{name}-{ordinal}"])
                    break
            else:
                status["currentRevision"] = status["updateRevision"]
        mine = [p for p in self.pods(name) if p["metadata"]["labels"]["controller-revision-hash"] == f"{name}-{hash_}"]
        ready = sum(_is_ready(p) for p in self.pods(name))
        status.update(replicas=len(self.pods(name)), updatedReplicas=len(mine), readyReplicas=ready)

    def _step_daemonset(self, workload: Json, hash_: str) -> None:
        """One node at a time: the old pod ends, and only then the new one begins. One that is not ready goes first."""
        name, status = workload["metadata"]["name"], workload["status"]
        for pod in self.pods(name):
            self._come_up(pod)
        by_name = {p["metadata"]["name"]: p for p in self.pods(name)}
        label = "controller-revision-hash"
        here = [by_name.get(f"{name}-node{node}") for node in range(self._nodes)]
        for node, pod in enumerate(here):
            if pod is None:
                self._new_pod(workload, hash_, f"{name}-node{node}", label, workload["metadata"]["uid"])
        old = [pod for pod in here if pod is not None and pod["metadata"]["labels"][label] != hash_]
        if old and None not in here and all(_is_ready(pod) for pod in here if pod is not None and pod not in old):
            _end(next((pod for pod in old if not _is_ready(pod)), old[0]))
        pods = self.pods(name)
        ready = sum(_is_ready(pod) for pod in pods)
        status.update(
            desiredNumberScheduled=self._nodes,
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


def _end(pod: Json) -> None:
    """Tell a pod to end; it is there until its node has seen it gone."""
    pod["metadata"].setdefault("deletionTimestamp", "2026-11-23T12:00:00Z")


def _is_ready(pod: Json) -> bool:
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
    return ready and not pod["metadata"].get("deletionTimestamp")


def _apply(target: Json, operation: Json) -> str | None:
    """Do one operation of a JSON patch; what is wrong with it, in words."""
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].strip("/").split("/")]
    holder: Any = target
    for part in way:
        if isinstance(holder, list):
            holder = holder[int(part)]
        elif part in holder:
            holder = holder[part]
        else:
            return f"{operation['path']} does not exist"
    match operation["op"]:
        case "test":
            if holder.get(last) != operation["value"]:
                return f"testing value {operation['path']} failed"
        case "replace" | "add":
            if operation["op"] == "replace" and last not in holder:
                return f"{operation['path']} does not exist"
            holder[last] = copy.deepcopy(operation["value"])
    return None


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "status": "Failure", "code": code, "message": message}, status=code)
