"""Who else changes a workload. Pure.

A rollback under a reconciler is undone within minutes, so people must know before they approve.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.kubernetes import workload as work
from integrations.kubernetes.settings import Kind
from integrations.protocols import Finding, FindingLevel
from planner.duty_events import Duty

Json = Mapping[str, Any]


def owner_findings(workload: Json) -> tuple[Finding, ...]:
    """What the workload's own labels and annotations say about who reconciles it."""
    labels: Mapping[str, str] = workload["metadata"].get("labels") or {}
    notes = work.annotations(workload)
    name = workload["metadata"]["name"]
    found = []
    if "argocd.argoproj.io/tracking-id" in notes or "argocd.argoproj.io/instance" in labels:
        app = notes.get("argocd.argoproj.io/tracking-id", "").split(":", 1)[0] or labels.get("argocd.argoproj.io/instance")
        belongs = f"{name} belongs to the Argo CD application {app}: with auto-sync on, it brings the bad release back"
        found.append(_warn(belongs, leaves=Duty.GIT))
    if any(key.startswith(("kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/")) for key in labels):
        flux = f"{name} is reconciled by Flux: unless it is suspended or Git is reverted, it brings the bad release back"
        found.append(_warn(flux, leaves=Duty.GIT))
    if labels.get("app.kubernetes.io/managed-by") == "Helm":
        release = notes.get("meta.helm.sh/release-name", "?")
        helm = f"{name} was installed by Helm (release {release}): its next upgrade overwrites what is done here"
        found.append(_warn(helm, leaves=Duty.GIT))
    found += [
        _warn(f"{name} is controlled by {owner.get('kind')} {owner.get('name')}, which may change it back")
        for owner in workload["metadata"].get("ownerReferences") or []
        if owner.get("controller")
    ]
    return tuple(found)


def autoscaler_findings(kind: Kind, name: str, autoscalers: Iterable[Json]) -> tuple[Finding, ...]:
    """Autoscalers that set this workload's number of pods; Rollbot never does."""
    return tuple(
        _warn(f"{name} is scaled by the autoscaler {scaler['metadata']['name']}; its number of pods may change meanwhile")
        for scaler in autoscalers
        if _names(scaler["spec"].get("scaleTargetRef"), kind, name)
    )


def canary_findings(kind: Kind, name: str, canaries: Iterable[Json]) -> tuple[Finding, ...]:
    """Flagger's canaries that watch this workload. Users are served by its copy NAME-primary, which only Flagger changes."""
    return tuple(
        _warn(
            f"{name} is watched by the Flagger canary {canary['metadata']['name']}: going back starts a new analysis, and users "
            f"stay on {name}-primary until it has passed (spec.skipAnalysis: true makes it quick)"
        )
        for canary in canaries
        if _names(canary["spec"].get("targetRef"), kind, name)
    )


def rollout_findings(kind: Kind, name: str, rollouts: Iterable[Json]) -> tuple[Finding, ...]:
    """Argo Rollouts that take their template from this workload."""
    return tuple(
        _warn(f"{name} is the template of the Argo Rollout {rollout['metadata']['name']}, which decides when its pods change")
        for rollout in rollouts
        if _names(rollout["spec"].get("workloadRef"), kind, name)
    )


def _names(reference: Json | None, kind: Kind, name: str) -> bool:
    """Whether a reference of another object means this workload."""
    found = reference or {}
    return str(found.get("kind", "")).lower() == kind and found.get("name") == name


def shape_findings(kind: Kind, workload: Json) -> tuple[Finding, ...]:
    """What the workload's own settings would do to a rollback."""
    name = workload["metadata"]["name"]
    found = []
    if workload["spec"].get("paused"):
        found.append(_block(f"{name} is paused: resume it (kubectl rollout resume), or nothing moves"))
    if work.strategy(workload) == "OnDelete":
        found.append(_block(f"{name} updates only pods that are deleted by hand (OnDelete)"))
    if kind is Kind.STATEFULSET and work.partition(workload) > 0:
        found.append(_block(f"{name} has a partition of {work.partition(workload)}: pods below it would stay as they are"))
    if work.strategy(workload) == "Recreate":
        found.append(_warn(f"{name} is stopped as a whole before the old release starts (Recreate): expect a gap"))
    return tuple(found)


def references(template: Json) -> tuple[set[str], set[str]]:
    """The names of the config maps and of the secrets that this template cannot start without."""
    maps: set[str] = set()
    secrets: set[str] = set()
    spec = template.get("spec") or {}
    for volume in spec.get("volumes") or []:
        sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
        for source in sources:
            _collect(source.get("configMap"), "name", maps)
            _collect(source.get("secret"), "secretName" if source is volume else "name", secrets)
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        for source in container.get("envFrom") or []:
            _collect(source.get("configMapRef"), "name", maps)
            _collect(source.get("secretRef"), "name", secrets)
        for variable in container.get("env") or []:
            value = variable.get("valueFrom") or {}
            _collect(value.get("configMapKeyRef"), "name", maps)
            _collect(value.get("secretKeyRef"), "name", secrets)
    return maps, secrets


def _collect(reference: Json | None, key: str, into: set[str]) -> None:
    if reference and reference.get(key) and not reference.get("optional"):
        into.add(str(reference[key]))


def _warn(text: str, *, leaves: Duty | None = None) -> Finding:
    return Finding(level=FindingLevel.WARN, text=text, leaves=leaves)


def _block(text: str) -> Finding:
    return Finding(level=FindingLevel.BLOCK, text=text)
