"""Consul as a `Catalog`: which services are registered, which version their healthy instances say, and where to find them again.

It knows no edges: who may call whom by intentions is not who does.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from integrations import web
from integrations.consul.health import Entry, entries
from integrations.errors import Rejected
from integrations.json_api import JsonApi
from integrations.protocols import CatalogFacts
from integrations.service_names import as_service_name
from planner.facts import Release, Service
from planner.names import ServiceName, Version

_AT_ONCE = 10
_OWNERS = ("owner", "team")


class ConsulCatalog:
    """Every service of one datacenter. An instance says its version in the metadata key `version`, or in a tag."""

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 10.0) -> None:
        self._url = url
        self._secret = {"X-Consul-Token": token} if token else {}
        self._timeout = timeout

    async def load(self) -> CatalogFacts:
        """All services now. Raises `Unavailable` or `Rejected`."""
        api = JsonApi("Consul", self._url, timeout=self._timeout, secret=self._secret)
        notes: list[str] = []
        try:
            answer = await api.get("/v1/catalog/services")
            if not isinstance(answer.body, dict):
                raise Rejected(f"{api.place} answered in a shape that is not Consul's own; is this its address?")
            hidden = answer.headers.get("X-Consul-Results-Filtered-By-ACLs", "").lower() == "true"
            if hidden:
                notes.append("Consul hides services from our token: what it shows is not all")
            names = sorted(name for name in answer.body if name != "consul")
            limit = asyncio.Semaphore(_AT_ONCE)
            found = await web.together(_health(api, name, limit) for name in names)
        finally:
            await api.close()
        services = _services(dict(zip(names, found, strict=True)), notes)
        if not services:
            notes.append("Consul knows no service but itself, or shows none to our token")
        return CatalogFacts(services=MappingProxyType(services), warnings=tuple(notes))


async def _health(api: JsonApi, name: str, limit: asyncio.Semaphore) -> tuple[Entry, ...]:
    async with limit:
        answer = await api.get(f"/v1/health/service/{quote(name, safe='')}")
    return entries(answer.body, guess=True)


def _services(found: Mapping[str, tuple[Entry, ...]], notes: list[str]) -> dict[ServiceName, Service]:
    services: dict[ServiceName, Service] = {}
    for name, instances in found.items():
        if instances and all(entry.kind for entry in instances):
            notes.append(f"{name} is a {instances[0].kind}: left out")
            continue
        called = as_service_name(name)
        if called is None or called in services:
            notes.append(f"{name} cannot be given a service name of its own: left out")
            continue
        registry = {"kind": "consul"} if called == name else {"kind": "consul", "service": name}
        version = _version(name, instances, notes)
        services[called] = Service(
            name=called,
            owner=next((entry.meta[key] for entry in instances for key in _OWNERS if entry.meta.get(key)), None),
            current=version,
            registry=MappingProxyType(registry),
            releases=() if version is None else (Release(version=version),),
        )
    return services


def _version(name: str, instances: tuple[Entry, ...], notes: list[str]) -> Version | None:
    """What the instances that can be found say; `None`, with a note, where they do not agree or do not say."""
    listed = [entry.instance for entry in instances if entry.instance.listed]
    versions = Counter(instance.version for instance in listed)
    if len(versions) == 1 and None not in versions:
        return next(iter(versions))
    if not listed:
        notes.append(f"{name}: none of its {len(instances)} instances can be found now: what runs is not known")
    elif None in versions:
        notes.append(f"{name}: {versions[None]} of {len(listed)} instances say no version (metadata key version): not known")
    else:
        told = ", ".join(f"{count} × {version}" for version, count in sorted(versions.items(), key=lambda item: str(item[0])))
        notes.append(f"{name}: several versions can be found at once ({told}): what runs is not known")
    return None
