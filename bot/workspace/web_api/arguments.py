"""Reads a method's arguments, which come as a query, a form or JSON, and says as Slack does what is wrong with them."""

import json
from typing import Any

from bot.workspace.errors import SlackError
from bot.workspace.json_value import Json

_STRUCTURED = {"blocks", "attachments", "metadata", "view", "files", "chunks"}
_TRUE = {"true", "1"}


class Arguments:
    """The arguments of one call; values that were sent as JSON text are already parsed."""

    def __init__(self, raw: Json) -> None:
        """Take everything that came; SlackError for JSON text that does not parse."""
        self.raw = {key: _parsed(key, value) for key, value in raw.items() if key != "token" and value is not None}

    def given(self, name: str) -> bool:
        """Tell whether the caller sent this argument at all."""
        return name in self.raw

    def text(self, name: str, default: str = "") -> str:
        """Give a text, or the default for an absent or empty one."""
        value = self.raw.get(name)
        return default if value is None or value == "" else str(value)

    def required(self, name: str) -> str:
        """Give a text that must be there; SlackError invalid_arguments."""
        value = self.text(name)
        if not value:
            raise SlackError.explained("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Give a truth value, however it was written."""
        return default if name not in self.raw else str(self.raw[name]).lower() in _TRUE

    def whole(self, name: str, default: int, most: int) -> int:
        """Give a whole number from 1 to `most`; SlackError invalid_limit for what is no number."""
        try:
            return min(most, max(1, int(self.text(name, str(default)))))
        except ValueError:
            raise SlackError("invalid_limit") from None

    def value(self, name: str) -> Any:
        """Give blocks, a view or another structure; None if absent."""
        return self.raw.get(name)


def _parsed(key: str, value: Any) -> Any:
    if key not in _STRUCTURED or not isinstance(value, str):
        return value
    if value == "":
        return None
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise SlackError("invalid_blocks_format" if key == "blocks" else "invalid_arguments") from None
