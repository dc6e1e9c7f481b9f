"""One workload as it is at one moment, with its pods and its former templates: everything that a decision about it needs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.errors import Rejected
from integrations.kubernetes import images, pods, workload
from integrations.kubernetes.client import Cluster, Gone
from integrations.kubernetes.settings import Kind, KubernetesSettings
from planner.facts import Release, Service
from planner.names import Version

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a service is, in which cluster."""

    service: Service
    cluster: Cluster
    kind: Kind
    namespace: str
    name: str
    container: str | None

    @property
    def path(self) -> str:
        """The workload's path."""
        return workload.path(self.kind, self.namespace, self.name)

    async def look(self) -> "Sight":
        """The workload as it is. Raises `Rejected` where there is none, `Unavailable` where the cluster does not answer."""
        try:
            found = await self.cluster.get(self.path)
        except Gone as gone:
            raise Rejected(f"{self.service.name}: there is no {self.kind} {self.namespace}/{self.name} ({gone})") from gone
        containers = found["spec"]["template"]["spec"]["containers"]
        index = images.container_of(self.service, containers, self.container)
        return Sight(place=self, object=found, index=index)


def place_of(service: Service, settings: KubernetesSettings, cluster: Cluster) -> Place:
    """Where the settings say that the service is."""
    return Place(
        service=service,
        cluster=cluster,
        kind=Kind(settings.workload),
        namespace=settings.namespace or cluster.access.namespace,
        name=settings.name or service.name,
        container=settings.container,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A workload as the cluster gave it. `index` is the place of the service's container."""

    place: Place
    object: Json
    index: int

    @property
    def template(self) -> Json:
        """Its pod template."""
        found: Json = self.object["spec"]["template"]
        return found

    @property
    def container(self) -> str:
        """The name of the service's container."""
        return str(self.template["spec"]["containers"][self.index]["name"])

    @property
    def image(self) -> str:
        """The image that should run."""
        return str(self.template["spec"]["containers"][self.index]["image"])

    @property
    def version(self) -> Version:
        """The release that should run."""
        return images.version_of(self.place.service, self.image, (self.template.get("metadata") or {}).get("labels") or {})

    async def pods(self) -> tuple[Json, ...]:
        """The workload's pods, those that are ending included, those that are over not."""
        listed = await self.place.cluster.list(
            f"/api/v1/namespaces/{self.place.namespace}/pods", labelSelector=workload.selector(self.object)
        )
        owners = {self.object["metadata"]["uid"], *(o["metadata"]["uid"] for o in await self._owners())}
        mine = [p for p in listed if any(o.get("uid") in owners for o in p["metadata"].get("ownerReferences") or [])]
        return tuple(pod for pod in mine if not pods.is_over(pod))

    async def revisions(self) -> tuple[workload.Revision, ...]:
        """The templates that it once had, oldest first."""
        return workload.revisions(self.place.kind, self.object, await self._history())

    def pod_version(self, pod: Json) -> Version:
        """The release that a pod should run, or does where its status tells the digest."""
        image, labels = pods.image_in(pod, self.container), pod["metadata"].get("labels") or {}
        return images.version_of(self.place.service, image, labels, pods.image_id_in(pod, self.container))

    async def template_for(self, release: Release) -> Json | None:
        """The newest former template that ran this release; `None` where the cluster remembers none."""
        wanted = images.image_of(release, self.image)
        for revision in reversed(await self.revisions()):
            containers = (revision.template.get("spec") or {}).get("containers") or []
            named = [c for c in containers if c.get("name") == self.container]
            if named and str(named[0].get("image")) == wanted:
                return revision.template
        return None

    async def _history(self) -> tuple[Json, ...]:
        path = workload.history_path(self.place.kind, self.place.namespace)
        return await self.place.cluster.list(path, labelSelector=workload.selector(self.object))

    async def _owners(self) -> list[Json]:
        if self.place.kind is not Kind.DEPLOYMENT:
            return []
        return workload.owned(self.object, await self._history())


async def exist(cluster: Cluster, namespace: str, maps: set[str], secrets: set[str]) -> tuple[str, ...]:
    """Which of these config maps and secrets are missing, in words; what we may not look at is not missing."""
    wanted = [("configmaps", name) for name in sorted(maps)] + [("secrets", name) for name in sorted(secrets)]
    answers = await asyncio.gather(*(_is_missing(cluster, namespace, kind, name) for kind, name in wanted))
    return tuple(f"{kind.removesuffix('s')} {name}" for (kind, name), missing in zip(wanted, answers, strict=True) if missing)


async def _is_missing(cluster: Cluster, namespace: str, kind: str, name: str) -> bool:
    try:
        await cluster.get(f"/api/v1/namespaces/{namespace}/{kind}/{name}")
    except Gone:
        return True
    except Rejected:
        return False
    return False
