"""JSON into plain data, as fast as the standard library is; keys that stand twice and numbers that are none are mistakes.

Lines come from a walk over the tokens, which is only done where there is something to say. A large file that begins as programs
write it is read service by service, for all of them at once would take several times the memory of the facts they become;
whatever is unusual about it sends the reader back to the beginning, to read it as a whole and say what is wrong.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from integrations.catalog_file.document import MAX_DEPTH, Document, Mistake, NotPlain, Path, Pieces, Place, Unreadable

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
LONGEST = 400
"""Longer numbers are none."""

LARGE = 1 << 22
"""Texts with more characters than this are read service by service."""

_B = r"[ \t\r\n]*"
_HEAD = re.compile(rf'{_B}\{{{_B}"version"{_B}:{_B}1{_B},{_B}"services"{_B}:{_B}\[{_B}')
_NEXT = re.compile(rf"{_B},{_B}")
_TAIL = re.compile(rf"{_B}\]{_B}\}}{_B}\Z")


def read_json(text: str, *, whole: bool = False) -> Document:
    """The document in the text; a large one in pieces, if not asked for as a whole. Raises `Unreadable`."""
    head = _HEAD.match(text) if len(text) > LARGE and not whole else None
    if head is None:
        return _whole(text)
    pieces = Pieces(partial(_pieces, text, head.end()))
    return Document(data={"version": 1, "services": pieces}, places=lambda: _places(text))


def _pieces(text: str, at: int) -> Iterator[Any]:
    """The values of the list that begins at `at` and ends the text. Raises `NotPlain`."""
    twice = False

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        value = dict(found)
        twice = twice or len(value) != len(found)
        return value

    decoder = json.JSONDecoder(object_pairs_hook=pairs, parse_constant=_no_constant)
    more: re.Match[str] | None
    while True:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise NotPlain from None
        if twice:
            raise NotPlain
        yield value
        del value
        more = _NEXT.match(text, end)
        if more is None:
            break
        at = more.end()
    if not _TAIL.match(text, end):
        raise NotPlain


def _whole(text: str) -> Document:
    twice = False

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        value = dict(found)
        twice = twice or len(value) != len(found)
        return value

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        said = "the file is empty" if not text.strip() else f"{error.msg} (column {error.colno})"
        raise Unreadable(Mistake((), said, "expected valid JSON", error.lineno)) from None
    except RecursionError:
        raise Unreadable(_too_deep(text)) from None
    except ValueError:
        raise Unreadable(_no_number(text)) from None
    return Document(data=data, mistakes=tuple(_duplicates(text)) if twice else (), places=lambda: _places(text))


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


def _places(text: str) -> Mapping[Path, Place]:
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
