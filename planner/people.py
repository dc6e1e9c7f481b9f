"""Who somebody is, and where a conversation happens."""

from dataclasses import dataclass

from planner.names import ActorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who did something: the id that counts, and the name people know."""

    id: ActorId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conversation happens: a channel's id and, where it began in a thread, that thread."""

    channel: str
    thread: str | None = None
