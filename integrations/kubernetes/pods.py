"""What pods say: which run the release, which are left of another, which will never come up and why. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doom:
    """A pod that will not come up by itself."""

    pod: str
    container: str
    reason: str


def image_in(pod: Json, container: str) -> str:
    """The image that the pod's container should run."""
    return next((str(c.get("image")) for c in pod["spec"].get("containers", []) if c.get("name") == container), "")


def image_id_in(pod: Json, container: str) -> str:
    """The image that the pod's container really runs, with its digest; empty while it runs none."""
    return str(_status(pod, container).get("imageID") or "")


def is_ready(pod: Json) -> bool:
    """Whether the pod takes traffic; one that is ending does not."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    ready = any(condition.get("type") == "Ready" and condition.get("status") == "True" for condition in conditions)
    return ready and not is_ending(pod)


def is_ending(pod: Json) -> bool:
    """Whether the pod was told to end and has not yet gone."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_over(pod: Json) -> bool:
    """Whether the pod has run to its end; evicted ones stay listed for long."""
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def restarts(pods: Iterable[Json]) -> int:
    """Restarts of all containers of these pods together."""
    return sum(int(s.get("restartCount") or 0) for pod in pods for s in (pod.get("status") or {}).get("containerStatuses") or [])


def doomed(pods: Iterable[Json]) -> Doom | None:
    """The first pod that will not come up by itself, and why; `None` where all may."""
    for pod in pods:
        if is_ending(pod):
            continue
        status = pod.get("status") or {}
        for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
            reason = _hopeless(container)
            if reason:
                return Doom(pod=str(pod["metadata"]["name"]), container=str(container.get("name")), reason=reason)
        if status.get("phase") == "Failed" and status.get("reason") not in {"Evicted", "Preempting", "NodeShutdown"}:
            return Doom(pod=str(pod["metadata"]["name"]), container="", reason=str(status.get("reason") or "the pod failed"))
    return None


def _hopeless(status: Json) -> str | None:
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
    match reason:
        case "CrashLoopBackOff":
            last = (status.get("lastState") or {}).get("terminated") or {}
            code = f", last exit code {last['exitCode']}" if "exitCode" in last else ""
            return f"CrashLoopBackOff after {status.get('restartCount', 0)} restarts{code}"
        case "ImagePullBackOff" | "ErrImagePull" if "not found" in message.lower() or reason == "ImagePullBackOff":
            return f"{reason}: {message[:300]}"
        case "InvalidImageName" | "ErrImageNeverPull":
            return f"{reason}: {message[:300]}"
        case "CreateContainerConfigError" if "cache" not in message:
            return f"{reason}: {message[:300]}"
        case "RunContainerError" | "ContainerCannotRun" | "CreateContainerError":
            return f"{reason}: {message[:300]}"
        case _:
            return None


def _status(pod: Json, container: str) -> Json:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return next((status for status in statuses if status.get("name") == container), {})
