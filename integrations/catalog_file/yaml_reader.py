"""YAML into plain data, event by event, so that hostile files end in a message and not in a full memory.

Scalars mean what PyYAML's safe loader makes of them, except that dates stay text. Aliases and merge keys work; what they add up
to is limited. A key that stands twice, a tag that means code, and a value inside itself are mistakes.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from integrations.catalog_file.document import MAX_DEPTH, Document, Mistake, Path, Place, Unreadable

EXPANDED = 1_000_000
"""How many values aliases may add to a file."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_PREFIX + name for name in ("str", "int", "float", "bool", "null"))
_BOOLS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def read_yaml(text: str) -> Document:
    """The document in the text. Raises `Unreadable`."""
    builder = _Builder()
    data = builder.build(text)
    return Document(data=data, mistakes=tuple(builder.mistakes), places=lambda: _places(text))


def _places(text: str) -> Mapping[Path, Place]:
    places: dict[Path, Place] = {}
    _Builder(places).build(text)
    return places


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being read. `weight` counts its values with everything that aliases repeat."""

    value: Any
    path: Path
    anchor: str | None
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)
    merged: list[Mapping[str, Any]] = field(default_factory=list)
    weight: int = 1


class _Builder:
    def __init__(self, places: dict[Path, Place] | None = None) -> None:
        self.mistakes: list[Mistake] = []
        self._places = places
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._added = 0
        self._root: Any = None
        self._documents = 0

    def build(self, text: str) -> Any:
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
            said = " ".join(part for part in (error.context, error.problem) if part) or "this is no YAML"
            last = text.rstrip().count("\n") + 1  # the end of a file is on its last line, not on the one behind it
            raise Unreadable(Mistake((), said, "expected valid YAML", min(marks[0].line + 1, last) if marks else None)) from None
        except yaml.YAMLError as error:
            raise Unreadable(Mistake((), " ".join(str(error).split()), "expected valid YAML")) from None
        if not self._documents:
            raise Unreadable(Mistake((), "the file is empty", "expected version: 1 and services:", 1))
        return self._root

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _at(event, "a second document begins here", "expected one document in a file")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        frame = self._frames[-1] if self._frames else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self._key(frame, event)
            return
        tag = event.tag if event.tag in _PLAIN_TAGS else None
        if event.tag not in (None, "!", tag):
            raise _at(event, f"the tag {event.tag!r}", "expected plain values without tags")
        try:
            value = _resolve(event.value, tag) if event.implicit[0] or tag else event.value
        except (ValueError, OverflowError):
            raise _at(
                event, f"a number of {len(event.value)} characters that cannot be read", "expected a usual number"
            ) from None
        self._put(value, event, 1, event.value if not isinstance(value, str) else None)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)

    def _key(self, frame: _Frame, event: Any) -> None:
        key, line = event.value, event.start_mark.line + 1
        if key in frame.lines and key != "<<":
            self.mistakes.append(
                Mistake(
                    (*frame.path, key), "this key stands twice", f"expected it once: it is on line {frame.lines[key]} too", line
                )
            )
        frame.lines.setdefault(key, line)
        frame.key = key

    def _begin(self, event: Any) -> None:
        if event.tag not in (None, "!", _PREFIX + "map", _PREFIX + "seq"):
            raise _at(event, f"the tag {event.tag!r}", "expected plain values without tags")
        if len(self._frames) >= MAX_DEPTH:
            raise _at(event, f"more than {MAX_DEPTH} levels inside one another", "expected a flatter file")
        parent = self._frames[-1] if self._frames else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            raise _at(event, "a mapping or list stands as a key", "expected a text as key")
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._path()
        self._note(parent, path, event)
        self._frames.append(_Frame(value, path, event.anchor))
        if event.anchor:
            self._open.add(event.anchor)

    def _end(self) -> None:
        frame = self._frames.pop()
        for mapping in frame.merged:
            for key, value in mapping.items():
                frame.value.setdefault(key, value)
        if frame.anchor:
            self._open.discard(frame.anchor)
            self._anchors[frame.anchor] = (frame.value, frame.weight)
        self._put(frame.value, None, frame.weight, None)

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor
        if name in self._open:
            raise _at(event, f"*{name} stands inside &{name}", "expected a value that does not hold itself")
        if name not in self._anchors:
            raise _at(event, f"*{name} refers to nothing", f"expected &{name} before it")
        frame = self._frames[-1] if self._frames else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            raise _at(event, f"the alias *{name} stands as a key", "expected a text as key")
        value, weight = self._anchors[name]
        self._added += weight
        if self._added > EXPANDED:
            raise _at(
                event, f"aliases add up to more than {EXPANDED:,} values", "expected a file that is not blown up by aliases"
            )
        self._put(value, event, weight, None)

    def _put(self, value: Any, event: Any, weight: int, raw: str | None) -> None:
        """Puts a finished value where it belongs: into its mapping or list, or as the whole document."""
        if not self._frames:
            self._root = value
            return
        frame = self._frames[-1]
        frame.weight += weight
        if event is not None:
            self._note(frame, self._path(), event, raw)
        if isinstance(frame.value, list):
            frame.value.append(value)
            return
        key, frame.key = frame.key, None
        if key == "<<":
            self._merge(frame, value)
        else:
            frame.value[key] = value

    def _merge(self, frame: _Frame, value: Any) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self.mistakes.append(
                Mistake((*frame.path, "<<"), "this is no mapping", "expected << to name mappings", frame.lines["<<"])
            )
            return
        frame.merged += sources

    def _path(self) -> Path:
        if not self._frames:
            return ()
        frame = self._frames[-1]
        part = frame.key if isinstance(frame.value, dict) else len(frame.value)
        return (*frame.path, part if part is not None else "")

    def _note(self, parent: _Frame | None, path: Path, event: Any, raw: str | None = None) -> None:
        """Remembers where a value stands: in a mapping that is where its key stands."""
        if self._places is None:
            return
        line = event.start_mark.line + 1
        if parent is not None and parent.key is not None:
            line = parent.lines[parent.key]
        self._places[path] = Place(line=line, raw=raw)


def _at(event: Any, found: str, expected: str) -> Unreadable:
    return Unreadable(Mistake((), found, expected, event.start_mark.line + 1))


def _resolve(text: str, tag: str | None) -> Any:
    kind = tag or _kind(text)
    node = yaml.ScalarNode(kind, text)
    if kind.endswith(":null"):
        return None
    if kind.endswith(":bool"):
        if text.lower() not in _BOOLS:
            raise ValueError(text)
        return _BOOLS[text.lower()]
    if kind.endswith(":int"):
        return yaml.constructor.SafeConstructor().construct_yaml_int(node)
    if kind.endswith(":float"):
        value = yaml.constructor.SafeConstructor().construct_yaml_float(node)
        if not math.isfinite(value) and "inf" not in text.lower() and "nan" not in text.lower():
            raise OverflowError(text)
        return value
    return text


@lru_cache(maxsize=4096)
def _kind(text: str) -> str:
    resolvers: Mapping[Any, Any] = yaml.SafeLoader.yaml_implicit_resolvers
    if len(text) <= MAX_SCALAR:
        for tag, pattern in _candidates(resolvers, text):
            if pattern.match(text):
                return str(tag)
    return _PREFIX + "str"


MAX_SCALAR = 400
"""Longer plain texts are texts, whatever they look like."""


def _candidates(resolvers: Mapping[Any, Any], text: str) -> Iterator[tuple[str, Any]]:
    yield from resolvers.get(text[:1], ())
    yield from resolvers.get(None, ())
