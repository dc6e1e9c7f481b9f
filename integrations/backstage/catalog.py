"""Backstage's files as facts: components become services, their relations become imported edges."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from integrations.backstage.belonging import Belonging
from integrations.backstage.entities import Entity, Reading
from integrations.backstage.reference import DEFAULT_NAMESPACE, Ref
from integrations.backstage.relations import Relations
from integrations.errors import Rejected
from integrations.protocols import CatalogFacts
from integrations.service_names import as_service_name
from planner.facts import Edge, Origin, Service
from planner.names import ServiceName

SOURCE = "backstage"
NOT_RUN = ("library", "documentation")
"""Types of components that nobody deploys by themselves."""


class BackstageCatalog:
    """The components in these files and folders. `without` are the types that are no services."""

    def __init__(self, paths: Iterable[Path], *, without: Iterable[str] = NOT_RUN) -> None:
        self._paths = tuple(paths)
        self._without = frozenset(kind.lower() for kind in without)

    async def load(self) -> CatalogFacts:
        """Everything the files say now, every oddity with its file and line. Raises `Rejected` where there is no such file."""
        return await asyncio.to_thread(self._load)

    def _load(self) -> CatalogFacts:
        missing = [str(path) for path in self._paths if not path.exists()]
        if missing:
            raise Rejected(f"{missing[0]}: there is no such file or folder; expected Backstage's catalog files")
        reading = Reading()
        reading.read(self._paths)
        relations = Relations(reading.entities)
        belonging = Belonging(reading.entities)
        own: list[str] = []
        services = self._services(reading.entities, relations, belonging, own)
        notes = [*reading.notes, *relations.notes, *own, *belonging.notes, *_left_out(reading.entities)]
        if not reading.entities:
            notes.append(f"{', '.join(map(str, self._paths))}: no entity of Backstage was found in {reading.files} files")
        return CatalogFacts(services=MappingProxyType(services), warnings=tuple(dict.fromkeys(notes)))

    def _services(
        self, entities: Mapping[Ref, Entity], relations: Relations, belonging: Belonging, notes: list[str]
    ) -> dict[ServiceName, Service]:
        names = self._names(entities, notes)
        edges: dict[Ref, list[Edge]] = {}
        for (ref, other), where in relations.edges.items():
            if ref in names and other in names:
                edge = Edge(service=names[other], origin=Origin.IMPORTED, source=SOURCE)
                edges.setdefault(ref, []).append(edge)
            else:
                notes.append(f"{where}: {ref} -> {other}: one of them is no service here (see its own line): no edge")
        return {
            name: Service(
                name=name, owner=belonging.owner(ref), depends_on=tuple(sorted(edges.get(ref, []), key=lambda e: e.service))
            )
            for ref, name in names.items()
        }

    def _names(self, entities: Mapping[Ref, Entity], notes: list[str]) -> dict[Ref, ServiceName]:
        """What each component is called here; the default namespace has the first say."""
        names: dict[Ref, ServiceName] = {}
        taken: dict[str, Ref] = {}
        for ref in sorted((r for r in entities if r.kind == "component"), key=lambda r: (r.namespace != DEFAULT_NAMESPACE, r)):
            entity = entities[ref]
            kind = entity.spec.get("type")
            if str(kind).lower() in self._without:
                notes.append(f"{entity.at('type')}: {ref} is of the type {kind}, which nobody deploys by itself: left out")
                continue
            name = as_service_name(ref.name)
            if name in taken:
                name = as_service_name(f"{ref.namespace}-{ref.name}")
            where = entity.document.at("metadata", "name")
            if name is None or name in taken:
                other = f" ({taken[name]} has it)" if name else ""
                notes.append(f"{where}: {ref} cannot be given a service name of its own{other}: left out")
                continue
            if name != entity.name:
                notes.append(f"{where}: {ref} is called {name} here")
            taken[name], names[ref] = ref, ServiceName(name)
        return names


def _left_out(entities: Mapping[Ref, Entity]) -> list[str]:
    kinds = Counter(ref.kind for ref in entities if ref.kind not in ("component", "api", "location"))
    if not kinds:
        return []
    return [f"Kinds that are no services were left out: {', '.join(f'{n} × {kind}' for kind, n in sorted(kinds.items()))}"]
