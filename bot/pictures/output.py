"""Where a picture or an export goes: a file, or standard output where that is a file or a pipe."""

import sys
from pathlib import Path


class NotHere(Exception):
    """The picture cannot go there, and why."""


def put(content: str | bytes, to: Path | None) -> None:
    """Write it. Raises `NotHere` for a PNG that would go to a terminal, and for a place where nothing can be written."""
    if to is not None:
        try:
            to.write_bytes(content.encode() if isinstance(content, str) else content)
        except OSError as error:
            raise NotHere(f"{to}: {error.strerror or error}") from error
    elif isinstance(content, str):
        sys.stdout.write(content)
    elif sys.stdout.isatty():
        raise NotHere("a PNG is not for a terminal: say -o FILE, or send it to a file or a pipe")
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
