"""JSON into plain data, as fast as the standard library is; keys that stand twice and numbers that are none are mistakes.

Lines come from a walk over the tokens, which is only done where there is something to say. Large files are read by `bulk`, which
leaves to this module whatever is unusual about them.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.catalog_file.document import MAX_DEPTH, Document, Mistake, NotPlain, Path, Place, Unreadable

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
LONGEST = 400
"""Longer numbers are none."""


def read_json(text: str) -> Document:
    """The document in the text. Raises `Unreadable`."""
    try:
        data, twice = _read(text)
    except json.JSONDecodeError as error:
        said = "the file is empty" if not text.strip() else f"{error.msg} (column {error.colno})"
        raise Unreadable(Mistake((), said, "expected valid JSON", error.lineno)) from None
    except RecursionError:
        raise Unreadable(_too_deep(text)) from None
    except ValueError:
        raise Unreadable(_no_number(text)) from None
    return Document(data=data, mistakes=tuple(_duplicates(text)) if twice else (), places=lambda: places_of(text))


def read_piece(text: bytes) -> Any:
    """The value in a text that is part of a larger one. Raises `NotPlain` where anything is wrong with it."""
    try:
        data, twice = _read(text.decode())
    except (ValueError, RecursionError):
        raise NotPlain from None
    if twice:
        raise NotPlain
    return data


def _read(text: str) -> tuple[Any, bool]:
    """The value in the text, and whether any key in it stands twice."""
    twice = False

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        value = dict(found)
        twice = twice or len(value) != len(found)
        return value

    return json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant), twice


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} stands as a number")


def _no_number(text: str) -> Mistake:
    for _, line, raw, _ in _walk(text):
        if raw is not None and (len(raw) > LONGEST or raw in ("NaN", "Infinity", "-Infinity")):
            said = f"a number of {len(raw)} characters" if len(raw) > LONGEST else f"{raw} in place of a number"
            return Mistake((), said, "expected usual numbers", line)
    return Mistake((), "a number that cannot be read", "expected usual numbers")


def _too_deep(text: str) -> Mistake:
    line = next((line for path, line, _, _ in _walk(text) if len(path) > MAX_DEPTH), None)
    return Mistake((), f"more than {MAX_DEPTH} levels inside one another", "expected a flatter file", line)


def _duplicates(text: str) -> Iterator[Mistake]:
    for path, line, _, before in _walk(text):
        if before is not None:
            yield Mistake(path, "this key stands twice", f"expected it once: it is on line {before} too", line)


def places_of(text: str) -> Mapping[Path, Place]:
    """Where every value of a JSON text stands."""
    return {path: Place(line=line, raw=raw) for path, line, raw, _ in _walk(text)}


def _walk(text: str) -> Iterator[tuple[Path, int, str | None, int | None]]:
    """Every value of a JSON text: its path, the line of its key or of itself, its raw text, and the line of an earlier twin."""
    ends = [match.start() for match in re.finditer("\n", text)]
    path: list[str | int] = []
    seen: list[dict[str, int] | None] = []  # the keys of each open mapping; None for a list
    wants_key, line, twin = False, 1, None
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece in "}]":
            seen.pop()
            path.pop()
            wants_key = False
        elif piece == ",":
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            wants_key = seen[-1] is not None
        elif piece == ":":
            wants_key = False
        elif wants_key:
            line = bisect_right(ends, match.start()) + 1
            path[-1] = key = str(json.loads(piece))
            keys = seen[-1]
            if keys is not None:
                twin = keys.get(key)
                keys.setdefault(key, line)
        else:
            if not seen or seen[-1] is None:
                line, twin = bisect_right(ends, match.start()) + 1, None
            raw = None if piece[0] in '"{[' else piece
            yield tuple(path), line, raw, twin
            if piece in "{[":
                seen.append({} if piece == "{" else None)
                path.append("" if piece == "{" else 0)
                wants_key = piece == "{"
