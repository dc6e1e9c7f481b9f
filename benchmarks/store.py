"""Locks, leases, appends and verification against plain redis-py, in one run. `python -m benchmarks.store [--seconds 5]`

Everything goes to one server: an embedded Valkey with each write on disk before it is acknowledged, or what `--url` names.
The sixteen writers are processes, each as fast as it can: what one machine's workers never do, and where starving would show.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from benchmarks.audit import PEOPLE, SERVICES, run_events
from bot.fencing import Fence
from bot.store.audit import Verifier
from bot.store.audit_reader import Reader
from bot.store.connect import connect
from bot.store.embedded import EmbeddedStore
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from planner import events as e
from planner.names import RunId, ServiceName
from planner.plan import Request
from planner.refusal import Code

WRITERS = 16
BODY, HASH = "x" * 300, "0" * 64


def now() -> datetime:
    return datetime.now(UTC)


async def timed(what: str, of: str, do: Callable[[int], Awaitable[object]], times: int = 500) -> None:
    """Milliseconds of one call, one after the other on one connection."""
    took = []
    for number in range(times):
        began = time.perf_counter()
        await do(number)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    row = (what, of, f"{1000 / statistics.mean(took):,.0f}", f"{statistics.median(took):.2f}", f"{took[int(times * 0.99)]:.2f}")
    print(f"| {' | '.join(row)} |", flush=True)


async def locks(store: Any, plain: Redis, keys: Keys, services: int) -> None:
    """All services of a plan at once: one change of ours with its log entry, against a lock for each in a fixed order."""
    log = RunLog(store, keys, now)
    names = [ServiceName(f"lock-{services}-{number:03}") for number in range(services)]
    run = await log.open(tuple(run_events(SERVICES[0], SERVICES[1], PEOPLE[0], PEOPLE[1], now())[:2]))
    many = replace(run.plan, moves=tuple(replace(run.plan.moves[0], service=name) for name in names))
    asked = e.Asked(by=PEOPLE[0], words="/rollback", request=Request(service=names[0]))
    ready = [await log.open((asked, e.Planned(plan=many, approvals=1, expires_at=now()))) for _ in range(200)]
    leases = Leases(store, keys, ttl=60)
    fences: list[Fence] = []
    for one in ready:
        lease = await leases._take(one.id, "bench")
        assert lease is not None
        fences.append(lease.fence)

    async def ours(number: int) -> None:
        one = await log.record(ready[number], (e.LocksTaken(services=tuple(names)),), fence=fences[number], lock=True)
        await log.record(one, (e.Ended(ending=e.Ending.LEFT, because="measured"),), fence=fences[number])

    async def theirs(_: int) -> None:
        held = [plain.lock(f"plain:{name}", timeout=60) for name in names]
        for lock in held:
            await lock.acquire()
        for lock in held:
            await lock.release()

    await timed(f"take and give back {services} locks", "Rollbot, one change each, logged and sealed", ours, len(ready))
    await timed(f"take and give back {services} locks", "redis-py Lock, one after the other, nothing logged", theirs, len(ready))


async def lease(store: Any, plain: Redis, keys: Keys) -> None:
    """A worker's hold on a run."""
    leases = Leases(store, keys, ttl=60)

    async def ours(number: int) -> None:
        taken = await leases._take(RunId(f"l{number}"), "bench")
        assert taken is not None
        await leases._release(taken.run, taken.epoch)

    async def theirs(number: int) -> None:
        await plain.set(f"plain:lease:{number}", uuid.uuid4().hex, nx=True, px=60_000)
        await plain.delete(f"plain:lease:{number}")

    await timed("take and give back a lease", "Rollbot, with a number that only grows", ours)
    await timed("take and give back a lease", "redis-py SET NX PX, DEL", theirs)


async def append(store: Any, plain: Redis, keys: Keys) -> None:
    """One entry of a run's log."""
    log = RunLog(store, keys, now)
    run = await log.open(tuple(run_events(SERVICES[0], SERVICES[1], PEOPLE[0], PEOPLE[1], now())[:2]))
    taken = await Leases(store, keys, ttl=600)._take(run.id, "bench")
    assert taken is not None

    async def people(_: int) -> None:
        nonlocal run
        run = await log.append(run, (e.StopAsked(by=PEOPLE[0]),))

    async def worker(_: int) -> None:
        nonlocal run
        entry = e.LeaseTaken(worker="bench", epoch=taken.epoch, take_over=False)
        run = await log.record(run, (entry,), fence=taken.fence)

    async def theirs(_: int) -> None:
        await plain.xadd("plain:log", {"b": BODY, "h": HASH})

    await timed("append an entry", "Rollbot, a person's: chained, compare-and-set, index", people)
    await timed("append an entry", "Rollbot, a worker's: read first what others wrote, fenced", worker)
    await timed("append an entry", "redis-py XADD", theirs)


