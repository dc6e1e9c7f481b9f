"""docker-compose files as a `Catalog`: services, the versions in their image tags, and their start order as imported edges.

`depends_on` and `links` say what starts first, not who calls whom: a call without one is not seen, and an edge may be no call.
Infrastructure (databases, brokers, proxies) is left out, for nobody rolls it back with the services. Variables in the name of
an image are looked up in the .env file beside it, as compose does, and never in this program's own environment.
"""

import asyncio
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dotenv import dotenv_values

from integrations.errors import Rejected
from integrations.image_names import digest, repository, tag
from integrations.protocols import CatalogFacts
from integrations.service_names import as_service_name
from integrations.yaml_lines import Broken, Document, read
from planner.facts import Edge, Origin, Release, Service
from planner.names import ServiceName, Version

SOURCE = "compose"
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
OVERRIDES = tuple(name.replace(".y", ".override.y") for name in NAMES)
INFRASTRUCTURE = frozenset(
    (  # noqa: SIM905 (a list of words reads better as one)
        "postgres postgresql postgis timescaledb pgbouncer pgadmin4 mysql mariadb mongo mongodb redis valkey keydb memcached "
        "cassandra couchdb clickhouse-server cockroach elasticsearch opensearch kibana logstash influxdb neo4j etcd "
        "rabbitmq kafka cp-zookeeper zookeeper redpanda nats activemq mosquitto pulsar schema-registry "
        "cp-kafka cp-schema-registry nginx haproxy traefik envoy caddy httpd consul vault minio localstack azurite mailhog "
        "mailpit adminer phpmyadmin prometheus grafana loki tempo jaeger all-in-one zipkin otel-collector "
        "opentelemetry-collector opentelemetry-collector-contrib alertmanager cadvisor node-exporter flagd registry busybox"
    ).split()
)
"""The last parts of the names of images that are nobody's own service."""

_VARIABLE = re.compile(
    r"\$(?:\$|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<text>(?:[^{}]|\$\{[^{}]*\})*))?\}|(?P<bare>[A-Za-z_]\w*))"
)
_NESTED = 5
"""How deep variables may stand in the values of others."""
_SHARED = ("network_mode", "ipc", "pid")


@dataclass(slots=True)
class _Found:
    """A service as the files tell it so far."""

    where: str
    image: str | None = None
    image_at: str = ""
    before: dict[str, str] = field(default_factory=dict)


class ComposeCatalog:
    """The services in these files, or of the usual file in these folders. `ignore` are more services or images to leave out."""

    def __init__(self, paths: Iterable[Path], *, ignore: Iterable[str] = (), keep: Iterable[str] = ()) -> None:
        self._paths = tuple(paths)
        self._ignore = frozenset(ignore)
        self._keep = frozenset(keep)

    async def load(self) -> CatalogFacts:
        """Everything the files say now, oddities with file and line. Raises `Rejected` for files that are none of compose's."""
        return await asyncio.to_thread(self._load)

    def _load(self) -> CatalogFacts:
        notes: list[str] = []
        found: dict[str, _Found] = {}
        for path in [file for given in self._paths for file in _files(given)]:
            for part in read(path):
                if isinstance(part, Broken):
                    raise Rejected(f"{part}; expected a docker-compose file")
                _take(part, found, notes)
        out = {name: image for name, told in found.items() if (image := self._infrastructure(name, told)) is not None}
        if out:
            told = ", ".join(f"{name} ({image})" if image else name for name, image in out.items())
            notes.append(f"Left out as infrastructure: {told}. Keep one with --keep NAME")
        return CatalogFacts(services=MappingProxyType(_services(found, out, notes)), warnings=tuple(dict.fromkeys(notes)))

    def _infrastructure(self, name: str, told: _Found) -> str | None:
        """The image of a service that is left out; `None` for one that stays."""
        image = told.image or ""
        base = repository(image).rpartition("/")[2].lower()
        if name in self._keep:
            return None
        return image if name in self._ignore or base in self._ignore or base in INFRASTRUCTURE else None


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = [path / name for name in (*NAMES, *OVERRIDES) if (path / name).is_file()]
    if not files:
        raise Rejected(f"{path}: there is no {' or '.join(NAMES)} in this folder")
    return files


def _take(document: Document, found: dict[str, _Found], notes: list[str]) -> None:
    """Add what one document tells; what it says again goes over what was said before, as with compose itself."""
    data = document.data
    services = data.get("services") if isinstance(data, dict) else None
    if not isinstance(services, dict):
        said = "services is missing" if isinstance(data, dict) and services is None else "services is no mapping"
        raise Rejected(f"{document.at('services')}: {said}; expected a docker-compose file with services: NAME: …")
    if data.get("include") is not None:
        notes.append(f"{document.at('include')}: include is not followed: name those files too")
    notes += [f"{document.at(*keys)}: the key {keys[-1]} stands twice: the last one counts" for keys in document.twice]
    for keys, name in document.tags.items():
        notes.append(f"{document.at(*keys)}: the tag {name} is not followed: taken as if it were not there")
    variables = _environment(document.file.parent)
    for name, spec in services.items():
        where = document.at("services", name)
        if spec is not None and not isinstance(spec, dict):
            notes.append(f"{where}: {name} is no mapping: left out")
            continue
        told = found.setdefault(str(name), _Found(where=where))
        _service(document, str(name), spec or {}, told, notes, variables)


