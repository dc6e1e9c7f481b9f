"""One file, read: plain data for those who check it, and the lines of its keys for those who must say what is wrong.

Lines are found only when somebody asks, by reading the file a second time: a catalog without mistakes pays nothing for them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
"""The keys and list places that lead to a value."""

MAX_DEPTH = 64
"""How deep mappings and lists may stand inside one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value begins, and its text as written where it is a number, true, false or empty."""

    line: int
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong with the file's text or at a path in it; `line` where it is known already."""

    path: Path
    found: str
    expected: str
    line: int | None = None


class Unreadable(Exception):
    """The text is no document at all, from `mistake` on."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.found)
        self.mistake = mistake


class NotPlain(Exception):
    """A file that was being read piece by piece is not as simple as it looked: read it as a whole, which also says why."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A list that is read while somebody goes through it, so that it is never in memory as a whole. May raise `NotPlain`."""

    read: Callable[[], Iterator[Any]]

    def __iter__(self) -> Iterator[Any]:
        return self.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`data` is made of dict, list, str, int, float, bool and None. `mistakes` are those that the reader itself saw.

    In a large file the services are `Pieces`, unless it is read as a whole.
    """

    data: Any
    mistakes: tuple[Mistake, ...] = ()
    places: Callable[[], Mapping[Path, Place]]


def key_path(path: Path) -> str:
    """The path as people write it: services[2].releases[0].version."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
