"""Deployments, StatefulSets and DaemonSets as a `Runtime` and as a `Catalog`, over the plain HTTP API."""

from integrations.kubernetes.catalog import KubernetesCatalog
from integrations.kubernetes.runtime import KIND, KubernetesRuntime

__all__ = ["KIND", "KubernetesCatalog", "KubernetesRuntime"]