def _service(
    document: Document, name: str, spec: Mapping[str, Any], told: _Found, notes: list[str], variables: Mapping[str, str]
) -> None:
    at = ("services", name)
    image = spec.get("image")
    if isinstance(image, str):
        told.image_at = document.at(*at, "image")
        told.image = _filled(image, told.image_at, name, notes, variables)
    elif image is not None:
        notes.append(f"{document.at(*at, 'image')}: image of {name} is no text: not read")
    if spec.get("extends") is not None:
        notes.append(f"{document.at(*at, 'extends')}: {name} extends another service: what that one says is not taken over")
    if spec.get("profiles"):
        which = ", ".join(map(str, spec["profiles"])) if isinstance(spec["profiles"], list) else str(spec["profiles"])
        notes.append(f"{document.at(*at, 'profiles')}: {name} starts only with the profile {which}: taken in all the same")
    for other, where in _before(document, name, spec, notes):
        told.before.setdefault(other, where)


def _before(document: Document, name: str, spec: Mapping[str, Any], notes: list[str]) -> Iterator[tuple[str, str]]:
    """The services that must run before this one, each with its place."""
    at = ("services", name)
    depends = spec.get("depends_on")
    if isinstance(depends, dict):
        for other in depends:
            yield str(other), document.at(*at, "depends_on", other)
    elif isinstance(depends, list):
        for place, other in enumerate(depends):
            yield str(other), document.at(*at, "depends_on", place)
    elif depends is not None:
        notes.append(f"{document.at(*at, 'depends_on')}: depends_on of {name} is neither a list nor a mapping: not read")
    links = spec.get("links")
    for place, link in enumerate(links if isinstance(links, list) else []):
        yield str(link).partition(":")[0], document.at(*at, "links", place)
    for key in _SHARED:
        value = spec.get(key)
        if isinstance(value, str) and value.startswith("service:"):
            yield value.removeprefix("service:"), document.at(*at, key)


def _services(found: Mapping[str, _Found], out: Mapping[str, str], notes: list[str]) -> dict[ServiceName, Service]:
    names: dict[str, ServiceName] = {}
    for name, told in found.items():
        if name in out:
            continue
        called = as_service_name(name)
        if called is None or called in names.values():
            notes.append(f"{told.where}: {name} cannot be given a service name of its own: left out")
            continue
        if called != name:
            notes.append(f"{told.where}: {name} is called {called} here")
        names[name] = called
    services = {}
    for name, called in names.items():
        told, edges = found[name], []
        for other, where in told.before.items():
            if other in names and other != name:
                edges.append(Edge(service=names[other], origin=Origin.IMPORTED, source=SOURCE))
            elif other not in found:
                notes.append(f"{where}: {name} depends on {other}, which is not in these files: left out")
            elif other not in out:
                notes.append(f"{where}: {name} depends on {other}, which is no other service here: left out")
        version = _version(name, told, notes)
        release = () if version is None else (Release(version=version, artifact=told.image),)
        services[called] = Service(
            name=called, current=version, depends_on=tuple(sorted(edges, key=lambda edge: edge.service)), releases=release
        )
    return services


def _version(name: str, told: _Found, notes: list[str]) -> Version | None:
    if told.image is None:
        notes.append(f"{told.where}: {name} has no image: its version is not known")
        return None
    version = tag(told.image) or digest(told.image)
    if version in ("", "latest"):
        notes.append(f"{told.image_at}: the image {told.image} says no version: {name}'s is not known")
        return None
    return Version(version)


def _filled(image: str, where: str, name: str, notes: list[str], told: Mapping[str, str]) -> str | None:
    """The image with its variables as the .env file tells them, or with their defaults; `None` where one has neither."""
    open_ones: list[str] = []

    def fill(text: str, depth: int) -> str:
        return _VARIABLE.sub(lambda match: one(match, depth), text)

    def one(match: re.Match[str], depth: int) -> str:
        if match[0] == "$$":
            return "$"
        key, how = match["name"] or match["bare"], match["how"] or ""
        value = told.get(key)
        if value is not None and (value or not how.startswith(":")) and depth < _NESTED:
            return str(match["text"]) if how.endswith("+") else fill(value, depth + 1)
        if how.endswith("-"):
            return fill(str(match["text"]), depth + 1)
        if not how.endswith("+"):
            open_ones.append(key)
        return ""

    filled = fill(image, 0)
    if open_ones:
        what = f"{', '.join(open_ones)}, which neither .env nor a default tells"
        notes.append(f"{where}: the image of {name} depends on {what}: its version is not known")
        return None
    if filled != image:
        notes.append(f"{where}: the image of {name} is taken as {filled}, its variables by .env or their defaults")
    return filled


def _environment(folder: Path) -> Mapping[str, str]:
    """What the .env file beside a compose file says. Only variables that stand in an image are ever looked up in it."""
    path = folder / ".env"
    try:
        text = path.read_text("utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return {}
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value or "" for name, value in found.items()}
