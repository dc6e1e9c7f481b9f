"""How fast Slack is answered when nothing else answers: `python -m benchmarks.acknowledge [--rate 50] [--seconds 20]`.

A real `rollbot serve` process, a local workspace in this one, and a catalog whose services all run in a cluster that takes
connections and never says a word. Commands come at a fixed rate, whether or not the ones before were answered. Measured is from
the person's key to the acknowledgement, the workspace's own share included. Prints a table.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from benchmarks.measure import spread
from bot.workspace.client import PageClient
from bot.workspace.directory import Channel, Directory, Person, SlashCommand
from bot.workspace.server import Workspace

WORDS = ("service-{n}", "service-{n} --dry-run", "status service-{n}", "status", "", "help", "approve r999", "servce-{n}")
"""What people type, in turn."""
DIRECTORY = Directory(
    people=tuple(Person(id=f"U{n:03}", name=f"person{n}") for n in range(50)),
    channels=(Channel(id="C0INCIDENT", name="incident", members=tuple(f"U{n:03}" for n in range(50))),),
    commands=(SlashCommand(command="/rollback", description="Plan a rollback", should_escape=True),),
)


def catalog(services: int) -> str:
    """A catalog in which only the cluster knows what runs."""
    releases = [
        {"version": f"1.{n}.0", "deployed_at": f"2026-11-{n + 1:02}T10:00:00Z", "artifact": f"shop/x:1.{n}.0"} for n in range(5)
    ]
    made = [{"name": f"service-{n}", "runtime": {"kind": "kubernetes"}, "releases": releases} for n in range(services)]
    return json.dumps({"version": 1, "services": made})


@asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """A server that takes every connection and never answers; its port."""
    gone = asyncio.Event()

    async def nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        gone.set()
        server.close()


@asynccontextmanager
async def serving(folder: Path, workspace: Workspace, cluster: int, *, http: bool) -> AsyncIterator[None]:
    """The bot, once it is ready."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "default"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{cluster}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    (folder / "kubeconfig").write_text(json.dumps(config))
    ops, port = _free_port(), _free_port()
    settings = {
        "KUBECONFIG": str(folder / "kubeconfig"),
        "ROLLBOT_CATALOG": str(folder / "services.json"),
        "ROLLBOT_STATE_DIR": str(folder / ("http" if http else "socket")),
        "ROLLBOT_SLACK_API_URL": workspace.api_url,
        "ROLLBOT_OPS_PORT": str(ops),
        "ROLLBOT_LOG_LEVEL": "ERROR",
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
    }
    if http:
        settings |= {"ROLLBOT_MODE": "http", "ROLLBOT_HTTP_PORT": str(port), "SLACK_SIGNING_SECRET": workspace.signing_secret}
    bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "serve", env={**os.environ, **settings})
    try:
        await _ready(f"http://127.0.0.1:{ops}/readyz")
        if http:
            await workspace.request_url(f"http://127.0.0.1:{port}/slack/events")
        yield
    finally:
        if bot.returncode is None:
            bot.terminate()
        await bot.wait()
        await workspace.request_url("")


async def storm(page: PageClient, rate: float, seconds: float, services: int) -> tuple[list[float], int]:
    """Seconds until each was acknowledged, and how many never were."""
    took: list[float] = []
    lost = 0

    async def one(number: int) -> None:
        nonlocal lost
        words = WORDS[number % len(WORDS)].format(n=number // len(WORDS) % min(services, 10))
        begun = time.perf_counter()
        answer = await page.command(f"U{number % 50:03}", "incident", f"/rollback {words}".strip())
        took.append(time.perf_counter() - begun)
        lost += not answer.get("acknowledged")

    begun, running = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        running.append(asyncio.create_task(one(number)))
    await asyncio.gather(*running)
    return took, lost


async def measure(rate: float, seconds: float, services: int) -> None:
    """One table, a line for each way in."""
    print("| way | commands | p50 ms | p99 ms | worst ms | not acknowledged |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="rollbot-bench-") as kept:
        folder = Path(kept)
        (folder / "services.json").write_text(catalog(services))
        async with silence() as cluster:
            for http in (False, True):
                workspace = Workspace(DIRECTORY)
                await workspace.start()
                async with serving(folder, workspace, cluster, http=http), PageClient(workspace.url) as page:
                    took, lost = await storm(page, rate, seconds, services)
                await workspace.stop()
                found = spread(took)
                cells = [f"{1000 * value:.0f}" for value in (found["median"], sorted(took)[int(0.99 * len(took))], max(took))]
                print(f"| {'HTTP' if http else 'Socket Mode'} | {len(took)} | {' | '.join(cells)} | {lost} |", flush=True)


async def _ready(url: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main() -> None:
    """Both ways in."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.acknowledge", description=__doc__)
    words.add_argument("--rate", type=float, default=50.0, help="commands a second")
    words.add_argument("--seconds", type=float, default=20.0, help="for how long")
    words.add_argument("--services", type=int, default=200, help="services in the catalog")
    args = words.parse_args()
    asyncio.run(measure(args.rate, args.seconds, args.services))


if __name__ == "__main__":
    main()