async def verify(store: Any, plain: Redis, keys: Keys) -> None:
    """Every entry against its hash and the one before, and what the logs say of one another."""
    verifier, began = Verifier(), time.perf_counter()
    async for batch in Reader(store, keys).everything():
        for record in batch:
            verifier.add(record)
    report = verifier.finish()
    ours = time.perf_counter() - began
    assert report.holds, report.findings[:3]
    began, read = time.perf_counter(), 0
    for name in report.heads:
        read += len(await plain.xrange(keys.log(name)))
    theirs = time.perf_counter() - began
    print(f"| verify {report.entries:,} entries | Rollbot | {report.entries / ours:,.0f} | | |")
    print(f"| read {read:,} entries | redis-py XRANGE, nothing checked | {read / theirs:,.0f} | | |")


def write_for(url: str, environment: str, shared: bool, seconds: float, go: Any, told: Any) -> None:
    """One writer, as a process."""
    asyncio.run(_write_for(url, environment, shared, seconds, go, told))


async def _write_for(url: str, environment: str, shared: bool, seconds: float, go: Any, told: Any) -> None:
    store, keys = connect(url), Keys(environment)
    log = RunLog(store, keys, now)
    run = await log.open(tuple(run_events(SERVICES[0], SERVICES[1], PEOPLE[0], PEOPLE[1], now())[:2]))
    refused = e.CommandRefused(by=PEOPLE[0], words="x", code=Code.BAD_COMMAND, message="x")
    go.wait()
    took, until = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        if shared:
            await log.note(refused)
        else:
            run = await log.append(run, (e.StopAsked(by=PEOPLE[0]),))
        took.append((time.perf_counter() - began) * 1000)
    told.put(took)
    await store.aclose()


def writers(url: str, environment: str, *, shared: bool, seconds: float) -> None:
    """Sixteen at once, and how evenly they got their turns."""
    context = multiprocessing.get_context("spawn")
    go, told = context.Barrier(WRITERS), context.Queue()
    going = [context.Process(target=write_for, args=(url, environment, shared, seconds, go, told)) for _ in range(WRITERS)]
    for one in going:
        one.start()
    found = [told.get() for _ in going]
    for one in going:
        one.join()
    everything = sorted(ms for took in found for ms in took)
    shares = sorted(len(took) / len(everything) for took in found)
    row = (
        "the environment's log, all sixteen" if shared else "each the log of a run of its own",
        f"{len(everything) / seconds:,.0f}",
        f"{shares[-1]:.1%}",
        f"{shares[0]:.1%}",
        *(f"{ms:,.1f}" for ms in (everything[len(everything) // 2], everything[int(len(everything) * 0.99)], everything[-1])),
    )
    print(f"| {' | '.join(row)} |", flush=True)


async def main(url: str | None, seconds: float) -> None:
    """All of it, on one server."""
    async with AsyncExitStack() as stack:
        if url is None:
            url = await stack.enter_async_context(EmbeddedStore(Path(stack.enter_context(tempfile.TemporaryDirectory()))).run())
        keys = Keys(f"bench-{uuid.uuid4().hex[:8]}")
        store, plain = connect(url), Redis.from_url(url, decode_responses=True, protocol=2)
        stack.push_async_callback(store.aclose)
        stack.push_async_callback(plain.aclose)
        print("| what | by | a second | p50 ms | p99 ms |\n| --- | --- | ---: | ---: | ---: |")
        for services in (1, 10, 50):
            await locks(store, plain, keys, services)
        await lease(store, plain, keys)
        await append(store, plain, keys)
        await verify(store, plain, keys)
        columns = ("sixteen processes write to", "entries a second", "busiest", "idlest", "p50 ms", "p99 ms", "worst ms")
        print(f"\n| {' | '.join(columns)} |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for shared in (False, True):
            await asyncio.to_thread(writers, url, f"{keys.environment}-{shared}", shared=shared, seconds=seconds)


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--url", help="a server of yours; the benchmark's keys stay behind in it")
    words.add_argument("--seconds", type=float, default=5.0, help="how long the sixteen write")
    given = words.parse_args()
    asyncio.run(main(given.url, given.seconds))
