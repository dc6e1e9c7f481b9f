"""Workers as real processes, killed and frozen by real signals."""

import asyncio
import json
import os
import random
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from planner.run import Stage
from tests.bot.chaos.hand import worker
from tests.bot.chaos.target import Target
from tests.bot.engine.test_worker import ORDER, PAYMENT
from tests.making import NOON, approved, asked, granted, planned

ROOT = Path(__file__).parents[3]
WORLD = {"order-service": "2.0.0", "payment-service": "3.0.0", "ledger-service": "1.1.0"}
TTL = 0.4


@asynccontextmanager
async def hands(url):
    """A process that forks workers; `send` an order, get its pid."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bot.chaos.hand", url, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )

    async def send(**order) -> int:
        process.stdin.write((json.dumps({"ttl": TTL, "after": False, "signal": "SIGKILL", **order}) + "\n").encode())
        await process.stdin.drain()
        return int(await process.stdout.readline())

    try:
        yield send
        process.stdin.close()
        async with asyncio.timeout(40):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ready(store, env: str):
    """A run that may start, in an environment of its own, and its world."""
    log, target = RunLog(store, Keys(env), lambda: NOON), Target(store, env)
    await target.place(WORLD)
    run = await log.append(await log.open((asked(), planned())), (approved(), granted()))
    return log, target, run


async def finish(store, env: str, log, target, run):
    """The next worker comes when the dead one's lease is over."""
    mine = worker(store, log, target, Leases(store, Keys(env), ttl=5), "next")
    async with asyncio.timeout(20):
        while (now := await log.read(run.id)).stage not in (Stage.ENDED, Stage.HALTED):
            await mine.work(run.id)
            await asyncio.sleep(0.05)
    return now


def points():
    """Before and after every write and every request of a whole run."""
    for after in (False, True):
        yield from (("write", number, after) for number in range(1, 24))
        yield from (("apply", number, after) for number in (1, 2))


async def test_a_worker_killed_at_any_point_leaves_a_run_that_ends_right(store, store_url, keys):
    made = {}
    async with hands(store_url) as send:
        for at, number, after in points():
            env = f"{keys.environment}-{at}-{number}-{after}"
            made[env] = await ready(store, env)
            run = made[env][2]
            await send(env=env, run=run.id, at=at, number=number, after=after)
    limit = asyncio.Semaphore(6)
    died, taken_over = set(), set()

    async def end(env):
        async with limit:
            log, target, run = made[env]
            if (await log.read(run.id)).stage is not Stage.ENDED:
                died.add(env)
            run = await finish(store, env, log, target, run)
            if any(entry.event.kind == "lease_taken" and entry.event.take_over for entry in await log.entries(run.id)):
                taken_over.add(env)
        assert run.ending == "finished", (env, run.because)
        assert await target.effects() == [PAYMENT, ORDER], env
        assert await log.all_holders() == (), env

    await asyncio.gather(*(end(env) for env in made))
    assert len(died) > 40, "the points no longer lie inside the run"
    assert len(taken_over) > 40


async def stopped(pid: int) -> None:
    async with asyncio.timeout(20):
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            await asyncio.sleep(0.02)


async def outcome(store, env: str, pid: int):
    async with asyncio.timeout(20):
        while (told := await store.get(f"outcome:{env}:{pid}")) is None:
            await asyncio.sleep(0.02)
    return json.loads(told)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the state of a process from /proc")


@needs_proc
@pytest.mark.parametrize(("at", "number"), [("write", 5), ("apply", 1)])
@pytest.mark.parametrize("believes", [False, True])
async def test_a_worker_that_wakes_after_its_lease_was_taken_does_no_harm(store, store_url, keys, at, number, believes):
    """Its write is refused by the store, its request by the world, which no longer runs what the request expects."""
    env = f"{keys.environment}-{at}-{number}"
    log, target, run = await ready(store, env)
    async with hands(store_url) as send:
        pid = await send(env=env, run=run.id, at=at, number=number, signal="SIGSTOP", remembers=False, believes=believes)
        await stopped(pid)
        run = await finish(store, env, log, Target(store, env, remembers=False), run)
        before = await log.entries(run.id)
        os.kill(pid, signal.SIGCONT)
        came, answers = await outcome(store, env, pid)
    assert run.ending == "finished"
    assert await target.effects() == [PAYMENT, ORDER]
    assert await log.entries(run.id) == before, "the late worker wrote something"
    assert came in (("Fenced",) if believes else ("Fenced", "LeaseLost"))
    if at == "apply" and believes:
        assert answers[-1].startswith("runs "), answers


@needs_proc
async def test_workers_that_freeze_and_wake_and_fight_do_everything_once(store, store_url, keys):
    chance = random.Random(20261123)
    made = [(f"{keys.environment}-{number}", *await ready(store, f"{keys.environment}-{number}")) for number in range(3)]
    async with hands(store_url) as send:
        pids = [await send(env=env, run=run.id, times=40, ttl=0.3) for env, _, _, run in made for _ in (1, 2)]

        async def torment(pid: int) -> None:
            for _ in range(6):
                await asyncio.sleep(chance.uniform(0.02, 0.25))
                try:
                    os.kill(pid, signal.SIGSTOP)
                    await asyncio.sleep(chance.choice((0.05, 0.6)))
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    return

        await asyncio.gather(*(torment(pid) for pid in pids))
        for env, log, target, run in made:
            run = await finish(store, env, log, target, run)
            assert run.ending == "finished", run.because
            assert await target.effects() == [PAYMENT, ORDER]
