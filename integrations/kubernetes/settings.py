"""A service's `runtime` settings for Kubernetes: which workload it is, and where."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, ValidationError

from integrations.errors import Rejected
from integrations.explained import Settings, mistakes
from planner.facts import Service


class Kind(StrEnum):
    """The workloads that can be rolled back."""

    DEPLOYMENT = "deployment"
    STATEFULSET = "statefulset"
    DAEMONSET = "daemonset"


class KubernetesSettings(Settings):
    """Where a service runs. `name` is the workload's, the service's own if absent; `namespace` that of the context if absent.

    `container` is the one whose image is the service's; it may be left out where there is only one, or where the images of the
    catalog's releases tell which.
    """

    kind: Literal["kubernetes"] = "kubernetes"
    workload: Literal["deployment", "statefulset", "daemonset"] = "deployment"
    name: str | None = Field(default=None, min_length=1, max_length=253)
    namespace: str | None = Field(default=None, min_length=1, max_length=63)
    container: str | None = None
    context: str | None = None


def read_settings(service: Service) -> KubernetesSettings:
    """The settings, checked. Raises `Rejected` naming every mistake."""
    try:
        return KubernetesSettings.read(service.runtime or {})
    except ValidationError:
        wrong = "; ".join(mistakes(KubernetesSettings, service.runtime or {}))
        raise Rejected(f"{service.name}: runtime: {wrong}") from None
