"""YAML that others wrote for other programs, read leniently: every document of a file, with the line of each value.

Nothing in it is run and no tag is followed. A file that breaks off gives the documents before the break, and says where.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Keys = tuple[str | int, ...]
"""The keys and list places that lead to a value."""

LARGEST = 1 << 24
"""Bytes of one file."""

_DEEPEST = 64
_MOST = 1_000_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(_TAG + name for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document. `tags` are the places of values with a tag of the file's own, which was not followed.

    `twice` are the places of keys that stand twice in one mapping; what stands last counts.
    """

    file: Path
    data: Any
    lines: Mapping[Keys, int] = field(default_factory=dict)
    tags: Mapping[Keys, str] = field(default_factory=dict)
    twice: tuple[Keys, ...] = ()

    def line(self, keys: Keys) -> int:
        """The line of a value, or of the nearest one around it."""
        for length in range(len(keys), -1, -1):
            if keys[:length] in self.lines:
                return self.lines[keys[:length]]
        return 1

    def at(self, *keys: str | int) -> str:
        """Where a value stands: file:line."""
        return f"{self.file}:{self.line(keys)}"


@dataclass(frozen=True, slots=True)
class Broken:
    """From `line` on a file cannot be read."""

    file: Path
    line: int | None
    why: str

    def __str__(self) -> str:
        """The place and the reason."""
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.why}"


def read(path: Path) -> Iterator[Document | Broken]:
    """The documents of a file that are not empty, then what is wrong with it, if anything."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        yield Broken(path, None, f"it cannot be read: {getattr(error, 'strerror', None) or error}")
        return
    if len(content) > LARGEST:
        yield Broken(path, None, f"it is larger than {LARGEST >> 20} MiB: not read")
        return
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        yield Broken(path, content.count(b"\n", 0, error.start) + 1, "it is not written in UTF-8")
        return
    yield from read_text(path, text)


def read_text(path: Path, text: str) -> Iterator[Document | Broken]:
    """The same for a text that stands in that file."""
    try:
        for node in yaml.compose_all(text, Loader=_LOADER):
            lines: dict[Keys, int] = {}
            tags: dict[Keys, str] = {}
            reader = _Reader(lines, tags)
            data = reader.value(node, ())
            if data is not None:
                yield Document(file=path, data=data, lines=lines, tags=tags, twice=tuple(reader.twice))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part) or "no YAML"
        yield Broken(path, mark.line + 1 if mark else None, f"no valid YAML from here on: {said}")
    except yaml.YAMLError as error:
        yield Broken(path, None, f"no valid YAML: {' '.join(str(error).split())[:300]}")
    except _TooMuch as error:
        yield Broken(path, error.line, str(error))


class _TooMuch(Exception):
    def __init__(self, node: yaml.Node, why: str) -> None:
        super().__init__(why)
        self.line = node.start_mark.line + 1


class _Reader:
    """Makes plain data of one document's nodes."""

    def __init__(self, lines: dict[Keys, int], tags: dict[Keys, str]) -> None:
        self._lines = lines
        self._tags = tags
        self._count = 0
        self.twice: list[Keys] = []

    def value(self, node: yaml.Node, at: Keys, line: int | None = None) -> Any:
        self._count += 1
        if len(at) > _DEEPEST:
            raise _TooMuch(node, f"more than {_DEEPEST} levels inside one another (or a value inside itself): not read")
        if self._count > _MOST:
            raise _TooMuch(node, "aliases blow this file up: not read")
        self._lines[at] = node.start_mark.line + 1 if line is None else line
        if node.tag not in _PLAIN:
            self._tags[at] = str(node.tag)
        match node:
            case yaml.MappingNode():
                return self._mapping(node, at)
            case yaml.SequenceNode():
                return [self.value(item, (*at, place)) for place, item in enumerate(node.value)]
            case yaml.ScalarNode():
                return _scalar(node)
            case _:
                return None

    def _mapping(self, node: yaml.MappingNode, at: Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, item in node.value:
            if key.tag == _TAG + "merge":
                sources = item.value if isinstance(item, yaml.SequenceNode) else [item]
                for source in sources:
                    more = self.value(source, at, self._lines[at])
                    if isinstance(more, dict):
                        merged = {**more, **merged}
                continue
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in found:
                self.twice.append((*at, name))
            found[name] = self.value(item, (*at, name), key.start_mark.line + 1)
        return {**merged, **found}


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    make = yaml.constructor.SafeConstructor()
    try:
        match node.tag.removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return make.construct_yaml_bool(node)
            case "int" if len(text) < 400:
                return make.construct_yaml_int(node)
            case "float" if len(text) < 400:
                return make.construct_yaml_float(node)
    except (ValueError, KeyError, OverflowError):
        return text
    return text
