"""The checks that every part of the catalog shares, which note what is wrong and go on, so that people see all of it at once."""

import math
import re
import sys
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from integrations.catalog_file.document import Mistake, Path, Pieces
from integrations.durations import parse_duration
from planner.names import SERVICE_NAME

MOST = 1000
"""More mistakes than this are not collected: the file is something else altogether."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_VERSION = re.compile(r"[!-~\u00a1-\ud7ff\ue000-\ufffd]{1,256}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt]|[ \t]+)(\d\d?:\d\d(?::\d\d(?:\.\d+)?)?)[ \t]*(Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DEEPEST = 32

NUMBER = "found the number "
"""How `found` begins for numbers; whoever places the mistake shows the number as written."""


class TooMany(Exception):
    """Enough mistakes were found to stop looking."""


class Walk:
    """Collects what is wrong. Every method that reads a value answers `None` (or the default) where it noted something."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def wrong(self, path: Path, found: str, expected: str) -> None:
        """Notes a mistake."""
        self.mistakes.append(Mistake(path, found, expected))
        if len(self.mistakes) >= MOST:
            raise TooMany

    def mapping(self, value: Any, at: Path, known: frozenset[str], what: str) -> dict[str, Any] | None:
        """The value as a mapping with only known keys."""
        if type(value) is not dict:
            self.wrong(at, found(value), f"expected {what}")
            return None
        if not value.keys() <= known:
            for key in value:
                if key not in known:
                    self.unknown((*at, key), known)
        return value

    def unknown(self, path: Path, known: Collection[str]) -> None:
        """Notes a key that does not exist, with the nearest that does."""
        from difflib import get_close_matches  # only where there is something wrong: it costs a fast start

        near = get_close_matches(str(path[-1])[:100], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(sorted(known))}"
        self.wrong(path, "unknown key", hint)

    def items(self, value: Any, at: Path, what: str) -> Iterable[Any]:
        """The value as a list; absent is empty."""
        if value is None:
            return []
        if type(value) is not list and type(value) is not Pieces:
            self.wrong(at, found(value), f"expected a list of {what}")
            return []
        items: Iterable[Any] = value
        return items

    def text(self, value: Any, at: Path, what: str) -> str | None:
        """A text without control characters, not empty; absent is `None`."""
        if value is None:
            return None
        if type(value) is not str:
            self.wrong(at, found(value), f"expected {what}")
        elif not value.strip() or _CONTROL.search(value):
            self.wrong(at, found(value), f"expected {what}, not empty and without control characters")
        else:
            return value
        return None

    def name(self, value: Any, at: Path) -> str | None:
        """A service's name."""
        if type(value) is str and is_name(value):
            return value
        self.wrong(at, found(value), "expected a service name: lower-case letters, digits and dashes, at most 63, no dash first")
        return None

    def version(self, value: Any, at: Path) -> str | None:
        """A version: any text without blanks."""
        if type(value) is str and is_version(value):
            return sys.intern(value)  # many services have the same few
        self.wrong(at, found(value), "expected a version as text without blanks, at most 256 characters, such as 1.4.2")
        return None

    def choice(self, value: Any, at: Path, words: Collection[str]) -> str | None:
        """One of a few words; absent is `None`."""
        if value is None:
            return None
        if type(value) is str and value in words:
            return value
        self.wrong(at, found(value), f"expected one of {', '.join(words)}")
        return None

    def whole(self, value: Any, at: Path, least: int, default: int) -> int:
        """A whole number of at least `least`; absent is the default."""
        if value is None:
            return default
        if type(value) is int and least <= value <= 1_000_000_000:
            return value
        self.wrong(at, found(value), f"expected a whole number from {least} up")
        return default

    def rate(self, value: Any, at: Path) -> float | None:
        """How many a second: a finite number from 0 up; absent is `None`."""
        if value is None:
            return None
        if type(value) in (int, float) and math.isfinite(value) and value >= 0:
            return float(value)
        self.wrong(at, found(value), "expected calls a second, as a number from 0 up")
        return None

    def seconds(self, value: Any, at: Path, default: float) -> float:
        """A duration, in seconds; absent is the default."""
        if value is None:
            return default
        try:
            length = parse_duration(value)
        except ValueError:
            self.wrong(at, found(value), "expected a number and a unit, such as 500ms, 10s, 5m or 2h")
            return default
        if 0 < length <= 366 * 86400:
            return length
        self.wrong(at, found(value), "expected more than nothing and at most 366 days")
        return default

    def moment(self, value: Any, at: Path) -> datetime | None:
        """A moment in UTC; absent is `None`."""
        if value is None:
            return None
        time = moment(value) if type(value) is str else None
        if time is None:
            self.wrong(at, found(value), "expected a date and time such as 2026-11-01T10:00:00Z")
        return time

    def plain(self, value: Any, at: Path) -> bool:
        """Whether the value is something an adapter can be handed: not too deep, numbers finite, texts clean."""
        waiting: list[tuple[Any, Path]] = [(value, at)]
        before = len(self.mistakes)
        while waiting:
            item, path = waiting.pop()
            if isinstance(item, float) and not math.isfinite(item):
                self.wrong(path, found(item), "expected a finite number")
            elif isinstance(item, str) and _CONTROL.search(item.replace("\n", "").replace("\r", "")):
                self.wrong(path, found(item), "expected a text without control characters")
            elif isinstance(item, (dict, list)) and len(path) - len(at) >= _DEEPEST:
                self.wrong(path, f"more than {_DEEPEST} levels inside one another", "expected flatter settings")
            elif isinstance(item, dict):
                waiting += [(inner, (*path, key)) for key, inner in item.items()]
            elif isinstance(item, list):
                waiting += [(inner, (*path, place)) for place, inner in enumerate(item)]
        return len(self.mistakes) == before


# A large catalog says the same names, versions and times over and over.
@lru_cache(maxsize=1 << 18)
def is_name(text: str) -> bool:
    """Whether a text is a service's name."""
    return SERVICE_NAME.fullmatch(text) is not None


@lru_cache(maxsize=1 << 16)
def is_version(text: str) -> bool:
    """Whether a text can be a version."""
    return _VERSION.fullmatch(text) is not None


@lru_cache(maxsize=1 << 16)
def moment(text: str) -> datetime | None:
    """The moment in UTC that an ISO 8601 text names; without a zone, and for a day alone, UTC is meant. `None` for other text."""
    if match := _TIME.fullmatch(text.strip()):
        time = match[2] if match[2][1] != ":" else "0" + match[2]
        text = f"{match[1]}T{time}{(match[3] or 'Z').upper()}"
    elif not _DAY.fullmatch(text.strip()):
        return None
    try:
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def found(value: Any) -> str:
    """What stands there, in words."""
    match value:
        case None:
            return "found nothing"
        case bool():
            return f"found {str(value).lower()}"
        case int() | float():
            return f"{NUMBER}{str(value)[:60]}"
        case str():
            shown = value if len(value) <= 60 else value[:57] + "…"
            return "found an empty text" if not value else f"found {ascii(shown) if _CONTROL.search(shown) else repr(shown)}"
        case list():
            return f"found a list of {len(value)}"
        case dict():
            return f"found a mapping of {len(value)} keys"
        case _:
            return f"found {type(value).__name__}"
