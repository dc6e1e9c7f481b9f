"""What a process says: where it goes, and the last of it in words fit for a chat message."""

from collections.abc import Iterable
from pathlib import Path

from integrations.masking import mask

_TAIL_BYTES = 8192
_TAIL_LINES = 6
_LINE = 240


def fresh(folder: Path) -> Path:
    """An empty file for the next process; the words of the one before are kept once, older ones go."""
    path = folder / "output.log"
    if path.exists():
        path.replace(folder / "output.1.log")
    path.touch(mode=0o600)
    return path


def last_lines(folder: Path, secrets: Iterable[str]) -> tuple[str, ...]:
    """The last lines of what the process said, secrets masked, long lines cut; empty where it said nothing."""
    try:
        with (folder / "output.log").open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ()
    lines = [line.rstrip() for line in mask(text, secrets).splitlines() if line.strip()]
    return tuple(line if len(line) <= _LINE else line[: _LINE - 1] + "…" for line in lines[-_TAIL_LINES:])
