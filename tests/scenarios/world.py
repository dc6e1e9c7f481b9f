"""A world for one scenario: the emulated Slack, a shop of real processes, and the real bot as a process of its own."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from integrations.catalog_file import CatalogFile
from integrations.local_process import LocalProcessRuntime
from integrations.protocols import Phase
from planner.names import ServiceName, Version
from tests.scenarios.emulator import Slack
from tests.scenarios.slack_values import APP_TOKEN, BOT_TOKEN, PEOPLE, RAJ

PROGRAM = Path(__file__).with_name("program.py")
BEFORE = {"order-service": "2.0.0", "payment-service": "3.0.0", "ledger-service": "1.1.0"}
AFTER = {"order-service": "1.4.2", "payment-service": "2.2.0", "ledger-service": "1.1.0"}
STARTED_ONCE = Counter({"order-service 1.4.2": 1, "payment-service 2.2.0": 1})
"""What a rollback starts, and how often, whatever happens to the bot meanwhile."""
_PAYS = {"2.0.0": ">=2.1 <4", "1.4.2": ">=2.1 <3"}
_RELEASES = {
    "order-service": ("1.4.2", "2.0.0"),
    "payment-service": ("2.2.0", "3.0.0"),
    "ledger-service": ("1.0.0", "1.1.0"),
}
_CALLS = {"order-service": ["payment-service"], "payment-service": ["ledger-service"], "ledger-service": []}


class World:
    """Everything of one scenario lives below `folder`, and ends with it."""

    def __init__(self, folder: Path, slack: Slack, *, ready_timeout: str = "3s") -> None:
        self.ready_timeout = ready_timeout
        self.folder = folder
        self.slack = slack
        self.state = folder / "state"
        self.catalog = folder / "services.yaml"
        self.log = folder / "bot.log"
        self.ways = folder / "ways"
        self.bot: subprocess.Popen[bytes] | None = None
        self._ports = dict(zip(BEFORE, free_ports(len(BEFORE)), strict=True))

    # --- the shop ---

    async def open_shop(self) -> None:
        """Every service runs its newest release."""
        self.ways.mkdir(parents=True)
        for name, versions in _RELEASES.items():
            for version in versions:
                self.command(name, version)
        self.write_catalog()
        catalog, runtime = await CatalogFile(self.catalog).load(), LocalProcessRuntime(self.state.resolve())
        for name, version in BEFORE.items():
            service = catalog.services[ServiceName(name)]
            release = service.release(Version(version))
            assert release is not None
            await runtime.apply(service, release, expect=None, key="shop")
            async with asyncio.timeout(20):
                while (await runtime.observe(service, release, key="shop")).phase is not Phase.CONVERGED:
                    await asyncio.sleep(0.02)
        (self.ways / "starts").unlink()

    def command(self, name: str, version: str) -> Path:
        """The program that a release is started with; a test may take it away."""
        path = self.folder / "bin" / f"{name}-{version}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {sys.executable} -S {PROGRAM} {name} {version} "$1" {self.ways}\n')
        path.chmod(0o755)
        return path

    def write_catalog(self, text: str | None = None) -> None:
        """The catalog, or this text in its place."""
        services = [self._service(name) for name in _RELEASES]
        self.catalog.write_text(text if text is not None else yaml.safe_dump({"version": 1, "services": services}))

    def _service(self, name: str) -> dict[str, Any]:
        here = f"http://127.0.0.1:{self._ports[name]}"
        releases: list[dict[str, Any]] = [
            {"version": version, "deployed_at": f"2026-11-{10 + day:02}T10:00:00Z", "verified": "good"}
            for day, version in enumerate(_RELEASES[name])
        ]
        for release in releases if name == "order-service" else ():
            release["requires"] = {"payment-service": _PAYS[release["version"]]}
        for release in releases if name == "payment-service" else ():
            release["requires"] = {"ledger-service": ">=1 <2"}
        return {
            "name": name,
            "depends_on": _CALLS[name],
            "releases": releases,
            "runtime": {
                "kind": "local_process",
                "command": [f"{self.folder}/bin/{{name}}-{{version}}", "{port}"],
                "port": self._ports[name],
                "ready_url": f"{here}/healthz",
                "version_url": f"{here}/version",
                "stop_timeout": "20s",
                "ready_timeout": self.ready_timeout,
            },
            "checks": [
                {
                    "name": "works", "probe": "http", "url": f"{here}/check", "interval": "50ms", "count": 3,
                    "expect": {"status": 200, "json": {"ok": True}, "max_latency": "20s"}, "timeout": "20s",
                }
            ],
        }  # fmt: skip

    def way(self, name: str, *words: str) -> None:
        """How a release (`NAME@VERSION`) behaves from now on; no words: well."""
        (self.ways / name).write_text(" ".join(words))

    async def marked(self, mark: str) -> None:
        """Return once a service has left this mark (`NAME@VERSION.MARK`)."""
        await poll(f"the mark {mark}", (self.ways / mark).exists)

    def starts(self) -> Counter[str]:
        """How often each release was started since the shop opened."""
        found = self.ways / "starts"
        return Counter(found.read_text().splitlines()) if found.exists() else Counter()

    def runs(self) -> dict[str, str]:
        """What every service says that it runs."""
        return {name: self._says(name) for name in BEFORE}

    def _says(self, name: str) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self._ports[name]}/version", timeout=5) as answer:
                return str(json.load(answer)["version"])
        except OSError:
            return "nothing"

    # --- the bot ---

    def variables(self, **more: str) -> dict[str, str]:
        """The bot's whole environment."""
        approvers = json.dumps([user for user in PEOPLE if user == RAJ or user.startswith("U0R")])
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "ROLLBOT_SLACK_API_URL": f"{self.slack.origin}/api/",
            "ROLLBOT_CATALOG": str(self.catalog),
            "ROLLBOT_STATE_DIR": str(self.state),
            "ROLLBOT_CONFIG": os.devnull,
            "ROLLBOT_POLICY__APPROVERS__USERS": approvers,
            "ROLLBOT_STABLE": "200ms",
            "ROLLBOT_CONVERGE": "8s",
            "ROLLBOT_EDIT_INTERVAL": "200ms",
            **more,
        }

    async def start_bot(self, *words: str, **more: str) -> None:
        """Start it, and return when its socket is open; `words` come after `serve`."""
        with self.log.open("ab") as log:
            self.bot = subprocess.Popen(  # noqa: ASYNC220 (it only starts it)
                [sys.executable, "-m", "bot", "serve", *words], env=self.variables(**more), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        bot = self.bot
        await poll("the bot's socket", lambda: self.slack.has_sockets or bot.poll() is not None)
        assert bot.poll() is None, f"the bot ended with status {bot.returncode}"

    async def kill_bot(self) -> None:
        """SIGKILL."""
        assert self.bot is not None
        self.bot.kill()
        await asyncio.to_thread(self.bot.wait)
        await poll("the end of its socket", lambda: not self.slack.has_sockets)

    async def stop_bot(self, patience: float = 15) -> int:
        """SIGTERM; its exit status."""
        assert self.bot is not None
        self.bot.terminate()
        return await asyncio.to_thread(self.bot.wait, patience)

    async def cli(self, *words: str, **more: str) -> tuple[int, str]:
        """Run `rollbot WORDS` to its end: its exit status, and everything it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words, env=self.variables(**more),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()

    async def approved_plan(self) -> str:
        """Ask for the rollback and approve it; the ts of its message."""
        await self.slack.command("order-service")
        ts = await self.slack.plan()
        await self.slack.deliver("interactive", self.slack.press(ts, "Approve", RAJ))
        return ts

    async def choose(self, ts: str, label: str, reason: str) -> None:
        """Press a button that asks why, and say it."""
        seen = len(self.slack.windows)
        await self.slack.deliver("interactive", self.slack.press(ts, label, RAJ))
        await self.slack.submit(await self.slack.window(since=seen), reason, RAJ)
        await self.slack.tells(ts, reason)

    async def finished(self, ts: str) -> str:
        """The whole thread once the run has finished; checks that it really has."""
        await self.slack.says(ts, "Finished")
        told = await self.slack.tells(ts, "Audit:")
        assert self.runs() == AFTER
        return told


@asynccontextmanager
async def world(
    folder: Path, ready_timeout: str = "3s", *, shop: Callable[[Path, Slack], World] | None = None, **more: str
) -> AsyncIterator[World]:
    """A world with its shop open and its bot connected; at the end nothing of it is left, and nothing secret was said.

    `shop` makes a world with another shop in it.
    """
    slack = Slack()
    await slack.start()
    made = World(folder, slack, ready_timeout=ready_timeout) if shop is None else shop(folder, slack)
    try:
        await made.open_shop()
        await made.start_bot(**more)
        yield made
        if made.bot is not None and made.bot.poll() is None:
            assert await made.stop_bot() == 0
        _nothing_wrong(made)
    except BaseException as error:
        if made.log.exists():
            error.add_note(f"{folder.name}: the end of the bot's log:\n{made.log.read_text()[-3000:]}")
        raise
    finally:
        await slack.stop()
        if made.bot is not None and made.bot.poll() is None:
            made.bot.kill()
            made.bot.wait()
        for pid in processes(str(folder)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _nothing_wrong(made: World) -> None:
    """What holds in every scenario."""
    assert not made.slack.broken, made.slack.broken
    assert not (made.ways / "inherited").exists(), "a service inherited the bot's settings"
    said = json.dumps([*made.slack.messages.values(), *((p.text, p.blocks) for p in made.slack.private)])
    for where, text in (("the log", made.log.read_text()), ("a message", said)):
        for secret in (BOT_TOKEN, APP_TOKEN, "hunter22222"):
            assert secret not in text, f"{where} shows a secret"
    for line in made.log.read_text().splitlines():
        # The job engine tells in full how the store went away; it is the only one that may.
        assert '"logger": "docket' in line or "Traceback" not in line, line
    told = [line for m in made.slack.messages.values() if "thread_ts" in m for line in m["text"].splitlines()]
    marked = [line for line in told if line[:1] in "✅❌➡🏁👍▶🔒✋"]
    twice = [line for line, times in Counter(marked).items() if times > 1]
    assert not twice, f"these lines stand in the thread twice: {twice}"


def processes(mark: str) -> list[int]:
    """The processes that have this text in their command line or environment, or stand in such a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if mark.encode() in told or mark in str((entry / "cwd").readlink()):
                    found.append(int(entry.name))
    return found


def command_line(pid: int) -> str:
    """What a process was started with; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, below the range from which the system takes its own."""
    found: list[int] = []
    for port in random.sample(range(20000, 30000), 500):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")


async def poll(what: str, look: Callable[[], object], patience: float = 30) -> None:
    """Return once `look` finds something."""
    try:
        async with asyncio.timeout(patience):
            while not look():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not come within {patience:g} s") from None
