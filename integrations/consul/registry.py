"""Consul as a `Registry`: blocking questions about health, and maintenance mode on the very agent that owns an instance.

The token goes into a header of every request, to Consul and to the agents that it names, and into no message.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from integrations.consul.health import Entry, entries
from integrations.consul.settings import ConsulSettings, read_settings
from integrations.errors import Rejected, Unavailable
from integrations.json_api import Answer, JsonApi, Missing
from integrations.protocols import Discovery, Instance
from planner.facts import Service

LONGEST = 55.0
"""Seconds that one blocking question may wait; Consul adds up to a sixteenth of jitter."""

_SLACK = 5.0
_INDEX = "X-Consul-Index"
_FILTERED = "X-Consul-Results-Filtered-By-ACLs"
MARK = "rollbot "
"""How the reason of a maintenance mode of ours begins."""


class ConsulRegistry:
    """One Consul, asked at one agent or server. `url` may be absent: then every question is refused with what to set."""

    def __init__(self, url: str | None, token: str | None = None, *, timeout: float = 5.0) -> None:
        self._url = url
        self._secret = {"X-Consul-Token": token} if token else {}
        self._timeout = timeout
        self._apis: dict[str, JsonApi] = {}
        self._own_node: str | None = None
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        """Close all connections."""
        for api in self._apis.values():
            await api.close()
        self._apis.clear()

    async def look(self, service: Service, *, since: Discovery | None = None, limit: float = 0.0) -> Discovery:
        """See `Registry.look`."""
        settings = read_settings(service)
        index = since.mark if since is not None else 0
        answer = await self._health(settings, settings.service or service.name, index, limit)
        found = entries(answer.body, meta=settings.meta, tag=settings.tag)
        return Discovery(instances=tuple(entry.instance for entry in found), mark=next_index(index, answer.headers.get(_INDEX)))

    async def drain(self, service: Service, instance: Instance, *, key: str) -> None:
        """See `Registry.drain`."""
        entry = await self._entry(service, instance)
        if entry is None:
            raise Rejected(f"{instance.id} is no longer registered")
        if entry.instance.held is None:
            await self._maintain(service, entry, {"enable": "true", "reason": f"{MARK}{key}"})

    async def restore(self, service: Service, instance: Instance, *, key: str) -> None:
        """See `Registry.restore`. What is no longer registered needs no putting back."""
        entry = await self._entry(service, instance)
        if entry is not None and entry.instance.held == f"{MARK}{key}":
            await self._maintain(service, entry, {"enable": "false"})

    async def _entry(self, service: Service, instance: Instance) -> Entry | None:
        settings = read_settings(service)
        answer = await self._health(settings, settings.service or service.name, 0, 0)
        found = entries(answer.body, meta=settings.meta, tag=settings.tag)
        return next((entry for entry in found if entry.instance.id == instance.id), None)

    async def _health(self, settings: ConsulSettings, name: str, index: int, limit: float) -> Answer:
        wait = min(limit, LONGEST) if index > 0 else 0.0
        query = {"consistent": ""}
        if settings.datacenter:
            query["dc"] = settings.datacenter
        if wait > 0:
            query |= {"index": str(index), "wait": f"{max(1, round(wait * 1000))}ms"}
        patience = wait + wait / 16 + _SLACK if wait else None
        answer = await self._api(self._home()).get(f"/v1/health/service/{quote(name, safe='')}", query, timeout=patience)
        if answer.headers.get(_FILTERED, "").lower() == "true":
            # What a token may not see is left out with status 200: that must never be taken for "nobody is there".
            raise Rejected(f"Consul hides instances of {name} from us: the token needs service:read and node:read for them")
        return answer

    async def _maintain(self, service: Service, entry: Entry, query: Mapping[str, str]) -> None:
        """Switch maintenance mode at the agent that owns the instance; any other would say that it knows no such instance."""
        agent = await self._agent(read_settings(service), entry)
        path = f"/v1/agent/service/maintenance/{quote(entry.service_id, safe='')}"
        try:
            await self._api(agent).put(path, query)
        except Missing as error:
            raise Rejected(f"the agent of {entry.node} does not own {entry.service_id}: {error}") from error
        except Unavailable as error:
            raise Unavailable(f"the agent of {entry.node}, which alone can do it: {error}") from error

    async def _agent(self, settings: ConsulSettings, entry: Entry) -> str:
        """Where the agent of the instance's node answers."""
        if settings.agent is not None:
            return settings.agent.replace("{address}", _host(entry.address)).replace("{node}", entry.node)
        home = self._home()
        if await self._home_node() == entry.node:
            return home
        parts = urlsplit(home)
        if not entry.address:
            raise Rejected(f"Consul names no address of the node {entry.node}; set agent in the service's registry")
        return f"{parts.scheme}://{_host(entry.address)}{f':{parts.port}' if parts.port else ''}"

    async def _home_node(self) -> str:
        """The node of the agent that we ask; empty where it does not tell us."""
        async with self._asking:
            if self._own_node is None:
                try:
                    said = (await self._api(self._home()).get("/v1/agent/self")).body
                    self._own_node = str(said["Config"]["NodeName"])
                except (Rejected, KeyError, TypeError):
                    self._own_node = ""
            return self._own_node

    def _home(self) -> str:
        if self._url is None:
            raise Rejected("no Consul is set: set ROLLBOT_CONSUL_URL, and ROLLBOT_CONSUL_TOKEN where it wants a token")
        return self._url

    def _api(self, url: str) -> JsonApi:
        api = self._apis.get(url)
        if api is None:
            api = self._apis[url] = JsonApi("Consul", url, timeout=self._timeout, secret=self._secret)
        return api


def next_index(before: int, said: str | None) -> int:
    """What to wait for next. An index that went backwards begins anew at 0; one below 1 would make a busy loop, and is 1."""
    try:
        index = max(1, int(said or ""))
    except ValueError:
        return 0
    return 0 if index < before else index


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address and not address.startswith("[") else address
