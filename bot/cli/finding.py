"""One line of `rollbot check`."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a finding is marked, in words too wide to overlook."""

    OK = "ok     "
    WARN = "warning"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: about what, how it is, and what to do."""

    mark: Mark
    about: str
    text: str
