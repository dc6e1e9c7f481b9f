"""A desk without a process around it: the run log in memory, with the same compare-and-set as the real one."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from commands.ports import Archived, BadVersion, Call, DeployHold, Desk, Holder, Moved
from planner.approval import Actor
from planner.duty_events import DeploysHeld, DeploysReleased, DutyClosed, DutyReminded
from planner.events import (
    BadCleared,
    BadMarked,
    Ended,
    Entry,
    EnvironmentEvent,
    LocksTaken,
    Person,
    Place,
    RunEvent,
    RunOpened,
    RunSealed,
)
from planner.facts import Migration, MigrationKind, Release, Service, Verified
from planner.lock_events import LockBroken, Locked, LockExpired, ReleaseAsked, Reviewed, Unlocked, WaitAsked, WaiterCalled
from planner.names import ActorId, RunId, ServiceName, Version
from planner.obligations import Obligation, obligations_of
from planner.policy import Policy
from planner.ranges import Range
from planner.run import Run, follow, replay
from planner.snapshot import Snapshot

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_EDGES = {"run_opened", "run_sealed", "second_look_asked"}


class Clock:
    """A clock that goes only when told to."""

    def __init__(self, now: datetime = NOON) -> None:
        self.at = now

    def __call__(self) -> datetime:
        return self.at

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class MemoryRuns:
    """Implements `commands.ports.Runs`, and the feed that live views follow."""

    def __init__(self, now: Clock | None = None) -> None:
        self._now = now or Clock()
        self._logs: dict[RunId, list[Entry]] = {}
        self._closed: set[RunId] = set()
        self._grew = asyncio.Condition()
        self._feed: list[RunId] = []
        self.environment: list[EnvironmentEvent] = []
        self.by_hand: dict[ServiceName, Holder] = {}
        self._waiting: list[WaitAsked] = []
        self.gone: dict[RunId, Archived] = {}
        self._asked: dict[tuple[ServiceName, ActorId, str], datetime] = {}

    def adopt(self, other: "MemoryRuns") -> None:
        """Go on with what another one holds."""
        self._logs, self._closed = other._logs, other._closed

    async def open(self, events: Sequence[RunEvent]) -> Run:
        name = RunId(f"r{len(self._logs) + 1}")
        self._logs[name] = []
        self.environment.append(RunOpened(run=name))
        return await self.append(Run(id=name), events)

    async def read(self, run: RunId) -> Run | None:
        entries = await self.entries(run)
        return replay(run, entries) if entries else None

    async def entries(self, run: RunId) -> tuple[Entry, ...]:
        # Others get their turn between reading and writing, as with a store over a wire.
        await asyncio.sleep(0)
        return tuple(self._logs.get(run, ()))

    async def archived(self, run: RunId | None = None) -> Archived | None:
        return next((gone for name, gone in reversed(self.gone.items()) if run in (name, None)), None)

    async def append(self, run: Run, events: Sequence[RunEvent]) -> Run:
        await asyncio.sleep(0)
        log = self._logs.setdefault(run.id, [])
        if len(log) != run.seq:
            raise Moved(run.id)
        after = run
        for event in events:
            seq = after.seq + 1
            digest = hashlib.sha256(f"{after.hash}{seq}{event!r}".encode()).hexdigest()
            entry = Entry(seq=seq, at=self._now(), event=event, hash=digest)
            after = follow(after, entry)
            log.append(entry)
            if isinstance(event, Ended):
                self._closed.add(run.id)
                self.environment.append(RunSealed(run=run.id, seq=seq, hash=digest))
                if run.locked:
                    await self._call([move.service for move in run.plan.moves])
        async with self._grew:
            self._feed.append(run.id)
            self._grew.notify_all()
        return after

    async def recent(self, limit: int, service: ServiceName | None = None) -> tuple[RunId, ...]:
        newest = list(reversed(self._logs))
        if service is not None:
            newest = [name for name in newest if (run := replay(name, self._logs[name])).planned and run.plan.move(service)]
        return tuple(newest[:limit])

    async def open_runs(self) -> tuple[RunId, ...]:
        return tuple(name for name in self._logs if name not in self._closed)

    async def note(self, event: EnvironmentEvent) -> None:
        self.environment.append(event)

    async def holders(self, services: Sequence[ServiceName]) -> tuple[Holder, ...]:
        return tuple(holder for holder in await self.all_holders() if holder.service in services)

    async def hold(self, event: Locked) -> tuple[Holder, ...]:
        await asyncio.sleep(0)
        others = [h for h in await self.holders([event.service]) if h.person is None or h.person.id != event.by.id]
        if not others:
            self.environment.append(event)
            self.by_hand[event.service] = Holder(
                service=event.service,
                since=event.since,
                person=event.by,
                reason=event.reason,
                until=event.until,
                place=event.place,
            )
        return tuple(others)

    async def release(self, event: Unlocked | LockBroken, hold: Holder) -> bool:
        await asyncio.sleep(0)
        if self.by_hand.get(hold.service) != hold:
            return False
        del self.by_hand[hold.service]
        self.environment.append(event)
        await self._call([hold.service])
        return True

    async def wait(self, event: WaitAsked) -> tuple[Holder, ...]:
        held = await self.holders(event.services)
        if held and all((known.by, known.services) != (event.by, event.services) for known in self._waiting):
            self._waiting.append(event)
            self.environment.append(event)
        return held

    async def ask(self, event: ReleaseAsked, hold: Holder) -> bool:
        await asyncio.sleep(0)
        key, now = (event.service, event.by.id, hold.owner), self._now()
        if key in self._asked and now - self._asked[key] < timedelta(minutes=10):
            return False
        self._asked[key] = now
        self.environment.append(event)
        return True

    async def expire_holds(self) -> None:
        for service, holder in list(self.by_hand.items()):
            if holder.person is not None and holder.until is not None and holder.until <= self._now():
                del self.by_hand[service]
                over = LockExpired(service=service, holder=holder.person, until=holder.until, place=holder.place)
                self.environment.append(over)
                await self._call([service])

    async def second_looks(self) -> tuple[RunId, ...]:
        reviewed = {event.run for event in self.environment if isinstance(event, Reviewed)}
        return tuple(name for name in self._logs if replay(name, self._logs[name]).glass and name not in reviewed)

    async def newest(self) -> int:
        return len(self.environment)

    async def news(self, after: int) -> AsyncIterator[Entry]:
        while True:
            while after >= len(self.environment):
                await asyncio.sleep(0.01)
            after += 1
            yield Entry(seq=after, at=self._now(), event=self.environment[after - 1], hash="")

    async def _call(self, freed: Sequence[ServiceName]) -> None:
        held = {holder.service for holder in await self.all_holders()}
        called = [w for w in self._waiting if set(freed) & set(w.services) and not held & set(w.services)]
        for position, waiter in enumerate(called, start=1):
            self._waiting.remove(waiter)
            event = WaiterCalled(
                services=waiter.services,
                waiter=waiter.by,
                asked_at=self._now(),
                position=position,
                of=len(called),
                place=waiter.place,
            )
            self.environment.append(event)

    async def all_holders(self) -> tuple[Holder, ...]:
        found = []
        for name in await self.open_runs():
            for entry in self._logs[name]:
                if isinstance(entry.event, LocksTaken):
                    found += [Holder(service=service, run=name, since=entry.at) for service in entry.event.services]
        found += [h for h in self.by_hand.values() if h.until is None or h.until > self._now()]
        return tuple(found)

    async def bad_versions(self) -> tuple[BadVersion, ...]:
        bad: dict[tuple[ServiceName, Version], BadVersion] = {}
        for event in self.environment:
            match event:
                case BadMarked(service=service, version=version, reason=why, run=run, by=by):
                    who = by.name if by else ""
                    bad[service, version] = BadVersion(service=service, version=version, reason=why, run=run, by=who)
                case BadCleared():
                    bad.pop((event.service, event.version), None)
                case _:
                    pass
        return tuple(bad[key] for key in sorted(bad))

    async def bad_version(self, service: ServiceName, version: Version) -> BadVersion | None:
        found = await self.bad_versions()
        return next((bad for bad in found if (bad.service, bad.version) == (service, version)), None)

    async def deploy_holds(self) -> tuple[DeployHold, ...]:
        held: dict[ServiceName, DeployHold] = {}
        for event in self.environment:
            match event:
                case DeploysHeld(services=services, run=run, reason=why, asked_by=asker):
                    for name in services:
                        held[name] = DeployHold(service=name, run=run, since=self._now(), reason=why, asked_by=asker)
                case DeploysReleased(service=service):
                    held.pop(service, None)
                case _:
                    pass
        return tuple(held[name] for name in sorted(held))

    async def obligations(self) -> tuple[Obligation, ...]:
        closed = {(event.run, event.number) for event in self.environment if isinstance(event, DutyClosed)}
        found = [one for name in self._logs for one in obligations_of(replay(name, self._logs[name]))]
        return tuple(one for one in found if (one.run, one.number) not in closed)

    async def note_duty(self, event: DutyReminded | DutyClosed) -> bool:
        known = any((one.run, one.number) == (event.run, event.number) for one in await self.obligations())
        if known:
            self.environment.append(event)
        return known

    async def afterwards(self, run: RunId) -> tuple[Entry, ...]:
        told = [event for event in self.environment if getattr(event, "run", None) == run and event.kind not in _EDGES]
        return tuple(Entry(seq=seq, at=self._now(), event=event) for seq, event in enumerate(told, start=1))

    async def follow(self) -> AsyncIterator[RunId]:
        seen = len(self._feed)
        for run in await self.open_runs():
            yield run
        while True:
            async with self._grew:
                while seen >= len(self._feed):
                    await self._grew.wait()
                fresh = self._feed[seen:]
                seen = len(self._feed)
            for run in dict.fromkeys(fresh):
                yield run


@dataclass
class MemoryWake:
    """Remembers who was woken."""

    woken: list[RunId] = field(default_factory=list)
    later: list[tuple[RunId, datetime]] = field(default_factory=list)

    async def wake(self, run: RunId) -> None:
        self.woken.append(run)

    async def wake_at(self, run: RunId, when: datetime) -> None:
        self.later.append((run, when))


def person(name: str) -> Person:
    return Person(id=ActorId(f"U{name.upper()}"), name=name.title())


def actor(name: str, *groups: str) -> Actor:
    return Actor(person=person(name), groups=frozenset(groups))


ANA, BEN, GUEST = actor("ana"), actor("ben"), actor("guest")
POLICY = Policy(users=frozenset({BEN.id}), groups=frozenset({"SSRE"}))
HERE = Place(channel="C0INCIDENT")


def call(who: Actor, words: str = "") -> Call:
    return Call(actor=who, place=HERE, words=words)


def release(version: str, day: int, *, needs: str | None = None, kind: MigrationKind | None = None, **more: object) -> Release:
    requires = {ServiceName("payment-service"): Range.parse(needs)} if needs else {}
    migrations = (Migration(id=f"m{version}", kind=kind),) if kind else ()
    return Release(
        version=Version(version),
        deployed_at=NOON - timedelta(days=30 - day),
        requires=requires,
        migrations=migrations,
        **more,  # type: ignore[arg-type]
    )


def service(name: str, *releases: Release, runnable: bool = True) -> Service:
    return Service(
        name=ServiceName(name),
        owner=f"team-{name.partition('-')[0]}",
        runtime={"kind": "local_process"} if runnable else None,
        releases=releases,
    )


def snapshot(*services: Service) -> Snapshot:
    return Snapshot(
        services={item.name: item for item in services},
        current={item.name: item.releases[-1].version for item in services},
    )


def shop() -> Snapshot:
    """The story everybody tells: the older order release needs the older payment release."""
    return snapshot(
        service(
            "order-service",
            release("1.4.2", 1, needs=">=2.1 <3", verified=Verified.GOOD),
            release("2.0.0", 20, needs=">=2 <4"),
        ),
        service("payment-service", release("2.4.1", 1), release("3.0.0", 19)),
        service("ledger-service", release("5.0.0", 1), release("5.1.0", 2, kind=MigrationKind.CONTRACT)),
        service("orphan-service", release("1.0.0", 1), release("1.1.0", 2), runnable=False),
    )


class Office:
    """A desk with everything on it, and what can be turned from a test."""

    def __init__(self, *, policy: Policy = POLICY, world: Snapshot | None = None) -> None:
        self.clock = Clock()
        self.runs = MemoryRuns(self.clock)
        self.wake = MemoryWake()
        self.world = world or shop()
        self.fault: Exception | None = None
        self.desk = Desk(runs=self.runs, wake=self.wake, survey=self._survey, policy=policy, now=self.clock, environment="test")

    async def _survey(self) -> Snapshot:
        if self.fault is not None:
            raise self.fault
        return self.world
