"""Who really calls whom, as Prometheus counted it: the service graph of Tempo or OpenTelemetry, Istio, Linkerd; a `Catalog`.

What had no traffic in the window is not seen, and that says nothing. Names are those of traces and workloads: an alias map leads
to the catalog's. Nothing is left out in silence: virtual nodes, databases and names that can be no service are all told.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from integrations import web
from integrations.durations import say_duration
from integrations.errors import IntegrationError, Rejected
from integrations.json_api import JsonApi
from integrations.protocols import CatalogFacts
from integrations.service_names import as_service_name
from planner.facts import Edge, EdgeKind, Origin, Service
from planner.names import ServiceName

SOURCE = "prometheus"
HOUR = 3600.0
_VIRTUAL = frozenset({"user", "unknown", ""})
_SHORTEST = 120.0
"""Seconds that a rate needs at least, so that two scrapes are in it."""

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A counter of calls and the labels that tell its two ends; of several that count the same call the first present counts."""

    name: str
    metric: str
    by: tuple[str, ...]
    where: str = ""

    def selector(self) -> str:
        """The counter with its conditions."""
        return f"{self.metric}{{{self.where}}}" if self.where else self.metric


GRAPH = Series(name="service graph", metric="traces_service_graph_request_total", by=("client", "server", "connection_type"))
ISTIO = Series(
    name="Istio",
    metric="istio_requests_total",
    by=(
        *("source_workload", "source_workload_namespace", "source_canonical_service"),
        *("destination_workload", "destination_workload_namespace", "destination_service_name", "reporter"),
    ),
)
_WORKLOADS = ("deployment", "statefulset", "daemonset")
_LINKERD = (*_WORKLOADS, *(f"dst_{kind}" for kind in _WORKLOADS), "dst_service")
LINKERD = Series(name="Linkerd", metric="response_total", by=_LINKERD, where='direction="outbound"')
LINKERD_REQUESTS = Series(name="Linkerd", metric="request_total", by=_LINKERD, where='direction="outbound"')
_REPORTERS = {"destination": 1, "source": 2}
ALL = (GRAPH, ISTIO, LINKERD, LINKERD_REQUESTS)


@dataclass(frozen=True, slots=True)
class Call:
    """One side calls the other: `count` calls in the window, the last of them at `last`, or then at the earliest."""

    client: str
    server: str
    kind: EdgeKind
    count: float
    last: datetime
    rank: int
    """Which of several series that count the same calls is to be believed: the lowest."""


class PrometheusEdges:
    """What one Prometheus saw in the last `window` seconds. `alias` leads from its names to the catalog's."""

    def __init__(self, url: str, *, window: float = HOUR, alias: Mapping[str, str] | None = None, timeout: float = 15.0) -> None:
        self._url = url
        self._window = max(window, _SHORTEST)
        self._alias = dict(alias or {})
        self._timeout = timeout

    async def load(self) -> CatalogFacts:
        """The services that call or are called, with observed edges. Raises `Unavailable` or `Rejected`."""
        api = JsonApi("Prometheus", self._url, timeout=self._timeout)
        notes: list[str] = []
        try:
            found = await web.together(self._calls(api, series, notes) for series in ALL)
        finally:
            await api.close()
        calls = [call for several in found for call in several]
        if not calls:
            names = ", ".join(dict.fromkeys(series.metric for series in ALL))
            length = say_duration(self._window)
            notes.append(f"Prometheus counted no calls in the last {length} ({names}): that says nothing of who calls whom")
        return CatalogFacts(services=MappingProxyType(self._services(calls, notes)), warnings=tuple(dict.fromkeys(notes)))

    async def _calls(self, api: JsonApi, series: Series, notes: list[str]) -> list[Call]:
        by = ", ".join(series.by)
        counted = await _ask(api, f"sum by ({by}) (increase({series.selector()}[{_span(self._window)}])) > 0", notes)
        if not counted:
            return []
        step = max(60.0, self._window / 60)
        lately = f"sum by ({by}) (increase({series.selector()}[{_span(max(2 * step, _SHORTEST))}])) > 0"
        # The steps of a subquery are aligned to the clock, so the last of them lies in the past: now is asked for besides.
        last = f"timestamp({lately}) or max_over_time(timestamp({lately})[{_span(self._window)}:{_span(step)}])"
        try:
            seen = {_key(labels): when for labels, when, _ in await _ask(api, last, notes)}
        except IntegrationError as error:
            notes.append(f"when each call was last seen could not be asked ({error}): they are as old as the window")
            seen = {}
        left: Counter[str] = Counter()
        calls = []
        for labels, count, asked_at in counted:
            ends = _ends(series, labels)
            if isinstance(ends, str):
                left[ends] += 1
                continue
            client, server, kind, rank = ends
            moment = seen.get(_key(labels), asked_at - self._window)
            calls.append(Call(client, server, kind, count, datetime.fromtimestamp(moment, UTC).replace(microsecond=0), rank))
        notes += [f"{series.name}: {why} ({many} series): left out" for why, many in sorted(left.items())]
        return calls

    def _services(self, calls: Iterable[Call], notes: list[str]) -> dict[ServiceName, Service]:
        edges: dict[tuple[ServiceName, ServiceName, EdgeKind], dict[int, list[Call]]] = {}
        names: dict[str, ServiceName | None] = {}
        for call in calls:
            client, server = (self._called(name, names, notes) for name in (call.client, call.server))
            if client is not None and server is not None and client != server:
                edges.setdefault((client, server, call.kind), {}).setdefault(call.rank, []).append(call)
        told: dict[ServiceName, list[Edge]] = {name: [] for name in names.values() if name is not None}
        for (client, server, kind), ranked in sorted(edges.items()):
            # Each way of counting counts the same calls once more: one of them is believed, never their sum.
            best = ranked[min(ranked)]
            told[client].append(
                Edge(
                    service=server,
                    kind=kind,
                    origin=Origin.OBSERVED,
                    source=SOURCE,
                    seen_at=max(call.last for several in ranked.values() for call in several),
                    rate=float(f"{sum(call.count for call in best) / self._window:.3g}"),
                    window=self._window,
                )
            )
        return {name: Service(name=name, depends_on=tuple(edges)) for name, edges in sorted(told.items())}

    def _called(self, name: str, names: dict[str, ServiceName | None], notes: list[str]) -> ServiceName | None:
        if name not in names:
            names[name] = as_service_name(self._alias.get(name, name))
            if names[name] is None:
                notes.append(
                    f"{name!r} is called or calls, but can be no service's name: give it one with --alias '{name}=SERVICE'"
                )
        return names[name]


