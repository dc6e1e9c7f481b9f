"""What differs between Deployments, StatefulSets and DaemonSets: their paths, their history, and when they are done. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from integrations.kubernetes.settings import Kind
from integrations.protocols import Phase

Json = Mapping[str, Any]
KEY = "rollbot/key"
"""The annotation that holds the idempotency key of our last change."""
AT = "rollbot/at"
"""The annotation that holds when we made it, in UTC."""
EARLIER = "rollbot/earlier-keys"
"""The annotation that holds the keys before that one, newest first: a late copy of an old request must not undo a newer one."""
REMEMBERED = 16
_PLURAL = {Kind.DEPLOYMENT: "deployments", Kind.STATEFULSET: "statefulsets", Kind.DAEMONSET: "daemonsets"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A pod template that this workload once had.

    `when` is when it was first made. `number` only tells two of the same second apart: rolling back gives a template a new one.
    """

    template: Json
    when: datetime | None
    number: int


def plural(kind: Kind) -> str:
    """What the API calls them."""
    return _PLURAL[kind]


def path(kind: Kind, namespace: str, name: str) -> str:
    """Where the workload is."""
    return f"/apis/apps/v1/namespaces/{namespace}/{_PLURAL[kind]}/{name}"


def history_path(kind: Kind, namespace: str) -> str:
    """Where its former templates are."""
    what = "replicasets" if kind is Kind.DEPLOYMENT else "controllerrevisions"
    return f"/apis/apps/v1/namespaces/{namespace}/{what}"


def selector(workload: Json) -> str:
    """The label selector of its pods, as a query."""
    spec = workload["spec"]["selector"]
    parts = [f"{key}={value}" for key, value in sorted((spec.get("matchLabels") or {}).items())]
    for expression in spec.get("matchExpressions") or []:
        key, values = expression["key"], ",".join(expression.get("values") or [])
        match expression["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)


def owned(workload: Json, objects: Iterable[Json]) -> list[Json]:
    """Those of the objects that this very workload controls; labels alone may match another's."""
    uid = workload["metadata"]["uid"]
    return [
        found
        for found in objects
        if any(o.get("controller") and o.get("uid") == uid for o in found["metadata"].get("ownerReferences") or [])
    ]


def revisions(kind: Kind, workload: Json, objects: Iterable[Json]) -> tuple[Revision, ...]:
    """Every template that is still known, oldest first."""
    found = []
    for entry in owned(workload, objects):
        if kind is Kind.DEPLOYMENT:
            template = entry["spec"]["template"]
            number = (entry["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")
        else:
            template = ((entry.get("data") or {}).get("spec") or {}).get("template") or {}
            number = entry.get("revision")
        when = _time(entry["metadata"].get("creationTimestamp"))
        found.append(Revision(template=plain(template), when=when, number=int(number or 0)))
    return tuple(sorted(found, key=lambda revision: (revision.when.timestamp() if revision.when else 0.0, revision.number)))


def plain(template: Json) -> dict[str, Any]:
    """The template without what controllers put into it."""
    copy: dict[str, Any] = json.loads(json.dumps(template))
    copy.pop("$patch", None)
    labels = (copy.get("metadata") or {}).get("labels")
    if labels:
        labels.pop("pod-template-hash", None)
    return copy


def wanted_replicas(kind: Kind, workload: Json) -> int:
    """How many pods there should be."""
    if kind is Kind.DAEMONSET:
        return int(workload.get("status", {}).get("desiredNumberScheduled") or 0)
    return int(workload["spec"].get("replicas", 1))


def progress(kind: Kind, workload: Json) -> tuple[Phase, str]:
    """How far the controller says it is. Stale conditions, from before our own change, do not count."""
    status: Json = workload.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(workload["metadata"]["generation"]):
        return Phase.PROGRESSING, "the controller has not seen the change yet"
    want = wanted_replicas(kind, workload)
    match kind:
        case Kind.DEPLOYMENT:
            return _deployment(workload, status, want)
        case Kind.STATEFULSET:
            ready, updated = int(status.get("readyReplicas") or 0), int(status.get("updatedReplicas") or 0)
            settled = status.get("updateRevision") == status.get("currentRevision")
            done = ready >= want and updated >= want - partition(workload) and (settled or partition(workload) > 0)
            return _told(done=done, words=f"{updated} of {want} updated, {ready} ready")
        case Kind.DAEMONSET:
            updated, available = int(status.get("updatedNumberScheduled") or 0), int(status.get("numberAvailable") or 0)
            return _told(done=updated >= want and available >= want, words=f"{updated} of {want} updated, {available} available")
    assert_never(kind)


def partition(workload: Json) -> int:
    """Pods of a StatefulSet with a lower ordinal than this are not updated."""
    rolling = (workload["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return int(rolling.get("partition") or 0)


def strategy(workload: Json) -> str:
    """The update strategy's type."""
    spec = workload["spec"]
    return str((spec.get("updateStrategy") or spec.get("strategy") or {}).get("type") or "RollingUpdate")


def _deployment(workload: Json, status: Json, want: int) -> tuple[Phase, str]:
    for condition in status.get("conditions") or []:
        late = condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded"
        if late and _is_newer(condition.get("lastUpdateTime"), annotations(workload).get(AT)):
            return Phase.FAILED, f"the deployment's own deadline has passed: {condition.get('message', '')}"
    updated, all_, available = (int(status.get(name) or 0) for name in ("updatedReplicas", "replicas", "availableReplicas"))
    done = updated >= want and all_ == updated and available >= updated
    return _told(done=done, words=f"{updated} of {want} updated, {available} available, {all_ - updated} old")


def annotations(workload: Json) -> Mapping[str, str]:
    """The workload's annotations."""
    found: Mapping[str, str] = workload["metadata"].get("annotations") or {}
    return found


def keys(workload: Json) -> list[str]:
    """The keys of our last changes, newest first; empty where we made none."""
    found = annotations(workload)
    return [key for key in (found.get(KEY, ""), *found.get(EARLIER, "").split(",")) if key]


def _told(*, done: bool, words: str) -> tuple[Phase, str]:
    return (Phase.CONVERGED, words) if done else (Phase.PROGRESSING, words)


def _is_newer(condition: Any, ours: str | None) -> bool:
    then, patched = _time(condition), _time(ours)
    return patched is None or then is None or then >= patched


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
