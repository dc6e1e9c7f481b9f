"""Slack's cursors: a page of a list, and where the next one begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.workspace.errors import SlackError
from bot.workspace.web_api.arguments import Arguments

Item = TypeVar("Item")
_PREFIX = "next:"


def page_of(items: Sequence[Item], arguments: Arguments, default: int) -> tuple[list[Item], str]:
    """Give the items that `limit` and `cursor` ask for, and the next cursor, empty at the end; SlackError invalid_cursor."""
    limit = arguments.whole("limit", default, 1_000)
    start = _start(arguments.text("cursor"))
    end = start + limit
    cursor = base64.b64encode(f"{_PREFIX}{end}".encode()).decode() if end < len(items) else ""
    return list(items[start:end]), cursor


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix(_PREFIX))
    except (binascii.Error, ValueError):
        raise SlackError("invalid_cursor") from None
