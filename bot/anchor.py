"""Places outside the store where heads of the log are written down: a file that only grows, or somebody's URL."""

import asyncio
import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.store.audit_anchor import Anchor, NotKept

_PATIENCE = 5.0
"""Seconds that a URL, or a slow disk, may take for one head."""


class FileAnchor:
    """A file with one JSON object a line. It is only ever appended to, and each line is on disk before it counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = f"the file {path}"

    async def keep(self, head: Mapping[str, object]) -> None:
        """Append the head. Raises `NotKept`."""
        line = json.dumps(head, ensure_ascii=False).encode() + b"\n"
        try:
            async with asyncio.timeout(_PATIENCE):
                await asyncio.to_thread(self._append, line)
        except TimeoutError as error:
            raise NotKept(f"{self.name} took longer than {_PATIENCE:g} s") from error
        except OSError as error:
            raise NotKept(f"{self.name} cannot be written: {error.strerror or type(error).__name__}") from error

    def _append(self, line: bytes) -> None:
        new = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # the machine stopped in the middle of the last one
            while line:
                line = line[os.write(descriptor, line) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            directory = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)


class WebAnchor:
    """A URL that takes each head by POST as one JSON object and answers with a status from 200 to 299."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = f"the URL at {urlsplit(url).hostname}"

    async def keep(self, head: Mapping[str, object]) -> None:
        """Send the head. Redirections are not followed. Raises `NotKept`."""
        try:
            async with asyncio.timeout(_PATIENCE), httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False) as client:
                answer = await client.post(self._url, json=dict(head))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise NotKept(f"{self.name} does not answer ({type(error).__name__})") from error
        if not answer.is_success:
            raise NotKept(f"{self.name} answered {answer.status_code}")


def anchor_at(place: str) -> Anchor:
    """The anchor that a setting names: a URL or a path."""
    return WebAnchor(place) if "://" in place else FileAnchor(Path(place))
