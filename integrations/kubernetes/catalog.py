"""Workloads of Kubernetes as a `Catalog`: services by their labels, with owner, current release, history and the way to run them.

It knows no edges: nothing in Kubernetes says who calls whom. It only lists; nothing is changed.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from integrations import web
from integrations.errors import Rejected
from integrations.image_names import digest, repository, tag
from integrations.kubernetes import workload as work
from integrations.kubernetes.access import Access, find_access
from integrations.kubernetes.client import Cluster
from integrations.kubernetes.settings import Kind
from integrations.protocols import CatalogFacts
from integrations.service_names import as_service_name
from planner.facts import Release, Service
from planner.names import ServiceName, Version

NAME = "app.kubernetes.io/name"
MANAGED_BY = "app.kubernetes.io/managed-by"
OWNER_KEYS = ("rollbot/owner", "app.kubernetes.io/owner", "owner", "team")
"""Annotations and labels that say whose a workload is, the first present counts."""

_SIDECARS = frozenset({"istio-proxy", "linkerd-proxy", "envoy", "envoy-sidecar", "cloud-sql-proxy", "vault-agent", "fluent-bit"})
_PLURALS = {Kind.DEPLOYMENT: "deployments", Kind.STATEFULSET: "statefulsets", Kind.DAEMONSET: "daemonsets"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    kind: Kind
    object: Json

    @property
    def name(self) -> str:
        return str(self.object["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.object["metadata"].get("namespace") or "default")

    @property
    def labels(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.object["metadata"].get("labels") or {}
        return found

    @property
    def words(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"


class KubernetesCatalog:
    """The workloads in these namespaces (`*`: in all; none: in that of the context) that fit a label `selector`."""

    def __init__(
        self,
        *,
        namespaces: Sequence[str] = (),
        context: str | None = None,
        selector: str = "",
        owner_keys: Iterable[str] = OWNER_KEYS,
        access: Callable[[str | None], Access] | None = None,
        timeout: float = 15.0,
    ) -> None:
        self._namespaces = tuple(namespaces)
        self._context = context
        self._selector = selector
        self._owner_keys = tuple(owner_keys)
        self._access = access or (lambda context: find_access(os.environ, context))
        self._timeout = timeout

    async def load(self) -> CatalogFacts:
        """Every workload now, list by list and page by page. Raises `Unavailable` or `Rejected`."""
        access = self._access(self._context)
        cluster = Cluster(access, timeout=self._timeout)
        try:
            found, history = await self._lists(cluster, self._namespaces or (access.namespace,))
        finally:
            await cluster.close()
        notes: list[str] = []
        names = _names(found, notes)
        services = {name: self._service(name, one, history, notes) for name, one in names.items()}
        keepers = Counter(str(one.labels[MANAGED_BY]) for one in names.values() if one.labels.get(MANAGED_BY))
        for keeper, count in sorted(keepers.items()):
            notes.append(f"{count} of them say that {keeper} manages them: what is rolled back beside it, it may bring back")
        if not found:
            where = ", ".join(self._namespaces or (access.namespace,))
            notes.append(f"there are no Deployments, StatefulSets or DaemonSets in {where} ({access.source})")
        return CatalogFacts(services=MappingProxyType(services), warnings=tuple(notes))

    async def _lists(self, cluster: Cluster, namespaces: Sequence[str]) -> tuple[list[_Found], Mapping[str, list[Json]]]:
        places = ["/apis/apps/v1"] if "*" in namespaces else [f"/apis/apps/v1/namespaces/{name}" for name in namespaces]
        query = {"labelSelector": self._selector} if self._selector else {}
        wanted = [(kind, f"{place}/{plural}") for place in places for kind, plural in _PLURALS.items()]
        kept = [f"{place}/{plural}" for place in places for plural in ("replicasets", "controllerrevisions")]
        answers = await web.together(
            [*(cluster.list(path, **query) for _, path in wanted), *(_history(cluster, path) for path in kept)]
        )
        lists, histories = answers[: len(wanted)], answers[len(wanted) :]
        found = [_Found(kind=kind, object=one) for (kind, _), items in zip(wanted, lists, strict=True) for one in items]
        by_owner: dict[str, list[Json]] = {}
        for one in (one for several in histories for one in several):
            for owner in one["metadata"].get("ownerReferences") or []:
                if owner.get("controller"):
                    by_owner.setdefault(str(owner.get("uid")), []).append(one)
        return found, by_owner

    def _service(self, name: ServiceName, one: _Found, history: Mapping[str, list[Json]], notes: list[str]) -> Service:
        containers = one.object["spec"]["template"]["spec"]["containers"]
        container = _container(name, one, containers, notes)
        image = str(container.get("image") or "")
        version = _version(image)
        if version is None:
            notes.append(f"{one.words}: its image {image or '(none)'} says no version: what {name} runs is not known")
        runtime: dict[str, Any] = {"kind": "kubernetes"}
        if one.kind is not Kind.DEPLOYMENT:
            runtime["workload"] = str(one.kind)
        if one.name != name:
            runtime["name"] = one.name
        runtime["namespace"] = one.namespace
        if len(containers) > 1:
            runtime["container"] = str(container.get("name"))
        if self._context is not None:
            runtime["context"] = self._context
        return Service(
            name=name,
            owner=self._owner(one),
            current=version,
            runtime=MappingProxyType(runtime),
            releases=_releases(one, str(container.get("name")), version, image, history),
        )

    def _owner(self, one: _Found) -> str | None:
        said = {**one.labels, **work.annotations(one.object)}
        return next((str(said[key]).strip() for key in self._owner_keys if str(said.get(key) or "").strip()), None)


async def _history(cluster: Cluster, path: str) -> tuple[Json, ...]:
    try:
        return await cluster.list(path)
    except Rejected:
        # Without the right to see former templates there is no history, but everything else.
        return ()


def _names(found: Iterable[_Found], notes: list[str]) -> dict[ServiceName, _Found]:
    """What each workload is called: by its name label where it has that for itself alone, else by its own name."""
    found = sorted(found, key=lambda one: (one.namespace, one.name, one.kind))
    labelled = Counter(str(one.labels.get(NAME) or "") for one in found)
    names: dict[ServiceName, _Found] = {}
    for one in found:
        label = str(one.labels.get(NAME) or "")
        choices = [label] if label and labelled[label] == 1 else []
        choices += [one.name, f"{one.namespace}-{one.name}", f"{one.namespace}-{one.name}-{one.kind}"]
        name = next((n for n in map(as_service_name, choices) if n is not None and n not in names), None)
        if name is None:
            notes.append(f"{one.words}: it cannot be given a service name of its own: left out")
            continue
        if name not in (as_service_name(label), as_service_name(one.name)):
            notes.append(f"{one.words}: another is called {one.name}, so it is called {name} here")
        names[name] = one
    return names


def _container(name: ServiceName, one: _Found, containers: Sequence[Json], notes: list[str]) -> Json:
    """The container that is the service: the only one, the one of its name, or the first that is no usual sidecar."""
    if len(containers) == 1:
        return containers[0]
    wanted = {name, one.name}
    for container in containers:
        if container.get("name") in wanted or repository(str(container.get("image"))).rpartition("/")[2] in wanted:
            return container
    own = [container for container in containers if container.get("name") not in _SIDECARS] or list(containers)
    if len(own) > 1:
        names = ", ".join(str(container.get("name")) for container in own)
        notes.append(
            f"{one.words}: of its containers ({names}) the first is taken for the service: set runtime.container if it is not"
        )
    return own[0]


def _releases(
    one: _Found, container: str, version: Version | None, image: str, history: Mapping[str, list[Json]]
) -> tuple[Release, ...]:
    """What the cluster still remembers, oldest first, each version once; what runs now is among them."""
    found: dict[Version, Release] = {}
    for revision in work.revisions(one.kind, one.object, history.get(str(one.object["metadata"]["uid"]), [])):
        containers = (revision.template.get("spec") or {}).get("containers") or []
        old = next((str(c.get("image")) for c in containers if c.get("name") == container), "")
        was = _version(old)
        if was is not None:
            found.setdefault(was, Release(version=was, deployed_at=revision.when, artifact=old))
    if version is not None:
        found.setdefault(version, Release(version=version, artifact=image))
    return tuple(found.values())


def _version(image: str) -> Version | None:
    said = tag(image) or digest(image)
    return None if said in ("", "latest") else Version(said)
