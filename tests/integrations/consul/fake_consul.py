"""A small Consul cluster with state: several agents, each with its own address, services, checks and maintenance modes.

It obeys what Consul's documentation and its known traps say, as far as a rollback meets them: maintenance works only on the agent
that owns the instance, outlives a new registration and keeps its first reason; `/catalog` knows no health; a token that may not
see something gets an empty list with status 200 and a header; blocking queries answer when the index moves, or after the wait and
some jitter; an index may be reset.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from bot.listening import stop_listening

Json = dict[str, Any]


@dataclass
class Fault:
    """How the next request of this method is answered; `after` does what was asked first, `reset` hangs up without an answer."""

    method: str
    status: int = 500
    after: bool = False
    reset: bool = False


@dataclass
class Registered:
    """One instance on one agent."""

    name: str
    id: str
    version: str | None
    status: str = "passing"
    reason: str | None = None
    tags: tuple[str, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)
    kind: str = ""


@dataclass
class Agent:
    """A node with its agent."""

    node: str
    alive: bool = True
    services: dict[str, Registered] = field(default_factory=dict)
    held: bool = False
    url: str = ""
    serf: bool = True


class FakeConsul:
    """The cluster. Index and state are one for all agents; any agent answers questions about all."""

    def __init__(self, *nodes: str, token: str = "secret-consul-token") -> None:
        self.token = token
        self.agents = {node: Agent(node) for node in nodes or ("node-a", "node-b")}
        self.index = 10
        self.faults: deque[Fault] = deque()
        self.requests: list[str] = []
        self.tokens: set[str] = set()
        self.hide = False
        self._changed = asyncio.Condition()
        self._runners: list[web.AppRunner] = []

    # What a test sets up

    async def start(self) -> str:
        """Every agent at its own address, all on this machine; gives that of the first."""
        for agent in self.agents.values():
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", partial(self._handle, agent))
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._runners.append(runner)
            agent.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return next(iter(self.agents.values())).url

    async def stop(self) -> None:
        for runner in self._runners:
            await stop_listening(runner)

    async def register(self, node: str, name: str, service_id: str, version: str | None, **more: Any) -> None:
        """A process registers itself; a maintenance mode that it had stays."""
        services = self.agents[node].services
        reason = services[service_id].reason if service_id in services else None
        services[service_id] = Registered(name=name, id=service_id, version=version, reason=reason, **more)
        await self.touch()

    async def deregister(self, node: str, service_id: str) -> None:
        del self.agents[node].services[service_id]
        await self.touch()

    async def touch(self) -> None:
        """Something changed: whoever waits gets an answer."""
        async with self._changed:
            self.index += 1
            self._changed.notify_all()

    def find(self, instance: str) -> Registered:
        service_id, node = instance.split("@")
        return self.agents[node].services[service_id]

    def fail(self, method: str, status: int = 500, *, after: bool = False, reset: bool = False, times: int = 1) -> None:
        """The next requests of that method go wrong."""
        self.faults.extend(Fault(method, status, after, reset) for _ in range(times))

    # The servers

    async def _handle(self, agent: Agent, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {agent.node} {request.path_qs}")
        self.tokens.add(request.headers.get("X-Consul-Token", ""))
        if request.headers.get("X-Consul-Token") != self.token:
            return web.Response(status=403, text="Permission denied: token with AccessorID '0000' lacks permission")
        fault = next((fault for fault in self.faults if fault.method == request.method), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.after:
                await self._answer(agent, request)
            if fault.reset and request.transport is not None:
                request.transport.abort()
            return web.Response(status=fault.status, text=f"made to fail, token {self.token}")
        return await self._answer(agent, request)

    async def _answer(self, agent: Agent, request: web.Request) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        match request.method, parts[1:]:
            case "GET", ["health", "service", name]:
                await self._block(request)
                return self._json([] if self.hide else self._health(name))
            case "GET", ["catalog", "services"]:
                found: dict[str, list[str]] = {"consul": []}
                for service in self._all():
                    found.setdefault(service.name, []).extend(service.tags)
                return self._json({} if self.hide else found)
            case "GET", ["agent", "self"]:
                return self._json({"Config": {"NodeName": agent.node}})
            case "PUT", ["agent", "service", "maintenance", service_id]:
                return await self._maintain(agent, service_id, request)
            case "PUT", ["agent", "service", "register"]:
                body = await request.json()
                await self.register(agent.node, body["Name"], body["ID"], body.get("Meta", {}).get("version"))
                return web.Response()
        return web.Response(status=404, text="no such path")

    async def _block(self, request: web.Request) -> None:
        index = int(request.query.get("index") or 0)
        if index < 1 or index != self.index:
            return
        wait = float(request.query.get("wait", "300000ms").removesuffix("ms")) / 1000
        async with self._changed:
            try:
                async with asyncio.timeout(wait + wait / 16):
                    await self._changed.wait_for(lambda: self.index != index)
            except TimeoutError:
                return

    async def _maintain(self, agent: Agent, service_id: str, request: web.Request) -> web.Response:
        service = agent.services.get(service_id)
        if service is None:
            return web.Response(status=404, text=f'Unknown service ID "{service_id}"')
        enable = request.query.get("enable")
        if enable not in ("true", "false"):
            return web.Response(status=400, text="Invalid value for enable")
        if enable == "true" and service.reason is None:
            service.reason = request.query.get("reason") or "Maintenance mode is enabled for this service"
        elif enable == "false":
            service.reason = None
        await self.touch()
        return web.Response()

    def _json(self, body: Any) -> web.Response:
        headers = {"X-Consul-Index": str(self.index)}
        if self.hide:
            headers["X-Consul-Results-Filtered-By-ACLs"] = "true"
        return web.json_response(body, headers=headers)

    def _all(self) -> list[Registered]:
        return [service for agent in self.agents.values() for service in agent.services.values()]

    def _health(self, name: str) -> list[Json]:
        return [
            self._entry(agent, service)
            for agent in self.agents.values()
            for service in agent.services.values()
            if service.name == name
        ]

    def _entry(self, agent: Agent, service: Registered) -> Json:
        checks: list[Json] = []
        if agent.serf:
            status = "passing" if agent.alive else "critical"
            checks.append({"CheckID": "serfHealth", "Name": "Serf Health Status", "Status": status})
        if agent.held:
            checks.append(
                {"CheckID": "_node_maintenance", "Name": "Node Maintenance Mode", "Status": "critical", "Notes": "disk"}
            )
        checks.append({"CheckID": f"service:{service.id}", "Name": f"Service '{service.name}' check", "Status": service.status})
        if service.reason is not None:
            checks.append(
                {
                    "CheckID": f"_service_maintenance:{service.id}",
                    "Name": "Service Maintenance Mode",
                    "Status": "critical",
                    "Notes": service.reason,
                }
            )
        meta = dict(service.meta) if service.version is None else {"version": service.version, **service.meta}
        return {
            "Node": {"Node": agent.node, "Address": "127.0.0.1"},
            "Service": {
                "ID": service.id,
                "Service": service.name,
                "Tags": list(service.tags),
                "Meta": meta,
                "Kind": service.kind,
            },
            "Checks": checks,
        }
