"""A small Kubernetes API with state: what its documentation and its traps say, as far as a rollback meets them.

The controllers (`fake_controllers`) work in steps, one for each look at the workload, so `observedGeneration` lags and pods of
two releases are there at once. Faults are asked for by `fail`. `real_cluster` is held to the same contract.
"""

import asyncio
import contextlib
import copy
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.integrations.kubernetes.fake_controllers import Controllers, Json, end

_PLURALS = {"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet"}


@dataclass
class Fault:
    """How the next request of this method, with this in its path, is answered.

    `after` does what was asked first; `reset` hangs up without an answer; `trickle` begins one that never ends.
    """

    method: str
    status: int = 500
    after: bool = False
    reset: bool = False
    message: str = "made to fail"
    trickle: bool = False
    path: str = ""


@dataclass
class FakeCluster(Controllers):
    """What tests set up, and the API over it. Everything is in one namespace."""

    token: str = "secret-token"
    logs: str = "Traceback: no such column\n"
    faults: deque[Fault] = field(default_factory=deque)
    patches: list[Json] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    denied: set[tuple[str, str]] = field(default_factory=set)
    """Verbs on resources (`pods/log` with a slash) that we may not do."""
    page: int = 500

    # What a test sets up

    def deployment(self, name: str, image: str, replicas: int = 2, **spec: Any) -> Json:
        """A Deployment that has long converged on this image."""
        return self.settled("deployments", self.workload("Deployment", name, image, replicas, spec))

    def statefulset(self, name: str, image: str, replicas: int = 2, **spec: Any) -> Json:
        """A StatefulSet that has long converged on this image."""
        return self.settled("statefulsets", self.workload("StatefulSet", name, image, replicas, spec))

    def daemonset(self, name: str, image: str, replicas: int = 2, **spec: Any) -> Json:
        """A DaemonSet that has long converged on this image, on so many nodes."""
        body = self.workload("DaemonSet", name, image, replicas, spec)
        self.nodes = body["spec"].pop("replicas")
        return self.settled("daemonsets", body)

    def roll(
        self, plural: str, name: str, image: str, *, settle: bool = True, environment: Mapping[str, str] | None = None
    ) -> None:
        """Somebody deploys another image."""
        workload = self.objects[plural, name]
        container = workload["spec"]["template"]["spec"]["containers"][0]
        container["image"] = image
        if environment is not None:
            container["env"] = [{"name": key, "value": value} for key, value in environment.items()]
        self.touch(workload, spec=True)
        if settle:
            self.settle(plural, name)

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
        trickle: bool = False,
        path: str = "",
    ) -> None:
        """The next requests of that method go wrong."""
        self.faults.extend(Fault(method, status, after, reset, message, trickle, path) for _ in range(times))

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
        fault = next((f for f in self.faults if f.method == request.method and f.path in request.path_qs), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.after:
                await self._answer(request)
            if fault.reset and request.transport is not None:
                request.transport.abort()
            if fault.trickle:
                return await _trickle(request)
            return _status(fault.status, fault.message)
        return await self._answer(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        if parts[-1] == "selfsubjectaccessreviews":
            return await self._review(request)
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
                    self.step(plural, rest[0])
                return web.json_response(found)
            case "PATCH":
                return await self._patch(plural, found, request)
            case "DELETE":
                wanted = (await request.json()).get("preconditions", {}).get("uid")
                if wanted and wanted != found["metadata"]["uid"]:
                    return _status(409, "the uid is another")
                if plural == "pods":
                    end(found)  # it goes when its node has seen it end
                else:
                    del self.objects[plural, rest[0]]
                return web.json_response({"status": "Success"})
        return _status(405, "no such method")

    async def _review(self, request: web.Request) -> web.Response:
        asked = (await request.json())["spec"]["resourceAttributes"]
        resource = "/".join(part for part in (asked["resource"], asked.get("subresource")) if part)
        return web.json_response({"status": {"allowed": (asked["verb"], resource) not in self.denied}}, status=201)

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
        self.touch(found, spec=spec)
        return web.json_response(found)


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


async def _trickle(request: web.Request) -> web.StreamResponse:
    """An answer of blanks, one at a time, as long as somebody listens."""
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(0.02)
    return response


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "status": "Failure", "code": code, "message": message}, status=code)
