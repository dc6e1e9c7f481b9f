"""The audit outside the store: exports, and heads that were kept.

An export is one JSON object a line: `{"log": NAME, "body": TEXT, "hash": HEX}`, with `"signature"` where there is one, each log
from its first entry. An excerpt, which holds whole runs and not the environment's log, ends with a line that names each run's
head: `{"excerpt": {"heads": [[RUN, NUMBER, HASH], …]}}`. Both can be verified without the store.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bot.store.audit_lines import Excerpt, Head, Record

_WANTED = 'not an exported entry; expected {"log": …, "body": …, "hash": …}'


class ExportError(Exception):
    """The file is not an export; the message names the line and what was expected."""


def write_export(record: Record) -> str:
    """A record as one line of an export."""
    line = {"log": record.log, "body": record.body, "hash": record.hash}
    if record.signature is not None:
        line["signature"] = record.signature
    return json.dumps(line, ensure_ascii=False)


def write_excerpt(excerpt: Excerpt) -> str:
    """The last line of an export of whole runs."""
    return json.dumps({"excerpt": {"heads": excerpt.heads}})


def read_export(path: Path) -> Iterator[Record | Excerpt]:
    """The records of an export. Raises `ExportError` or `OSError`."""
    with path.open("rb") as lines:
        yield from read_lines(lines, str(path))


def read_lines(lines: Iterable[bytes], name: str) -> Iterator[Record | Excerpt]:
    """The records in these lines of the file `name`. Raises `ExportError`."""
    ended = False
    for number, line in enumerate(lines, start=1):
        try:
            record = _record(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ExportError(f"{name}, line {number}: {_WANTED}") from error
        if ended:
            raise ExportError(f"{name}, line {number}: stands after the line that ends the excerpt")
        ended = isinstance(record, Excerpt)
        yield record


def _record(raw: Any) -> Record | Excerpt:
    if "excerpt" in raw:
        return Excerpt(heads=tuple((str(log), int(seq), str(hash_)) for log, seq, hash_ in raw["excerpt"]["heads"]))
    signature = raw.get("signature")
    return Record(str(raw["log"]), str(raw["body"]), str(raw["hash"]), None if signature is None else str(signature))


def read_heads(path: Path) -> tuple[list[Head], list[str]]:
    """The heads of an anchor's file, one JSON object a line, and a word for each line that is none. Raises `OSError`.

    A machine that stops while it writes leaves a torn line behind; that must not make the others worthless.
    """
    heads: list[Head] = []
    unread: list[str] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                raw = json.loads(line)
                heads += [_head(raw), *([_head(raw["sealed"])] if raw.get("sealed") else ())]
            except (ValueError, KeyError, TypeError, AttributeError):
                unread.append(f"{path}, line {number}: not a head; passed over")
    return heads, unread


def _head(raw: Any) -> Head:
    if len(raw["hash"]) != 64:
        raise ValueError(raw["hash"])
    return str(raw["log"]), int(raw["seq"]), str(raw["hash"])
