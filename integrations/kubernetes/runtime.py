"""Workloads of Kubernetes as a `Runtime`: the template of the wanted release is put back, under the object's own version.

What it never does: set the number of replicas, touch annotations that are not its own, or name a revision by its number.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.errors import Conflict, IntegrationError, Rejected
from integrations.kubernetes import images, owners, pods, workload
from integrations.kubernetes.access import Access, find_access
from integrations.kubernetes.client import Cluster
from integrations.kubernetes.place import Place, Sight, exist, place_of
from integrations.kubernetes.rights import missing_rights
from integrations.kubernetes.settings import Kind, read_settings
from integrations.protocols import Finding, FindingLevel, Observation, Phase
from planner.facts import Release, Service
from planner.names import Version

KIND = "kubernetes"
_WEDGE_PATIENCE = 10.0
_POLL = 0.3
_LOG_LINES = 5


class KubernetesRuntime:
    """One instance for all clusters; a cluster is reached when first asked for. `now` gives the time in UTC."""

    def __init__(
        self,
        *,
        access: Callable[[str | None], Access] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        timeout: float = 10.0,
    ) -> None:
        self._access = access or (lambda context: find_access(os.environ, context))
        self._now = now
        self._timeout = timeout
        self._clusters: dict[str | None, Cluster] = {}

    async def close(self) -> None:
        """Close all connections."""
        for cluster in self._clusters.values():
            await cluster.close()
        self._clusters.clear()

    async def current(self, service: Service) -> Version | None:
        """The release that the workload should run. Raises `Unavailable`, or `Rejected` where there is no such workload."""
        return (await self._place(service).look()).version

    async def releases(self, service: Service) -> tuple[Release, ...]:
        """The releases whose templates the cluster still has, oldest first, by the time at which each was first made."""
        sight = await self._place(service).look()
        found: dict[Version, Release] = {}
        for revision in await sight.revisions():
            containers = (revision.template.get("spec") or {}).get("containers") or []
            image = next((str(c.get("image")) for c in containers if c.get("name") == sight.container), None)
            if image:
                version = images.version_of(service, image, (revision.template.get("metadata") or {}).get("labels") or {})
                found.setdefault(version, Release(version=version, deployed_at=revision.when, artifact=image))
        return tuple(found.values())

    async def preflight(self, service: Service, to: Release) -> tuple[Finding, ...]:
        """Who else changes it, what its shape would do, what is missing, and whether the cluster would take the change."""
        place = self._place(service)
        sight = await place.look()
        template = await sight.template_for(to)
        found = [*owners.owner_findings(sight.object), *owners.shape_findings(place.kind, sight.object)]
        found += [*await missing_rights(place), *await _watchers(place)]
        if template is None:
            lost = f"the cluster no longer has the template of {to.version}"
            found.append(_warn(f"{place.name}: {lost}; only the image is put back, not its settings"))
        maps, secrets = owners.references(template or sight.template)
        missing = await exist(place.cluster, place.namespace, maps, secrets)
        found += [_block(f"{place.name}: {thing} is gone, and {to.version} needs it") for thing in missing]
        if not any(finding.level is FindingLevel.BLOCK for finding in found):
            found += await self._try_out(sight, to, template)
        return tuple(found)

    async def apply(self, service: Service, to: Release, *, expect: Version | None, key: str) -> None:
        """Put the release's template back in one patch that holds only for the object as it was read. See `Runtime.apply`."""
        sight = await self._place(service).look()
        if key in workload.keys(sight.object):
            return
        if sight.version != expect:
            raise Conflict(f"{service.name} runs {sight.version}, not {expect or 'nothing'}")
        blocks = [f.text for f in owners.shape_findings(sight.place.kind, sight.object) if f.level is FindingLevel.BLOCK]
        if blocks:
            raise Rejected("; ".join(blocks))
        operations = self._operations(sight, to, await sight.template_for(to), key)
        try:
            await sight.place.cluster.patch(sight.place.path, operations)
        except Conflict:
            # The same request, sent twice at once: the other one was first.
            if key in workload.keys((await sight.place.look()).object):
                return
            raise
        if sight.place.kind is Kind.STATEFULSET:
            await self._free_wedge(sight.place)

    async def observe(self, service: Service, to: Release, *, key: str) -> Observation:
        """How far the controller is, and what its pods really run. See `Runtime.observe`."""
        sight = await self._place(service).look()
        mine = await sight.pods()
        fresh = [pod for pod in mine if sight.pod_version(pod) == to.version and not pods.is_ending(pod)]
        old = [pod for pod in mine if pod not in fresh]
        phase, detail = workload.progress(sight.place.kind, sight.object)
        doom = pods.doomed(fresh) if sight.version == to.version else None
        if doom is not None:
            phase, detail = Phase.FAILED, f"pod {doom.pod}: {doom.reason}{await self._last_words(sight.place, doom)}"
        elif phase is Phase.CONVERGED and (sight.version != to.version or old):
            phase = Phase.PROGRESSING
            detail = (
                f"{sight.version} is wanted" if sight.version != to.version else f"{detail}; {len(old)} pods of another release"
            )
        return Observation(
            phase=phase,
            running=_running(sight, fresh, old, to),
            old_left=len(old),
            restarts=pods.restarts(fresh),
            key=workload.annotations(sight.object).get(workload.KEY),
            detail=detail,
        )

    def _place(self, service: Service) -> Place:
        settings = read_settings(service)
        cluster = self._clusters.get(settings.context)
        if cluster is None:
            cluster = self._clusters[settings.context] = Cluster(self._access(settings.context), timeout=self._timeout)
        return place_of(service, settings, cluster)

    def _operations(self, sight: Sight, to: Release, template: Mapping[str, Any] | None, key: str) -> list[dict[str, Any]]:
        """The patch: only if the object is still the one that was read, the template, and our own annotations."""
        operations: list[dict[str, Any]] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": sight.object["metadata"]["resourceVersion"]}
        ]
        if template is not None:
            operations.append({"op": "replace", "path": "/spec/template", "value": template})
        else:
            place = f"/spec/template/spec/containers/{sight.index}/image"
            operations.append({"op": "replace", "path": place, "value": images.image_of(to, sight.image)})
        if not workload.annotations(sight.object):
            operations.append({"op": "add", "path": "/metadata/annotations", "value": {}})
        stamp = self._now().isoformat(timespec="seconds")
        earlier = ",".join(workload.keys(sight.object)[: workload.REMEMBERED])
        for name, value in ((workload.KEY, key), (workload.AT, stamp), (workload.EARLIER, earlier)):
            operations.append({"op": "add", "path": f"/metadata/annotations/{name.replace('/', '~1')}", "value": value})
        return operations

    async def _try_out(self, sight: Sight, to: Release, template: Mapping[str, Any] | None) -> list[Finding]:
        try:
            await sight.place.cluster.patch(sight.place.path, self._operations(sight, to, template, "dry-run"), dry_run=True)
        except Conflict as conflict:
            return [_warn(f"{sight.place.name}: it is being changed right now ({conflict})")]
        except Rejected as rejected:
            return [_block(f"{sight.place.name}: the cluster would not take {to.version}: {rejected}")]
        return []

    async def _free_wedge(self, place: Place) -> None:
        """Delete pods of the former revision that can never become ready: they would block an ordered roll-out for ever.

        Only after the patch: before it, the controller would make them anew as they were.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _WEDGE_PATIENCE
        while True:
            sight = await place.look()
            status = sight.object.get("status") or {}
            seen = int(status.get("observedGeneration") or 0) >= int(sight.object["metadata"]["generation"])
            if seen or loop.time() > deadline:
                break
            await asyncio.sleep(_POLL)
        update = status.get("updateRevision")
        for pod in await sight.pods():
            stale = (pod["metadata"].get("labels") or {}).get("controller-revision-hash") != update
            if seen and stale and not pods.is_ready(pod) and not pods.is_ending(pod):
                path = f"/api/v1/namespaces/{place.namespace}/pods/{pod['metadata']['name']}"
                await place.cluster.delete(path, uid=pod["metadata"]["uid"])

    async def _last_words(self, place: Place, doom: pods.Doom) -> str:
        if not doom.container or "CrashLoop" not in doom.reason:
            return ""
        path = f"/api/v1/namespaces/{place.namespace}/pods/{doom.pod}/log"
        query = {"container": doom.container, "previous": "true", "tailLines": str(_LOG_LINES), "limitBytes": "4000"}
        try:
            text = await place.cluster.text(path, **query)
        except IntegrationError:
            return ""
        return f". Its last lines:\n{text.strip()}" if text.strip() else ""


def _running(sight: Sight, fresh: list[Mapping[str, Any]], old: list[Mapping[str, Any]], to: Release) -> Version | None:
    """What runs now: the wanted release once a pod of it is ready, else what the others run, else nothing."""
    if any(pods.is_ready(pod) for pod in fresh):
        return to.version
    ready = [pod for pod in old if pods.is_ready(pod)]
    if ready:
        return sight.pod_version(ready[0])
    nobody = workload.wanted_replicas(sight.place.kind, sight.object) == 0 and not fresh and not old
    return sight.version if nobody else None


async def _watchers(place: Place) -> list[Finding]:
    """What other objects say that they do with this workload. What the cluster does not know or not show says nothing."""
    scalers, canaries, rollouts = await asyncio.gather(
        _listed(place, "autoscaling/v1", "horizontalpodautoscalers"),
        _listed(place, "flagger.app/v1beta1", "canaries"),
        _listed(place, "argoproj.io/v1alpha1", "rollouts"),
    )
    return [
        *owners.autoscaler_findings(place.kind, place.name, scalers),
        *owners.canary_findings(place.kind, place.name, canaries),
        *owners.rollout_findings(place.kind, place.name, rollouts),
    ]


async def _listed(place: Place, group: str, plural: str) -> tuple[Mapping[str, Any], ...]:
    try:
        return await place.cluster.list(f"/apis/{group}/namespaces/{place.namespace}/{plural}")
    except Rejected:
        return ()


def _warn(text: str) -> Finding:
    return Finding(level=FindingLevel.WARN, text=text)


def _block(text: str) -> Finding:
    return Finding(level=FindingLevel.BLOCK, text=text)
