"""From files to entities: every document, every Location's local targets, and a line for whatever is not what it should be.

Nothing is fetched: a Location's target elsewhere is told, not followed.
"""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integrations.backstage.reference import DEFAULT_NAMESPACE, Ref, is_kind, is_name, is_namespace
from integrations.yaml_lines import Broken, Document, Keys, read

ENDINGS = (".yaml", ".yml")
_SKIPPED = {"node_modules", "vendor"}
_TEMPLATE = re.compile(r"\$\{\{.*?\}\}|\{\{.*?\}\}|\{%.*?%\}|<%.*?%>", re.DOTALL)
_MOST_FILES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity and the document it stands in."""

    ref: Ref
    name: str
    spec: Mapping[str, Any]
    document: Document

    def at(self, *keys: str | int) -> str:
        """Where a value of its spec stands."""
        return self.document.at("spec", *keys)


@dataclass(slots=True)
class Reading:
    """Everything that was found, and what there is to say about it, in the order of the files."""

    entities: dict[Ref, Entity] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    _seen: set[Path] = field(default_factory=set)
    _others: list[str] = field(default_factory=list)
    _placeholders: Counter[str] = field(default_factory=Counter)
    _first_placeholder: str = ""

    def read(self, paths: Iterable[Path]) -> None:
        """Read these files and folders, and what their Locations point to."""
        waiting: list[tuple[Path, bool]] = [(path, not path.is_dir()) for path in paths]
        while waiting:
            path, named = waiting.pop(0)
            if path.is_dir():
                waiting = [(file, False) for file in _files(path)] + waiting
                continue
            known = path.resolve()
            if known in self._seen:
                continue
            self._seen.add(known)
            if len(self._seen) > _MOST_FILES:
                self.notes.append(f"{path}: more than {_MOST_FILES} files: this one and what follows were not read")
                break
            targets = list(self._file(path, named=named))
            waiting = [(target, True) for target in targets] + waiting
        self._sum_up()

    def _file(self, path: Path, *, named: bool) -> Iterator[Path]:
        """Take in one file; gives the local targets of the Locations in it. Of files that nobody named only entities count."""
        self.files += 1
        for part in read(path):
            if isinstance(part, Broken):
                self._broken(part, named=named)
            elif _is_entity(part.data):
                yield from self._entity(part)
            elif named:
                self.notes.append(f"{part.at()}: this is no entity (it has no apiVersion and kind): left out")
            else:
                self._others.append(part.at())

    def _broken(self, broken: Broken, *, named: bool) -> None:
        template = not named and broken.file.is_file() and _TEMPLATE.search(broken.file.read_text("utf-8", errors="replace"))
        self.notes.append(f"{broken} (it looks like a template's skeleton)" if template else str(broken))

    def _entity(self, document: Document) -> Iterator[Path]:
        data = document.data
        kind, spec = data.get("kind"), data.get("spec")
        metadata = data["metadata"] if isinstance(data.get("metadata"), dict) else {}
        self._count_placeholders(document)
        for keys in document.twice:
            self.notes.append(f"{document.at(*keys)}: the key {keys[-1]} stands twice: the last one counts")
        wrong = _wrong(kind, metadata)
        if wrong:
            keys, why = wrong
            self.notes.append(f"{document.at(*keys)}: {why}: this entity was left out")
            return
        name, namespace = metadata["name"], metadata.get("namespace") or DEFAULT_NAMESPACE
        ref = Ref(str(kind).lower(), namespace.lower(), name.lower())
        if spec is not None and not isinstance(spec, dict):
            self.notes.append(f"{document.at('spec')}: spec is no mapping: taken as empty")
            spec = None
        entity = Entity(ref=ref, name=name, spec=spec or {}, document=document)
        if ref in self.entities:
            first = self.entities[ref].document.at()
            self.notes.append(
                f"{document.at('metadata', 'name')}: {ref} again; it stands at {first} already: this one was left out"
            )
            return
        self.entities[ref] = entity
        if ref.kind == "location":
            yield from self._targets(entity)

    def _targets(self, entity: Entity) -> Iterator[Path]:
        spec = entity.spec
        listed = spec.get("targets")
        if listed is not None and not isinstance(listed, list):
            self.notes.append(f"{entity.at('targets')}: targets is no list: not followed")
            listed = None
        told: list[tuple[Keys, Any]] = [(("targets", place), target) for place, target in enumerate(listed or [])]
        if spec.get("target") is not None:
            told.insert(0, (("target",), spec["target"]))
        for keys, target in told:
            where = entity.at(*keys)
            if not isinstance(target, str) or not target.strip():
                self.notes.append(f"{where}: a target is a text, found {target!r}: not followed")
            elif "://" in target or str(spec.get("type") or "file").lower() not in ("file", "url"):
                self.notes.append(f"{where}: the target {target} is elsewhere: not fetched; give its files, if they matter")
            else:
                yield from self._local(entity, where, target)

    def _local(self, entity: Entity, where: str, target: str) -> Iterator[Path]:
        base = entity.document.file.parent
        path = base / target
        if path.is_file():
            yield path
            return
        # Not Path.glob, which takes no pattern that leads upwards.
        found = sorted(Path(one) for one in glob.glob(str(path), recursive=True) if Path(one).is_file())  # noqa: PTH207
        if found:
            yield from found
        elif str(entity.spec.get("presence") or "required").lower() != "optional":
            self.notes.append(f"{where}: the target {target} leads to no file here")

    def _count_placeholders(self, document: Document) -> None:
        """Values such as `{$text: ./file}` stand for other files; what is needed here seldom stands in one."""
        for keys, key in _placeholders(document.data, ()):
            if keys[:1] == ("metadata",) or keys[:2] in _USED:
                self.notes.append(f"{document.at(*keys)}: {'.'.join(map(str, keys))} is a {key} placeholder: not read")
                continue
            self._placeholders[key] += 1
            self._first_placeholder = self._first_placeholder or document.at(*keys)

    def _sum_up(self) -> None:
        if self._placeholders:
            told = ", ".join(f"{count} × {key}" for key, count in sorted(self._placeholders.items()))
            self.notes.append(
                f"{self._first_placeholder}: placeholders stand in fields that are not needed here ({told} in all): not read"
            )
        if self._others:
            more = f" and {len(self._others) - 1} more" if len(self._others) > 1 else ""
            self.notes.append(f"{self._others[0]}{more}: documents that are no entities of Backstage: left out")


_USED = {
    ("spec", key)
    for key in ("type", "owner", "dependsOn", "dependencyOf", "providesApis", "consumesApis", "target", "targets", "system")
}


def _is_entity(data: Any) -> bool:
    if not isinstance(data, dict) or ("kind" not in data and "metadata" not in data):
        return False
    version = data.get("apiVersion")
    return isinstance(version, str) and "backstage.io/" in version


def _wrong(kind: Any, metadata: Mapping[str, Any]) -> tuple[Keys, str] | None:
    """What makes a document no entity, and where; `None` where nothing does."""
    if metadata.get("name") is None:
        return ("metadata",), "metadata.name is missing"
    name, namespace = metadata["name"], metadata.get("namespace")
    if isinstance(name, str) and _TEMPLATE.search(name):
        return ("metadata", "name"), f"the name {name!r} is to be filled in: this is a template's skeleton"
    if kind is None:
        return (), "kind is missing"
    if not is_kind(kind):
        return ("kind",), f"{kind!r} can be no kind"
    if not is_name(name):
        return ("metadata", "name"), f"{name!r} can be no name (letters and digits with - _ . between them, at most 63, as text)"
    if namespace is not None and not is_namespace(namespace):
        return (
            "metadata",
            "namespace",
        ), f"{namespace!r} can be no namespace (letters, digits, - between them, at most 63)"
    return None


def _placeholders(value: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, dict):
        key = next(iter(value), "")
        if len(value) == 1 and key.startswith("$") and isinstance(value[key], str):
            yield keys, key
            return
        for name, item in value.items():
            yield from _placeholders(item, (*keys, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _placeholders(item, (*keys, place))


def _files(folder: Path) -> list[Path]:
    """The YAML files in a folder and below; hidden folders and other people's packages are passed by."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _SKIPPED and name[0] != "."]
        found += [Path(place, name) for name in names if name.lower().endswith(ENDINGS)]
    return sorted(path for path in found if path.is_file())
