"""Services as the plain data that stands in a catalog file: only what is said, in the order of the documentation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from planner.facts import Edge, EdgeKind, Origin, Release, Service


def service_data(service: Service) -> dict[str, Any]:
    """A new service. Checks, tiers and floors come from people, never from another source."""
    data: dict[str, Any] = {"name": str(service.name)}
    for key in ("owner", "current"):
        value = getattr(service, key)
        if value is not None:
            data[key] = str(value)
    for key in ("runtime", "registry"):
        value = getattr(service, key)
        if value is not None:
            data[key] = plain(value)
    if service.depends_on:
        data["depends_on"] = [edge_data(edge) for edge in service.depends_on]
    if service.releases:
        data["releases"] = [release_data(release) for release in service.releases]
    return data


def edge_data(edge: Edge) -> str | dict[str, Any]:
    """A dependency; just the name where nothing else is to be said."""
    data: dict[str, Any] = {"service": str(edge.service)}
    if edge.kind is not EdgeKind.CALLS:
        data["kind"] = str(edge.kind)
    if edge.origin is not Origin.DECLARED:
        data["origin"] = str(edge.origin)
    if edge.source is not None:
        data["source"] = edge.source
    if edge.seen_at is not None:
        data["seen_at"] = moment_text(edge.seen_at)
    if edge.rate is not None:
        data["rate"] = edge.rate
    if edge.window is not None:
        data["window"] = duration_text(edge.window)
    return data if len(data) > 1 else str(edge.service)


def release_data(release: Release) -> dict[str, Any]:
    """A release as another source can know it."""
    data: dict[str, Any] = {"version": str(release.version)}
    if release.deployed_at is not None:
        data["deployed_at"] = moment_text(release.deployed_at)
    if release.artifact is not None:
        data["artifact"] = release.artifact
    return data


def moment_text(moment: datetime) -> str:
    """UTC, as the format wants it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def duration_text(seconds: float) -> str:
    """A number with a unit, the largest that fits."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:g}s"


def plain(value: Any) -> Any:
    """The same without frozen mappings and tuples."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
