"""What Backstage's fields say of who depends on whom, made into edges between components. Pure.

A component depends on another by `dependsOn`, by the other's `dependencyOf`, or by an API: consumer -> API -> every provider.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.backstage.entities import Entity
from integrations.backstage.reference import BadReference, Ref, parse

Pair = tuple[Ref, Ref]

_KNOWN = frozenset(
    {"type", "lifecycle", "owner", "system", "subcomponentOf", "providesApis", "consumesApis", "dependsOn", "dependencyOf"}
)
_CORE = frozenset({"component", "api", "resource", "system", "domain", "group", "user", "template", "location"})


class Relations:
    """The edges between components, each with the place that tells it, and what could not be made an edge."""

    def __init__(self, entities: Mapping[Ref, Entity]) -> None:
        self.notes: list[str] = []
        self.edges: dict[Pair, str] = {}
        self._entities = entities
        self._providers: dict[Ref, list[Ref]] = {}
        told = [entity for entity in entities.values() if entity.ref.kind in ("component", "resource")]
        consumed: list[tuple[Entity, Ref, str]] = []
        for entity in told:
            self._misspelt(entity)
            for api, where in self._named(entity, "providesApis", "api"):
                self._providers.setdefault(api, []).append(entity.ref)
                self._know(api, where)
            consumed += [(entity, api, where) for api, where in self._named(entity, "consumesApis", "api")]
        for entity in told:
            for other, where in self._named(entity, "dependsOn", None):
                if other.kind == "api":
                    consumed.append((entity, other, where))
                else:
                    self._edge(entity.ref, other, where, known=other)
            for other, where in self._named(entity, "dependencyOf", None):
                self._edge(other, entity.ref, where, known=other)
        for entity, api, where in consumed:
            self._consumes(entity.ref, api, where)

    def _named(self, entity: Entity, field: str, kind: str | None) -> Iterator[tuple[Ref, str]]:
        """The references in a field, each with its place; what is none is noted."""
        value = entity.spec.get(field)
        if value is None:
            return
        items: list[tuple[tuple[str | int, ...], Any]]
        if isinstance(value, list):
            items = [((field, place), item) for place, item in enumerate(value)]
        else:
            self.notes.append(f"{entity.at(field)}: {field} is no list: read as a list of one")
            items = [((field,), value)]
        seen: set[Ref] = set()
        for keys, item in items:
            where = entity.at(*keys)
            try:
                ref = parse(item, kind=kind, namespace=entity.ref.namespace)
            except BadReference as error:
                self.notes.append(f"{where}: {field}: {error}: left out")
                continue
            if ref in seen:
                self.notes.append(f"{where}: {field}: {ref} again: counted once")
                continue
            seen.add(ref)
            yield ref, where

    def _edge(self, name: Ref, other: Ref, where: str, *, known: Ref) -> None:
        if not self._know(known, where):
            return
        if name == other:
            self.notes.append(f"{where}: {name} depends on itself: left out")
            return
        for end in (name, other):
            if end.kind != "component":
                self.notes.append(
                    f"{where}: {name} -> {other}: a {end.kind} is not rolled back, so this is no edge between services"
                )
                return
        self.edges.setdefault((name, other), where)

    def _consumes(self, name: Ref, api: Ref, where: str) -> None:
        self._know(api, where)
        providers = self._providers.get(api, [])
        if not providers:
            self.notes.append(f"{where}: nobody in these files provides {api}: no edge comes of it")
        for provider in providers:
            if provider != name:
                self._edge(name, provider, where, known=provider)

    def _know(self, ref: Ref, where: str) -> bool:
        """Whether there is such an entity; says so where not."""
        if ref in self._entities:
            return True
        if ref.kind not in _CORE and not any(known.kind == ref.kind for known in self._entities):
            near = next((known for known in self._entities if (known.namespace, known.name) == (ref.namespace, ref.name)), None)
            hint = f"; did you mean {near}?" if near else ""
            self.notes.append(f"{where}: {ref}: there is no kind {ref.kind!r}{hint}: left out")
            return False
        names = [str(known) for known in self._entities if known.kind == ref.kind]
        close = difflib.get_close_matches(str(ref), names, n=1, cutoff=0.8)
        hint = f"; did you mean {close[0]}?" if close else ""
        self.notes.append(f"{where}: {ref} is not in these files{hint}")
        return False

    def _misspelt(self, entity: Entity) -> None:
        if entity.ref.kind != "component":
            return
        for key in entity.spec:
            if key not in _KNOWN:
                near = difflib.get_close_matches(key, _KNOWN, n=1, cutoff=0.75)
                if near:
                    self.notes.append(f"{entity.at(key)}: {key} is no field of a Component; did you mean {near[0]}? Not read")
