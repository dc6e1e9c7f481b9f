"""A hundred runs at once on one machine, and how soon Slack is answered meanwhile. `python -m benchmarks.hundred [--runs 100]`

The bot is `rollbot serve` as a process of its own with its embedded store, over the local Slack, whose rate limits are Slack's.
Each run moves one service; what runs the services is played, for a hundred real ones would be what is measured. Their checks are
real HTTP requests. A command's time goes from typing it until Slack has the acknowledgement, the workspace's own part included.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from bot.demo.cast import ANA, BOT, PEOPLE, RAJ, directory
from bot.listening import stop_listening
from bot.store.connect import connect
from bot.store.embedded import EmbeddedStore
from bot.store.keys import Keys
from bot.store.runlog import RunLog
from bot.workspace.client import PageClient
from bot.workspace.directory import Channel
from bot.workspace.server import Workspace
from integrations.protocols import Observation, Phase
from planner.run import Stage

STABLE = 60
"""Seconds that a service must stay up: long enough that all runs are under way at once, and are looked at four times a second."""
CHANNELS = tuple(
    Channel(id=f"C0INC{number}", name=f"incident-{number}", members=(*(person.id for person in PEOPLE), BOT.user_id))
    for number in range(10)
)


class Played:
    """Runs nothing: a service is on its release at once, and tells so."""

    def __init__(self) -> None:
        self.running: dict[str, str] = {}

    async def current(self, service):
        return self.running.get(service.name, service.releases[-1].version)

    async def releases(self, service):
        return ()

    async def preflight(self, service, to):
        return ()

    async def apply(self, service, to, *, expect, key):
        await asyncio.sleep(0.05)
        self.running[service.name] = to.version

    async def observe(self, service, to, *, key):
        await asyncio.sleep(0.01)
        running = await self.current(service)
        return Observation(phase=Phase.CONVERGED if running == to.version else Phase.PROGRESSING, running=running, key=key)


def bot() -> int:
    """The bot itself, with the played runtime in the place of the real ones."""
    import bot.app
    from bot.__main__ import main

    bot.app.runtimes = lambda settings: {"played": Played()}
    return main(["serve"])


def catalog(path: Path, runs: int, port: int) -> None:
    services = [
        {
            "name": f"service-{number:03}",
            "runtime": {"kind": "played"},
            "releases": [
                {"version": "1.0.0", "deployed_at": "2026-11-01T10:00:00Z", "verified": "good"},
                {"version": "2.0.0", "deployed_at": "2026-11-20T10:00:00Z"},
            ],
            "checks": [
                {
                    "name": "works",
                    "probe": "http",
                    "url": f"http://127.0.0.1:{port}/",
                    "interval": "1s",
                    "count": 5,
                }
            ],
        }
        for number in range(runs)
    ]
    path.write_text(json.dumps({"version": 1, "services": services}))


@asynccontextmanager
async def checked():
    """What the checks ask."""

    async def well(request):
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_get("/", well)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await stop_listening(runner)


def variables(workspace: Workspace, folder: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("ROLLBOT_", "SLACK_"))}
    return kept | {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "ROLLBOT_SLACK_API_URL": workspace.api_url,
        "ROLLBOT_CATALOG": str(folder / "services.json"),
        "ROLLBOT_STATE_DIR": str(folder),
        "ROLLBOT_POLICY__APPROVERS__USERS": json.dumps([RAJ.id]),
        "ROLLBOT_STABLE": f"{STABLE}s",
        "ROLLBOT_CONFIG": os.devnull,
    }


class Clients:
    """People who type."""

    def __init__(self, page: PageClient) -> None:
        self.page = page
        self.channels = itertools.cycle(CHANNELS)

    async def typed(self, user: str, words: str) -> float:
        """Milliseconds until Slack had the acknowledgement."""
        began = time.perf_counter()
        await self.page.command(user, next(self.channels).id, f"/rollback {words}")
        return (time.perf_counter() - began) * 1000

    async def at_pace(self, user: str, each: Sequence[str], per_second: float) -> list[float]:
        """All of these, begun at an even pace whether or not the ones before were answered."""
        tasks = []
        for words in each:
            tasks.append(asyncio.create_task(self.typed(user, words)))
            await asyncio.sleep(1 / per_second)
        return list(await asyncio.gather(*tasks))


def row(what: str, runs: object, took: list[float]) -> None:
    took = sorted(took)
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    print(f"| {what} | {runs} | {len(took)} | {statistics.median(took):.0f} | {p99:.0f} | {took[-1]:.0f} |", flush=True)


async def stages(log: RunLog, runs: int) -> dict[Stage, int]:
    found: dict[Stage, int] = {}
    for name in await log.recent(runs):
        run = await log.read(name)
        if run is not None:
            found[run.stage] = found.get(run.stage, 0) + 1
    return found


async def until(log: RunLog, runs: int, stage: Stage, patience: float) -> float:
    began = time.monotonic()
    while (found := await stages(log, runs)).get(stage, 0) < runs:
        if time.monotonic() - began > patience:
            sys.exit(f"after {patience:.0f} s: {found}")
        await asyncio.sleep(1)
    return time.monotonic() - began


async def main(runs: int, seconds: int) -> None:
    """Ask, approve, measure while they run, and see that all of them end well."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rollbot-")))
        catalog(folder / "services.json", runs, await stack.enter_async_context(checked()))
        workspace = Workspace(replace(directory(), channels=CHANNELS))
        await workspace.start()
        stack.push_async_callback(workspace.stop)
        store = connect(await stack.enter_async_context(EmbeddedStore(folder).run()))
        stack.push_async_callback(store.aclose)
        log = RunLog(store, Keys("prod"), lambda: None)
        output = stack.enter_context((folder / "bot.log").open("ab"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.hundred", "--bot", env=variables(workspace, folder), stdout=output, stderr=output
        )
        try:
            page = await stack.enter_async_context(PageClient(workspace.url))
            await page.wait_for(lambda frame: frame.get("type") == "connection" and frame.get("bots", 0) > 0, timeout=30)
            await measure(Clients(page), log, runs, seconds)
        finally:
            process.terminate()
            await process.wait()


async def measure(people: Clients, log: RunLog, runs: int, seconds: int) -> None:
    chance = random.Random(1)
    services = [f"service-{number:03}" for number in range(runs)]
    kinds = (
        lambda: "status",
        lambda: f"status {chance.choice(services)}",
        lambda: "history",
        lambda: "locks",
        lambda: f"show r{chance.randrange(runs) + 1}",
        lambda: "help",
        lambda: f"{chance.choice(services)} --dry-run",
    )
    asking = [chance.choice(kinds)() for _ in range(seconds * 10)]
    print("| commands | runs under way | how many | p50 ms | p99 ms | worst ms |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    row("10 a second of every kind", 0, await people.at_pace(ANA.id, asking[: seconds * 3], 10))
    row("rollbacks asked for, 10 a second", "0", await people.at_pace(ANA.id, services, 10))
    await until(log, runs, Stage.WAITING, 120)
    row("approvals, 10 a second", f"0 to {runs}", await people.at_pace(RAJ.id, [f"approve r{n + 1}" for n in range(runs)], 10))
    await until(log, runs, Stage.RUNNING, 60)
    took = await people.at_pace(ANA.id, asking, 10)
    left = (await stages(log, runs)).get(Stage.RUNNING, 0)
    row("10 a second of every kind", f"{runs} to {left}", took)
    await until(log, runs, Stage.ENDED, 300)
    endings = {run.ending for name in await log.recent(runs) if (run := await log.read(name))}
    print(f"\nAll {runs} runs ended: {', '.join(sorted(ending for ending in endings if ending))}.")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=100)
    words.add_argument("--seconds", type=int, default=30, help="how long is measured while all of them run")
    words.add_argument("--bot", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.bot:
        sys.exit(bot())
    asyncio.run(main(given.runs, given.seconds))
