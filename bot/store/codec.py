"""Log entries as canonical JSON with the hash of the one before, and back.

The hash of an entry is the SHA-256 of its body's bytes, and the body holds the hash of the entry before it: changing, removing,
adding or swapping an entry breaks every hash after it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from planner.events import Entry, Event
from planner.wire import canonical

_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


class BrokenEntry(Exception):
    """What stands in the log is not an entry that Rollbot wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry as it is stored: `body` are the hashed bytes, `hash` 64 hex digits; heads are signed."""

    body: bytes
    hash: str
    signature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What an entry's bytes say. `log` is the log that it was written for, `prev` the hash of the entry before it there."""

    log: str
    seq: int
    at: datetime
    prev: str
    event: Annotated[Event, Field(discriminator="kind")]


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


def parse(body: bytes | str) -> Body:
    """What these bytes say. Raises `BrokenEntry` where they are no entry. Never checks a hash."""
    try:
        return _BODY.validate_json(body)
    except ValidationError as error:
        raise BrokenEntry(f"an entry cannot be read: {type(error).__name__} in {body[:80]!r}…") from error


def read(body: bytes, hash_: str) -> Entry:
    """The entry in this line. Raises `BrokenEntry` where it cannot be one. Never checks the hash: `bot.store.audit` does."""
    whole = parse(body)
    return Entry(seq=whole.seq, at=whole.at, event=whole.event, hash=hash_)


_BODY: TypeAdapter[Body] = TypeAdapter(Body)
