"""Collects what is wrong with blocks, in the words and JSON pointers that Slack uses.

A file of its own so that every rule can report into one list, and one message gets all its faults at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.workspace.json_value import Json


@dataclass(slots=True)
class Findings:
    """A list of faults that grows while blocks are read; `messages` is what Slack answers."""

    messages: list[str] = field(default_factory=list)

    def add(self, at: str, words: str) -> None:
        """Note one fault at a JSON pointer."""
        self.messages.append(f"[ERROR] {words} [json-pointer:{at}]")

    def keys(self, at: str, value: Json, required: Iterable[str], optional: Iterable[str] = ()) -> bool:
        """Check an object's keys; False if a required one is missing, so that reading on makes no sense."""
        must = set(required)
        allowed = must | set(optional) | {"type"}
        for key in sorted(value.keys() - allowed):
            self.add(at, f"invalid additional property: {key}")
        missing = [key for key in sorted(must) if value.get(key) is None]
        for key in missing:
            self.add(at, f"missing required field: {key}")
        return not missing

    def string(self, at: str, value: object, most: int, least: int = 1) -> bool:
        """Check a string's length in characters; None counts as absent and is fine."""
        if value is None:
            return True
        if not isinstance(value, str):
            self.add(at, "must provide a string")
            return False
        if len(value) < least:
            self.add(at, f"must be more than {least - 1} characters")
        if len(value) > most:
            self.add(at, f"must be less than {most + 1} characters")
        return True

    def items(self, at: str, value: object, most: int, least: int = 1) -> list[Json]:
        """Check an array of objects and give those of its items that are objects."""
        if not isinstance(value, list):
            self.add(at, "must be a valid array")
            return []
        if len(value) < least:
            self.add(at, f"no fewer than {least} items allowed" if least > 1 else "must provide at least 1 item")
        if len(value) > most:
            self.add(at, f"no more than {most} items allowed")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                self.add(f"{at}/{index}", "must provide an object")
        return [item for item in value if isinstance(item, dict)]

    def choice(self, at: str, value: object, allowed: Iterable[str]) -> None:
        """Check that a string is one of a few; None counts as absent."""
        if value is not None and str(value) not in set(allowed):
            self.add(at, f"must be one of: {', '.join(sorted(allowed))}")
