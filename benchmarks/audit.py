"""The audit at size: fill a store with whole runs, then ask, verify, export, trim. `python -m benchmarks.audit [--runs 31250]`

Runs are those of a rollback of two services, 32 entries each, as the bot writes them; services and people are drawn at random
with a fixed seed. They are made directly, not through the bot, for that would take hours; one that the bot writes itself is
measured beside it. Everything happens in a temporary directory on an embedded store.
"""

import argparse
import asyncio
import random
import resource
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.store.audit import Verifier
from bot.store.audit_archive import Archive
from bot.store.audit_files import read_export, write_export
from bot.store.audit_query import Question, runs_of
from bot.store.audit_reader import Batch, Reader
from bot.store.audit_signing import Keyring, Signer
from bot.store.audit_trim import Trimmer
from bot.store.codec import read, write
from bot.store.connect import connect
from bot.store.embedded import EmbeddedStore
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from bot.store.runlog import RunLog
from commands.views.entry_row import csv_line, entry_row
from planner import events as e
from planner.names import ActorId, RunId, ServiceName, Version
from planner.plan import Move, Plan, Request, Risk, Strategy, Target
from planner.verdict import Outcome, Verdict

START = datetime(2025, 1, 1, tzinfo=UTC)
SERVICES = [ServiceName(f"service-{number}") for number in range(500)]
PEOPLE = [e.Person(id=ActorId(f"U{number:06}"), name=f"Person {number}") for number in range(200)]
KEYS = Keys("bench")
KEY = "benchmark-key-benchmark-key-benchmark"
SIGNER = Signer("bench", KEY)


def run_events(one: ServiceName, other: ServiceName, asker: e.Person, approver: e.Person, at: datetime) -> list[e.RunEvent]:
    """A rollback of two services that went well."""
    old, new = Version("1.4.2"), Version("2.0.0")
    moves = tuple(
        Move(service=name, from_version=new, to_version=old, wave=wave, because=(f"{one} 1.4.2 needs {other} >=1 <2",))
        for wave, name in enumerate((other, one), start=1)
    )
    plan = Plan(
        digest="sha256:" + "ab" * 32,
        strategy=Strategy.PARTIAL,
        target=Target(service=one, from_version=new, to_version=old),
        moves=moves,
        waves=((other,), (one,)),
        risk=Risk(success=0.97, expected_seconds=60.0, p90_seconds=90.0),
        facts={one: new, other: new},
    )
    found: list[e.RunEvent] = [
        e.Asked(by=asker, words=f"/rollback {one}", request=Request(service=one), reason="checkout fails"),
        e.Planned(plan=plan, approvals=1, expires_at=at + timedelta(minutes=20)),
        e.Approved(by=approver, digest=plan.digest),
        e.Granted(approvals=1),
        e.LeaseTaken(worker="host-1", epoch=1764000000000000, take_over=False),
        e.LocksTaken(services=(other, one)),
        e.Surveyed(facts={one: new, other: new}),
    ]
    for name in (other, one):
        passed = {"step": name, "verdict": Verdict.PASS}
        found += [
            e.StepIntended(step=name, attempt=1, expect=new, to=old, key=f"r-{name}-1-0123456789ab"),
            e.StepAccepted(step=name, key=f"r-{name}-1-0123456789ab"),
            *(e.GateJudged(**passed, gate=gate, because="1.4.2 runs", seconds=10.0) for gate in list(e.Gate)[:3]),
            *(e.Measured(step=name, check="checkout works", outcome=Outcome.PASS, seen="200 in 31 ms") for _ in range(5)),
            e.GateJudged(**passed, gate=e.Gate.INDICATORS, check="checkout works", because="5 of 5", seconds=5.0),
            e.StepVerified(step=name),
        ]
    return [*found, e.Ended(ending=e.Ending.FINISHED, because="all services run what was planned")]


Stored = tuple[str, int, bytes, str, str | None]


