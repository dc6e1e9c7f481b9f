"""Compares what a probe got with what a check expects, and says the first difference in words fit for the thread."""

import json
from collections.abc import Mapping
from typing import Any

from integrations.durations import say_duration
from integrations.masking import mask

_EXCERPT = 120


def json_difference(expected: Any, got: Any, where: str = "") -> str | None:
    """The first difference, `None` where `got` has everything that is expected; it may have more keys.

    Lists must have the same length, item by item. `true` is not `1`, and `1` is `1.0`.
    """
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            return f"{where or 'the answer'} is {_short(got)}, expected an object"
        for key, value in expected.items():
            path = f"{where}.{key}" if where else str(key)
            if key not in got:
                return f"{path} is missing"
            if (found := json_difference(value, got[key], path)) is not None:
                return found
        return None
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got, strict=True))
        return next((found for i, (e, g) in pairs if (found := json_difference(e, g, f"{where}[{i}]")) is not None), None)
    if isinstance(expected, bool) is isinstance(got, bool) and expected == got:
        return None
    return f"{where or 'the answer'} is {_short(got)}, expected {_short(expected)}"


def text_difference(body: str, *, contains: str | None, wanted_json: Any) -> str | None:
    """What is wrong with an answer's text, in words; `None` where nothing is."""
    if contains is not None and contains not in body:
        return f"it does not contain {_short(contains)}"
    if wanted_json is None:
        return None
    try:
        got = json.loads(body)
    except ValueError:
        return "it is no JSON"
    return json_difference(wanted_json, got)


def too_slow(seconds: float, limit: float | None) -> str | None:
    """The sentence about an answer that took too long; `None` where it did not, or where no limit is set."""
    if limit is None or seconds <= limit:
        return None
    return f"took {say_duration(seconds)}, {say_duration(limit)} allowed"


def excerpt(body: str) -> str:
    """The beginning of a text on one line, without secrets."""
    line = " ".join(mask(body[:2000]).split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + "…"


def _short(value: Any) -> str:
    return excerpt(json.dumps(value, ensure_ascii=False, default=str))
