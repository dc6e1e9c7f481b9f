"""The identifiers that every floor shares, so that one kind of text is never passed for another."""

import re
from typing import NewType

ServiceName = NewType("ServiceName", str)
"""A service's name: lower-case letters, digits and dashes, at most 63 characters."""

Version = NewType("Version", str)
"""A release's version exactly as its owner wrote it; SemVer where possible."""

RunId = NewType("RunId", str)
"""A run's short name, `r` and a number, unique within one environment: people type it."""

ActorId = NewType("ActorId", str)
"""A person's id as the chat system signed it, or `cli:NAME` for somebody at a terminal."""

SERVICE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
"""What a service name looks like; use with `fullmatch`."""


VERBS = frozenset(
    [
        *("again", "approve", "ask", "bad", "cancel", "explain", "forward", "help", "history", "leave", "lock", "locks"),
        *("obligations", "pack", "picture", "plan", "reject", "retry", "reviewed", "show", "skip", "status", "suggest", "undo"),
        *("unlock", "wait", "who-can", "why-not"),
    ]
)
"""Words that begin a command: a service with such a name needs `plan` before it. A test holds this to the table of verbs."""


def spoken(service: str) -> str:
    """The words that ask for a rollback of that service."""
    return f"/rollback plan {service}" if service in VERBS else f"/rollback {service}"