def made(runs: int) -> Iterator[tuple[RunId, datetime, tuple[ServiceName, ...], tuple[e.Person, ...], list[Stored]]]:
    """Whole runs with their entries in both logs."""
    chance = random.Random(1)
    seq, last = 0, ""

    def stored(log: str, number: int, at: datetime, event: e.Event, previous: str) -> Stored:
        line = write(log, number, at, event, previous, "0123456789ab")
        signature = SIGNER.sign(log, number, line.hash) if isinstance(event, e.RunSealed | e.Ended) else None
        return log, number, line.body, line.hash, signature

    for number in range(1, runs + 1):
        run, at = RunId(f"r{number}"), START + timedelta(minutes=17 * number)
        one, other = chance.sample(SERVICES, 2)
        people = tuple(chance.sample(PEOPLE, 2))
        lines: list[Stored] = []
        seq += 1
        lines.append(stored(ENVIRONMENT_CHAIN, seq, at, e.RunOpened(run=run), last))
        last, previous = lines[-1][3], ""
        for place, event in enumerate(run_events(one, other, *people, at), start=1):
            lines.append(stored(run, place, at, event, previous))
            previous = lines[-1][3]
        seq += 1
        lines.append(stored(ENVIRONMENT_CHAIN, seq, at, e.RunSealed(run=run, seq=place, hash=previous), last))
        last = lines[-1][3]
        yield run, at, (one, other), people, lines


async def fill(store, runs: int) -> int:
    entries = 0
    async with store.pipeline(transaction=False) as pipe:
        for number, (run, at, services, people, lines) in enumerate(made(runs), start=1):
            score = int(at.timestamp() * 1000)
            for log, seq, body, hash_, signature in lines:
                pipe.xadd(KEYS.log(log), {"b": body, "h": hash_, **({"s": signature} if signature else {})}, id=f"{seq}-0")
            pipe.hset(KEYS.head(run), mapping={"seq": lines[-2][1], "hash": lines[-2][3]})
            pipe.hset(KEYS.head(ENVIRONMENT_CHAIN), mapping={"seq": lines[-1][1], "hash": lines[-1][3]})
            for key in (KEYS.runs, *map(KEYS.runs_of, services), *(KEYS.runs_by(person.id) for person in people)):
                pipe.zadd(key, {run: score})
            entries += len(lines)
            if number % 100 == 0:
                await pipe.execute()
        pipe.set(KEYS.number, runs)
        await pipe.execute()
    return entries


async def timed(name: str, what: Callable[[int], Awaitable[object]], times: int = 300) -> None:
    """Milliseconds of one call, one after the other."""
    took = []
    for number in range(times):
        began = time.perf_counter()
        await what(number)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    print(f"| {name} | {statistics.median(took):.2f} | {took[int(times * 0.99) - 1]:.2f} |", flush=True)


async def rate(name: str, entries: int, what: Awaitable[object]) -> None:
    began, worked = time.perf_counter(), time.process_time()
    await what
    seconds, work = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {name} | {seconds:.1f} | {entries / seconds:,.0f} | {entries / work:,.0f} | {peak:,.0f} |", flush=True)


async def verify(batches: AsyncIterator[Batch]) -> None:
    verifier = Verifier(keyring=Keyring("bench", [KEY]))
    async for batch in batches:
        for record in batch:
            verifier.add(record)
    report = verifier.finish()
    assert report.holds, report.findings[:3]


async def export(store, path: Path, line: Callable) -> None:
    with path.open("w") as out:
        async for batch in Reader(store, KEYS).everything():
            out.writelines(map(line, batch))


async def verify_file(path: Path) -> None:
    verifier = Verifier(keyring=Keyring("bench", [KEY]))
    for record in read_export(path):
        verifier.add(record)
    assert verifier.finish().holds


async def ask(store, runs: int) -> None:
    chance = random.Random(2)
    log = RunLog(store, KEYS, lambda: datetime.now(UTC))
    day = timedelta(days=1)

    def service(_: int) -> ServiceName:
        return chance.choice(SERVICES)

    def moment() -> datetime:
        return START + timedelta(minutes=17 * chance.randrange(runs))

    async def in_a_day(_: int) -> object:
        since = moment()
        return await runs_of(store, KEYS, Question(since=since, until=since + day))

    async def of_a_service_in_a_day(number: int) -> object:
        since = moment()
        return await runs_of(store, KEYS, Question(service=service(number), since=since, until=since + day))

    async def of_a_person_and_service(number: int) -> object:
        return await runs_of(store, KEYS, Question(by=chance.choice(PEOPLE).id, service=service(number)))

    await store.config_resetstat()
    print("\n| question | p50 ms | p99 ms |\n| --- | ---: | ---: |")
    await timed("plain redis-py: PING", lambda _: store.ping())
    await timed("plain redis-py: XRANGE of one run", lambda _: store.xrange(KEYS.log(f"r{chance.randrange(runs) + 1}")))
    await timed("every hold there is", lambda _: log.all_holders())
    await timed("newest 50 runs", lambda _: log.recent(50))
    await timed("newest 50 runs of a service", lambda number: log.recent(50, service(number)))
    await timed("a day's runs of a service", of_a_service_in_a_day)
    await timed("all runs of a person", lambda _: runs_of(store, KEYS, Question(by=chance.choice(PEOPLE).id)))
    await timed("all runs of a person that moved a service", of_a_person_and_service)
    await timed("all runs of a day", in_a_day)
    await timed("read and replay one run (33 entries)", lambda _: log.read(RunId(f"r{chance.randrange(runs) + 1}")))
    print("\n| of which in the server | microseconds a call |\n| --- | ---: |")
    spent = await store.info("commandstats")
    for command in ("smembers", "zrevrange", "zrangebyscore", "xrange"):
        print(f"| {command} | {spent[f'cmdstat_{command}']['usec_per_call']:.1f} |")


