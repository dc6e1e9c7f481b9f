"""What is wrong with a catalog: every mistake at once, each with its place, what stands there and what was expected."""

from collections.abc import Iterable
from dataclasses import dataclass

from integrations.errors import Rejected

SHOWN = 50
"""How many mistakes the message lists; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake. `line` counts from 1, `None` where the file has no lines to speak of; `key` is the path of keys to it."""

    file: str
    line: int | None = None
    key: str = ""
    found: str
    expected: str

    def __str__(self) -> str:
        """One line for people: file:line: key: found …; expected …."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}{self.found}; {self.expected}"


class CatalogError(Rejected):
    """The catalog cannot be used as it is; `problems` holds every mistake in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """One line where there is one mistake, else a count and one line for each."""
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) == 1:
            return lines[0]
        more = len(self.problems) - len(lines)
        tail = [f"and {more} more"] if more else []
        return "\n".join([f"the catalog has {len(self.problems)} mistakes:", *lines, *tail])
