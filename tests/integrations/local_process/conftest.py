"""A runtime in a folder of its own, services on free ports, and nothing left running afterwards."""

import os
import random
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from integrations.local_process import LocalProcessRuntime
from integrations.local_process.process_table import group_of
from integrations.local_process.record import Record
from planner.facts import Release, Service
from planner.names import ServiceName, Version

PROGRAM = str(Path(__file__).with_name("program.py"))
OLDER = Release(version=Version("1.4.2"), artifact="shop/order:1.4.2")
NEWER = Release(version=Version("2.0.0"), artifact="shop/order:2.0.0")


def free_port() -> int:
    """A port that nobody listens on, below the range from which the system takes its own, and another one each time."""
    for port in random.sample(range(10000, 20000), 1000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _TAKEN:
                _TAKEN.add(port)
                return port
    raise RuntimeError("no free port")


_TAKEN: set[int] = set()


@dataclass(slots=True)
class Bench:
    """Makes runtimes (each a new life of the bot) and services, and knows what lies in the folder."""

    folder: Path
    unrecorded: list[tuple[int, str]] = field(default_factory=list)

    def runtime(self) -> LocalProcessRuntime:
        return LocalProcessRuntime(self.folder)

    def service(self, name: str = "order-service", how: str = "", **settings: Any) -> Service:
        port = settings.pop("port", None) or free_port()
        command = [sys.executable, "-S", PROGRAM, "--port", "{port}", "--release", "{version}", "--name", "{name}", "--how", how]
        runtime = {
            "kind": "local_process",
            "command": command,
            "port": port,
            "ready_url": f"http://127.0.0.1:{port}/healthz",
            "version_url": f"http://127.0.0.1:{port}/version",
            "stop_timeout": "5s",
            **settings,
        }
        return Service(name=ServiceName(name), runtime={k: v for k, v in runtime.items() if v is not None})

    def record(self, service: Service) -> Record:
        return Record.model_validate_json((self.folder / "processes" / service.name / "record.json").read_bytes())

    def environment(self, service: Service) -> str:
        process = self.record(service).process
        return Path(f"/proc/{process.pid}/environ").read_text() if process else ""

    def said(self, service: Service) -> str:
        return (self.folder / "processes" / service.name / "output.log").read_text()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(folder=tmp_path)
    yield made
    records = [Record.model_validate_json(path.read_bytes()) for path in tmp_path.glob("processes/*/record.json")]
    recorded = [(record.process.pid, record.process.born) for record in records if record.process is not None]
    for pid, born in (*recorded, *made.unrecorded):
        if group_of(pid, born):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
