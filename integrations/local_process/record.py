"""What is remembered of a service's process between two lives of the bot: one small file, changed in one piece.

STATE/processes/NAME/record.json     the record
                     lock            held by whoever changes it
                     output.log      what the process says; output.1.log: what the one before said
                     exit.json       how it ended, where the bot was there to see it
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from integrations.errors import Unavailable
from planner.names import ServiceName

_LOCK_POLL = 0.02
_KEYS_KEPT = 50


class Started(BaseModel):
    """A process that was started. `born` is what the operating system calls its beginning, `at` the same in Unix seconds."""

    model_config = ConfigDict(frozen=True)

    pid: int
    born: str
    version: str
    artifact: str | None
    at: float


class Intent(BaseModel):
    """A change that was begun and not ended: whoever comes with the same key goes on with it."""

    model_config = ConfigDict(frozen=True)

    key: str
    to: str
    artifact: str | None
    mark: str


class Exit(BaseModel):
    """How a process ended; `code` is negative for a signal."""

    model_config = ConfigDict(frozen=True)

    pid: int
    born: str
    code: int


class Record(BaseModel):
    """All that is remembered. `key` is the last change that was made, `done` all of them, the oldest forgotten."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    process: Started | None = None
    key: str | None = None
    intent: Intent | None = None
    done: tuple[str, ...] = ()

    def ended(self, key: str, process: Started | None) -> "Record":
        """The record once the change with that key is made."""
        return Record(process=process, key=key, intent=None, done=(*self.done, key)[-_KEYS_KEPT:])


class Shelf:
    """The records of all services below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, service: ServiceName) -> Path:
        """Where everything of that service lies; made if need be."""
        folder = self._folder / service
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def read(self, service: ServiceName) -> Record:
        """The record; an empty one where there is none. Raises `Unavailable` where it cannot be read."""
        path = self._folder / service / "record.json"
        try:
            return Record.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return Record()
        except (OSError, ValidationError) as error:
            raise Unavailable(
                f"{service}: the record of its process, {path}, cannot be read; repair it or move it away"
            ) from error

    def write(self, service: ServiceName, record: Record) -> None:
        """Keep the record, safe from a crash. Raises `Unavailable` where the disk refuses."""
        path = self.folder(service) / "record.json"
        try:
            replace_file(path, record.model_dump_json(indent=1))
        except OSError as error:
            raise Unavailable(f"{service}: the record of its process, {path}, cannot be written: {error.strerror}") from error

    def read_exit(self, service: ServiceName, process: Started) -> Exit | None:
        """How that very process ended, `None` where nobody saw it."""
        try:
            found = Exit.model_validate_json((self._folder / service / "exit.json").read_bytes())
        except (OSError, ValidationError):
            return None
        return found if (found.pid, found.born) == (process.pid, process.born) else None

    def note_exit(self, service: ServiceName, seen: Exit) -> None:
        """Keep how a process ended; says nothing where that cannot be kept, for nobody waits for it."""
        with suppress(OSError):
            replace_file(self._folder / service / "exit.json", seen.model_dump_json())

    @asynccontextmanager
    async def locked(self, service: ServiceName) -> AsyncIterator[None]:
        """Alone with the record, among all tasks and all processes of this machine; waits without blocking the loop."""
        try:
            file = (self.folder(service) / "lock").open("a")
        except OSError as error:
            raise Unavailable(f"{service}: its folder below {self._folder} cannot be written: {error.strerror}") from error
        with file:
            while not _try_lock(file.fileno()):
                await asyncio.sleep(_LOCK_POLL)
            yield


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, meets the old text or the new one, and nothing between."""
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
