"""What goes on after runs have ended, and what follows for the store from each event of it: watches, obligations, deploy locks.

All of it is told by the environment's log; what is kept beside it only saves reading that log from its beginning.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog
from pydantic import TypeAdapter

from bot.store.codec import BrokenEntry, read
from bot.store.commit import Commit
from bot.store.connect import Store
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from commands.ports import DeployHold
from planner.duty_events import DeploysHeld, DeploysReleased, DutyClosed, DutyReminded
from planner.events import BadMarked, Entry, EnvironmentEvent
from planner.involved import run_named
from planner.lock_events import Reviewed
from planner.names import RunId
from planner.obligations import Obligation, obligations_of
from planner.run import Run
from planner.watch import Watch, replay_watch
from planner.watch_events import WatchBegan, WatchEnded, WatchLooked

log = structlog.get_logger(__name__)
_OBLIGATION = TypeAdapter(Obligation)
_HOLD = TypeAdapter(DeployHold)
_TOLD = (WatchBegan, WatchLooked, WatchEnded, DeploysHeld, DeploysReleased, DutyReminded, DutyClosed, BadMarked, Reviewed)
"""The events that belong to the story of a run and stand after its end."""


class Afterwards:
    """Reads what goes on afterwards in one environment. What changes goes into a `Commit` of the run log."""

    def __init__(self, redis: Store, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def entries(self, run: RunId) -> tuple[Entry, ...]:
        """The environment's entries that go on with this run's story, oldest first, without those in an archive."""
        numbers = await self._redis.zrangebyscore(self._keys.after(run), "-inf", "+inf")
        if not numbers:
            return ()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for number in numbers:
                pipeline.xrange(self._keys.log(ENVIRONMENT_CHAIN), f"{number}-0", f"{number}-0")
            found = await pipeline.execute()
        return tuple(read(fields["b"].encode("utf-8"), fields["h"]) for rows in found for _, fields in rows)

    async def watch(self, run: RunId) -> Watch | None:
        """The settle watch of this run; `None` where it has none."""
        return replay_watch(await self.entries(run))

    async def watches(self) -> tuple[Watch, ...]:
        """The watches that have not ended."""
        names = sorted(await self._redis.smembers(self._keys.watching), key=lambda run: (len(run), run))
        found = []
        for name in names:
            try:
                found.append(await self.watch(RunId(name)))
            except BrokenEntry as error:
                log.error("a watch cannot be read: rollbot audit verify", run=name, why=str(error))  # noqa: TRY400
        return tuple(watch for watch in found if watch is not None and watch.ended is None)

    async def is_watched(self, run: RunId) -> bool:
        """Whether this run's watch has not ended."""
        return run in await self._redis.smembers(self._keys.watching)

    async def obligations(self) -> tuple[Obligation, ...]:
        """Everything that runs left to be done and that nobody has done yet, oldest first."""
        rows = await self._redis.hgetall(self._keys.owed)
        found = [_OBLIGATION.validate_json(row) for row in rows.values()]
        return tuple(sorted(found, key=lambda one: (len(one.run), one.run, one.number)))

    async def holds(self) -> tuple[DeployHold, ...]:
        """The services whose forward deploys are locked, by name."""
        rows = await self._redis.hgetall(self._keys.deploys)
        return tuple(_HOLD.validate_json(rows[service]) for service in sorted(rows))

    def owes(self, commit: Commit, run: Run) -> None:
        """What hangs on the end of a run: what it leaves to be done is open from now on."""
        for one in obligations_of(run):
            commit.effect("HSET", self._keys.owed, one.id, _OBLIGATION.dump_json(one).decode())

    async def read_ahead(self, events: Sequence[EnvironmentEvent]) -> dict[str, Obligation]:
        """The obligations that a reminder changes; to be read before the commit that `effects` fills."""
        if not any(isinstance(event, DutyReminded) for event in events):
            return {}
        return {one.id: one for one in await self.obligations()}

    def effects(self, commit: Commit, seq: int, event: EnvironmentEvent, known: dict[str, Obligation]) -> None:
        """What hangs on this event, which becomes entry `seq` of the environment's log."""
        run = run_named(event)
        if isinstance(event, _TOLD) and run is not None:
            commit.effect("ZADD", self._keys.after(run), str(seq), str(seq))
        match event:
            case WatchBegan(run=run):
                commit.effect("SADD", self._keys.watching, run)
            case WatchEnded(run=run):
                commit.effect("SREM", self._keys.watching, run)
            case DeploysHeld(services=services, run=run, reason=reason):
                for service in services:
                    hold = DeployHold(service=service, run=run, since=commit.at, reason=reason, asked_by=event.asked_by)
                    commit.effect("HSET", self._keys.deploys, service, _HOLD.dump_json(hold).decode())
            case DeploysReleased(service=service):
                commit.effect("HDEL", self._keys.deploys, service)
            case DutyReminded(run=run, number=number) if f"{run}.{number}" in known:
                after = replace(known[f"{run}.{number}"], reminded=event.times, reminded_at=commit.at)
                commit.effect("HSET", self._keys.owed, after.id, _OBLIGATION.dump_json(after).decode())
            case DutyClosed(run=run, number=number):
                commit.effect("HDEL", self._keys.owed, f"{run}.{number}")
            case _:
                pass
