"""Log entries as canonical JSON with the hash of the one before, and back.

The hash of an entry is the SHA-256 of its body's bytes, and the body holds the hash of the entry before it: changing, removing,
adding or swapping an entry breaks every hash after it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from planner.events import Entry, Event
from planner.wire import canonical

_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


class BrokenEntry(Exception):
    """What stands in the log is not an entry that Rollbot wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry as it is stored: `body` are the hashed bytes, `hash` 64 hex digits."""

    body: bytes
    hash: str


def write(chain: str, seq: int, at: datetime, event: Event, previous: str, writer: str) -> Line:
    """The stored form of an event as entry `seq` of a log whose last hash is `previous`.

    `writer` is unique for each write, so that two people who do the same at the same moment write two different lines.
    """
    data = _EVENT.dump_python(event, mode="json", fallback=dict, warnings=False)
    body = canonical({"log": chain, "seq": seq, "at": at.isoformat(), "prev": previous, "writer": writer, "event": data})
    return Line(body=body, hash=hash_of(body))


def hash_of(body: bytes) -> str:
    """The hash of an entry's body."""
    return hashlib.sha256(body).hexdigest()


def read(body: bytes, hash_: str) -> Entry:
    """The entry in this line. Raises `BrokenEntry` where it cannot be one. Never checks the hash: `bot.store.audit` does."""
    try:
        raw: Any = _BODY.validate_json(body)
        return Entry(seq=raw["seq"], at=_AT.validate_python(raw["at"]), event=_EVENT.validate_python(raw["event"]), hash=hash_)
    except (ValidationError, KeyError, TypeError) as error:
        raise BrokenEntry(f"an entry cannot be read: {type(error).__name__} in {body[:80]!r}…") from error


_BODY: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_AT: TypeAdapter[datetime] = TypeAdapter(datetime)