def _ends(series: Series, labels: Labels) -> tuple[str, str, EdgeKind, int] | str:
    """Caller, callee, kind and rank; or why that is no call between services."""
    if series is GRAPH:
        client, server, how = (labels.get(label, "") for label in series.by)
        if how == "database":
            return f"{server} is a database"
        if how == "virtual_node" or client in _VIRTUAL or server in _VIRTUAL:
            return f"{client or 'nobody'} to {server or 'nobody'}: one side is a virtual node"
        return client, server, EdgeKind.PUBLISHES if how == "messaging_system" else EdgeKind.CALLS, 0
    if series is ISTIO:
        client = labels.get("source_workload", "")
        server = labels.get("destination_workload", "")
        # Traffic that did not reach a sidecar names no workload, but may name the service.
        server = labels.get("destination_service_name", "") if server in _VIRTUAL else server
        if client in _VIRTUAL or server in _VIRTUAL or server == "PassthroughCluster":
            return f"{client or 'unknown'} to {server or 'unknown'}: one side is not known to the mesh"
        return client, server, EdgeKind.CALLS, _REPORTERS.get(labels.get("reporter", ""), 3)
    client = next((labels[kind] for kind in _WORKLOADS if labels.get(kind)), "")
    server = next((labels[f"dst_{kind}"] for kind in _WORKLOADS if labels.get(f"dst_{kind}")), labels.get("dst_service", ""))
    if not client or not server:
        return f"{client or 'unknown'} to {server or 'unknown'}: one side is not in the mesh"
    return client, server.partition(".")[0], EdgeKind.CALLS, 4 if series is LINKERD else 5


def _key(labels: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def _span(seconds: float) -> str:
    return f"{max(1, round(seconds))}s"


async def _ask(api: JsonApi, query: str, notes: list[str]) -> list[tuple[Labels, float, float]]:
    """The numbers of an instant query with their labels and the time that they are for; those that are none are left out."""
    answer = (await api.post_form("/api/v1/query", {"query": query})).body
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise Rejected(f"{api.place} answered in a shape that is not Prometheus's own; is this its address?")
    notes += [f"Prometheus warns that data is missing: {str(warning)[:200]}" for warning in answer.get("warnings") or []]
    data = answer.get("data") or {}
    try:
        rows = [(_labels(row["metric"]), float(row["value"][1]), float(row["value"][0])) for row in data["result"]]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise Rejected(f"{api.place} answered in a shape that is not Prometheus's own") from None
    return [row for row in rows if math.isfinite(row[1])]


def _labels(metric: Any) -> Labels:
    return {str(name): str(value) for name, value in metric.items()}
