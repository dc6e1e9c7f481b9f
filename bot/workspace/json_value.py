"""The one name for JSON objects that pass through the workspace."""

from typing import Any

Json = dict[str, Any]
"""A JSON object as the bot or the page sent it: outside data, checked where it is used."""


def as_object(value: object) -> Json:
    """Give `value` if it is a JSON object, else an empty one: for reading parts that may be missing."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Give `value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []
