"""The environment's log: what belongs to no run, and where runs begin and end; holds, waiters and bad versions hang on it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from bot.fencing import Held
from bot.store.afterwards import Afterwards
from bot.store.audit_signing import Signer
from bot.store.bad_memory import BadMemory
from bot.store.codec import Line, read
from bot.store.commit import Commit, Gone, Head, Lapsed, Outrun
from bot.store.connect import Store
from bot.store.durable import ALONE, Copies
from bot.store.holds import milliseconds
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from bot.store.locks import Locks, held_by_hand, waiter_name
from commands.ports import BadVersion, DeployHold, Holder
from planner.duty_events import DutyClosed, DutyReminded
from planner.events import Entry, EnvironmentEvent, RunOpened, RunSealed, Trimmed
from planner.lock_events import LockBroken, Locked, LockExpired, ReleaseAsked, Unlocked, WaitAsked
from planner.names import RunId, ServiceName, Version
from planner.obligations import Obligation
from planner.watch import Watch
from planner.watch_events import WatchEnded, WatchLooked

_ASKED_AGAIN = 600_000
"""Milliseconds after which somebody may ask the same holder for the same service again."""


class EnvironmentLog:
    """Reads and writes the environment's log. Whoever finds that it has grown meanwhile looks again and tries again."""

    def __init__(
        self,
        redis: Store,
        keys: Keys,
        now: Callable[[], datetime],
        replicas: Copies = ALONE,
        signer: Signer | None = None,
    ) -> None:
        self._redis = redis
        self._replicas = replicas
        self._keys = keys
        self._now = now
        self._signer = signer
        self._locks = Locks(redis, keys)
        self._bad = BadMemory(redis, keys)
        self._after = Afterwards(redis, keys)

    async def note(self, event: EnvironmentEvent) -> None:
        """Write an event that belongs to no run."""

        async def always(commit: Commit) -> Sequence[EnvironmentEvent]:
            del commit
            return (event,)

        await self._note(always)

    async def trimmed(self, event: Trimmed, note: str) -> None:
        """Write a checkpoint down, with the note that says where the runs went."""

        async def checkpoint(commit: Commit) -> Sequence[EnvironmentEvent]:
            commit.effect("HSET", self._keys.archives, str(event.segment), note)
            return (event,)

        await self._note(checkpoint)

    async def holders(self, services: Sequence[ServiceName]) -> tuple[Holder, ...]:
        """Who holds which of these services; empty where all are free."""
        return await self._locks.holders(services)

    async def all_holders(self) -> tuple[Holder, ...]:
        """Every hold there is, by service."""
        return await self._locks.all_holders()

    async def hold(self, event: Locked) -> tuple[Holder, ...]:
        """Hold a service by hand; who has it, where another does. One's own hold is replaced."""

        async def take(commit: Commit) -> Sequence[EnvironmentEvent]:
            own = [h for h in await self._locks.holders([event.service]) if h.person and h.person.id == event.by.id]
            commit.lock(held_by_hand(event), instead=own[0].owner if own else "")
            return (event,)

        try:
            await self._note(take)
        except Held as held:
            return held.holders
        return ()

    async def release(self, event: Unlocked | LockBroken, hold: Holder) -> bool:
        """End that hold by hand and call its waiters. `False` where it was not there any more."""

        async def free(commit: Commit) -> Sequence[EnvironmentEvent]:
            commit.unlock(hold.service, hold.owner, must=True)
            return (event, *await self._locks.calls([hold.service]))

        try:
            return await self._note(free)
        except Gone:
            return False

    async def wait(self, event: WaitAsked) -> tuple[Holder, ...]:
        """Let somebody wait for these services; who holds them. Empty where all are free: nothing was written then."""
        held: tuple[Holder, ...] = ()

        async def look(commit: Commit) -> Sequence[EnvironmentEvent]:
            nonlocal held
            del commit
            held = await self._locks.holders(event.services)
            known = {waiter.name for waiter in await self._locks.waiters()}
            return (event,) if held and waiter_name(event.by, event.services) not in known else ()

        await self._note(look)
        return held

    async def ask(self, event: ReleaseAsked, hold: Holder) -> bool:
        """Write down that somebody asks for that hold. `False` where they did so lately: nothing was written then."""
        written = False

        async def look(commit: Commit) -> Sequence[EnvironmentEvent]:
            nonlocal written
            key = self._keys.asked(event.service, event.by.id)
            written = await self._redis.get(key) != hold.owner
            if written:
                commit.effect("SET", key, hold.owner, "PX", str(_ASKED_AGAIN))
            return (event,) if written else ()

        await self._note(look)
        return written

    async def expire_holds(self) -> tuple[ServiceName, ...]:
        """End every hold by hand whose time is over by the server's clock; the services that are free now."""
        found = await self._locks.lapsed()
        return tuple([service for service in found if await self._expire(service)])

    async def second_looks(self) -> tuple[RunId, ...]:
        """The runs that were started past their approvals and that nobody has looked at since, oldest first."""
        members = await self._redis.smembers(self._keys.looks)
        return tuple(RunId(run) for run in sorted(members, key=lambda run: (len(run), run)))

    async def news(self, after: int) -> AsyncIterator[Entry]:
        """The environment's entries after number `after`, for ever. Raises what `STORE_DOWN` names when the store goes."""
        last = f"{after}-0"
        while True:
            for _, rows in await self._redis.xread({self._keys.log(ENVIRONMENT_CHAIN): last}, count=100, block=4000):
                for last, fields in rows:  # noqa: B007 (where to go on)
                    yield read(fields["b"].encode("utf-8"), fields["h"])

    async def newest(self) -> int:
        """The number of the environment's last entry; 0 where there is none."""
        return (await self._head(ENVIRONMENT_CHAIN)).seq

    async def bad_versions(self) -> tuple[BadVersion, ...]:
        """Every version remembered as bad, by service."""
        return await self._bad.all()

    async def bad_version(self, service: ServiceName, version: Version) -> BadVersion | None:
        """What is remembered of this version; `None` where it is not remembered as bad."""
        return await self._bad.version(service, version)

    async def deploy_holds(self) -> tuple[DeployHold, ...]:
        """The services whose forward deploys are locked, by name."""
        return await self._after.holds()

    async def obligations(self) -> tuple[Obligation, ...]:
        """Everything that runs left to be done and that is not done yet, oldest first."""
        return await self._after.obligations()

    async def afterwards(self, run: RunId) -> tuple[Entry, ...]:
        """What goes on with this run's story after its end, oldest first."""
        return await self._after.entries(run)

    async def watch(self, run: RunId) -> Watch | None:
        """The settle watch of this run; `None` where it has none."""
        return await self._after.watch(run)

    async def watches(self) -> tuple[Watch, ...]:
        """The settle watches that have not ended."""
        return await self._after.watches()

    async def note_watch(self, look: WatchLooked, end: WatchEnded | None) -> bool:
        """Write a look at a watched run, and how the watch ends with it. `False`, unwritten, where it has ended already."""

        async def told(commit: Commit) -> Sequence[EnvironmentEvent]:
            del commit
            if not await self._after.is_watched(look.run):
                return ()
            return (look,) if end is None else (look, end)

        return await self._note(told)

    async def note_duty(self, event: DutyReminded | DutyClosed) -> bool:
        """Write what became of an obligation. `False`, unwritten, where it is not open any more."""

        async def told(commit: Commit) -> Sequence[EnvironmentEvent]:
            del commit
            return (event,) if any((one.run, one.number) == (event.run, event.number) for one in await self.obligations()) else ()

        return await self._note(told)

    def _environment(
        self, commit: Commit, head: Head, events: Sequence[EnvironmentEvent], known: dict[str, Obligation] | None = None
    ) -> tuple[Line, ...]:
        lines = commit.append(ENVIRONMENT_CHAIN, head, events)
        for seq, event in enumerate(events, start=head.seq + 1):
            self._locks.effects(commit, seq, event)
            self._bad.effects(commit, event)
            self._after.effects(commit, seq, event, known or {})
            match event:
                case RunOpened(run=run):
                    commit.effect("SADD", self._keys.open, run)
                    commit.effect("ZADD", self._keys.runs, milliseconds(commit.at), run)
                case Trimmed():
                    stored = {"segment": event.segment, "seq": event.seq, "hash": event.hash, "manifest": event.manifest}
                    fields = [str(part) for pair in stored.items() for part in pair]
                    commit.effect("HSET", self._keys.trimmed, *fields, "open", json.dumps(event.open))
                case RunSealed(run=run):
                    commit.effect("SREM", self._keys.open, run)
                case _:
                    pass
        return lines

    async def _note(self, events: Callable[[Commit], Awaitable[Sequence[EnvironmentEvent]]]) -> bool:
        """Write what `events` says, asked again wherever the log has grown meanwhile; whether it said anything."""
        head: Head | None = None
        while True:
            commit = Commit(self._keys, self._now(), self._signer)
            head = head or await self._head(ENVIRONMENT_CHAIN)
            found = await events(commit)
            if not found:
                return False
            lines = self._environment(commit, head, found, await self._after.read_ahead(found))
            try:
                await commit.carry_out(self._redis)
            except Outrun as outrun:
                if await self._is_there(head.seq + len(found), lines[-1].hash, outrun):
                    return True
                head = outrun.head
            except Lapsed as lapsed:
                head = None
                for service in lapsed.services:
                    await self._expire(service)
            else:
                return True

    async def _expire(self, service: ServiceName) -> bool:
        """End a hold by hand whose time is over, and call its waiters. `False` where there is none."""

        async def end(commit: Commit) -> Sequence[EnvironmentEvent]:
            for holder in await self._locks.holders([service], lapsed=True):
                if holder.until is not None and holder.person is not None:
                    commit.unlock(service, holder.owner, must=True, lapsed=True)
                    expired = LockExpired(service=service, holder=holder.person, until=holder.until, place=holder.place)
                    return (expired, *await self._locks.calls([service]))
            return ()

        try:
            return await self._note(end)
        except Gone:
            return False

    async def _is_there(self, seq: int, hash_: str, outrun: Outrun) -> bool:
        """Whether it was ourselves who wrote first: our answer was lost on the way, and what we sent was sent once more."""
        head = outrun.head
        if head.seq <= seq:
            return (head.seq, head.hash) == (seq, hash_)
        rows = await self._redis.xrange(self._keys.log(outrun.chain), min=f"{seq}-0", max=f"{seq}-0")
        return bool(rows) and rows[0][1].get("h") == hash_

    async def _head(self, chain: str) -> Head:
        seq, hash_ = await self._redis.hmget(self._keys.head(chain), ["seq", "hash"])
        return Head(seq=int(seq or 0), hash=hash_ or "")
