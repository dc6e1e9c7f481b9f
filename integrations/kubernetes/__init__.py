"""Deployments, StatefulSets and DaemonSets as a `Runtime`, over the plain HTTP API."""

from integrations.kubernetes.runtime import KIND, KubernetesRuntime

__all__ = ["KIND", "KubernetesRuntime"]
