"""Whose an entity is and what it is part of: no edges, but references all the same, each of which is checked. Pure.

A reference to a kind of which the files hold nothing (most catalogs keep their groups elsewhere) is counted, not told one by one.
"""

import difflib
from collections.abc import Iterator, Mapping

from integrations.backstage.entities import Entity
from integrations.backstage.reference import BadReference, Ref, parse

_KINDS = frozenset({"component", "api", "resource", "system", "domain"})
_FIELDS = {"owner": "group", "system": "system", "domain": "domain", "subcomponentOf": "component"}
"""Each field's default kind."""

_SHOWN = 8


class Belonging:
    """The owners, and what there is to say about all references that make no edge."""

    def __init__(self, entities: Mapping[Ref, Entity]) -> None:
        self.notes: list[str] = []
        self._entities = entities
        self._kinds = {ref.kind for ref in entities}
        self._owners: dict[Ref, Ref] = {}
        self._elsewhere: dict[str, dict[str, str]] = {}
        for entity in entities.values():
            if entity.ref.kind in _KINDS:
                for field in _FIELDS:
                    self._check(entity, field)
        self.notes += self._counted()

    def owner(self, ref: Ref) -> str | None:
        """Who owns it: a group of the default namespace by its name alone, anybody else by the whole reference."""
        owner = self._owners.get(ref)
        if owner is None:
            return None
        return owner.name if (owner.kind, owner.namespace) == ("group", "default") else str(owner)

    def _check(self, entity: Entity, field: str) -> None:
        value = entity.spec.get(field)
        if value is None:
            return
        where = entity.at(field)
        try:
            ref = parse(value, kind=_FIELDS[field], namespace=entity.ref.namespace)
        except BadReference as error:
            self.notes.append(f"{where}: {field}: {error}: left out")
            return
        if field == "owner":
            self._owners[entity.ref] = ref
        if ref in self._entities:
            return
        if ref.kind in self._kinds:
            known = [str(other) for other in self._entities if other.kind == ref.kind]
            close = difflib.get_close_matches(str(ref), known, n=1, cutoff=0.8)
            hint = f"; did you mean {close[0]}?" if close else ""
            self.notes.append(f"{where}: {field}: {ref} is not in these files{hint}")
        else:
            self._elsewhere.setdefault(ref.kind, {}).setdefault(str(ref), where)

    def _counted(self) -> Iterator[str]:
        for kind, found in sorted(self._elsewhere.items()):
            names = ", ".join(sorted(found)[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
            yield f"{next(iter(found.values()))}: no {kind} is in these files, so nobody can tell whether there is: {names}"