async def append(store) -> None:
    log = RunLog(store, KEYS, lambda: datetime.now(UTC), signer=SIGNER)
    asked, planned, *_ = run_events(SERVICES[0], SERVICES[1], PEOPLE[0], PEOPLE[1], datetime.now(UTC))
    run = await log.open((asked, planned))
    line = write("x", 1, START, e.Granted(approvals=1), "0" * 64, "0123456789ab")

    async def one(_: int) -> None:
        nonlocal run
        run = await log.append(run, (e.StopAsked(by=PEOPLE[0]),))

    async def plain(_: int) -> None:
        await store.xadd("plain", {"b": line.body, "h": line.hash})

    print("\n| append | p50 ms | p99 ms |\n| --- | ---: | ---: |")
    await timed("plain redis-py: XADD", plain)
    await timed("chained entry of a run, compare-and-set, index", one)
    await log.append(run, (e.Ended(ending=e.Ending.LEFT, because="measured"),))


async def main(runs: int, *, ask_only: bool = False) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        async with EmbeddedStore(place).run() as url:
            store = connect(url)
            await store.config_set("appendonly", "no")
            began = time.perf_counter()
            entries = await fill(store, runs)
            memory = (await store.info("memory"))["used_memory"]
            print(
                f"{entries:,} entries of {runs:,} runs, filled in {time.perf_counter() - began:.0f} s; "
                f"{memory / entries:.0f} bytes an entry with indexes ({memory / 2**20:,.0f} MiB)"
            )
            await ask(store, runs)
            if ask_only:
                await store.aclose()
                return
            await append(store)
            entries += 305
            columns = ("pass over everything", "s", "entries/s", "entries a second of the client's CPU", "its peak MiB")
            print(f"\n| {' | '.join(columns)} |\n| --- | ---: | ---: | ---: | ---: |")
            await rate("read only", entries, drain(Reader(store, KEYS).everything()))
            await rate("verify the store, signatures too", entries, verify(Reader(store, KEYS).everything()))
            await rate("export jsonl", entries, export(store, place / "all.jsonl", lambda record: write_export(record) + "\n"))
            await rate("verify the export", entries, verify_file(place / "all.jsonl"))
            await rate("export csv", entries, export(store, place / "all.csv", csv))
            cut = START + timedelta(minutes=17 * runs // 2)
            await rate("trim half of it to an archive", entries // 2, trim(store, place / "archive", cut))
            size = sum(path.stat().st_size for path in (place / "archive").iterdir())
            print(
                f"\nThe archive has {size / (entries // 2):.0f} bytes an entry, the jsonl export "
                f"{(place / 'all.jsonl').stat().st_size / entries:.0f}."
            )
            await store.aclose()


def csv(record) -> str:
    return csv_line(entry_row(record.log, read(record.body.encode(), record.hash)))


async def drain(batches: AsyncIterator[Batch]) -> None:
    async for _ in batches:
        pass


async def trim(store, place: Path, before: datetime) -> None:
    log = RunLog(store, KEYS, lambda: datetime.now(UTC), signer=SIGNER)
    person = replace(PEOPLE[0], name="benchmark")
    trimmer = Trimmer(
        store=store, keys=KEYS, log=log, archive=Archive(place), by=person, signer=SIGNER, keyring=Keyring("bench", [KEY])
    )
    async for _ in trimmer.trim(before):
        pass


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=31_250)
    words.add_argument("--ask", action="store_true", help="only fill and ask: run it at several sizes to see what grows")
    given = words.parse_args()
    asyncio.run(main(given.runs, ask_only=given.ask))
