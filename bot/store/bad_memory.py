"""Versions remembered as bad: what is kept beside the log so that nobody has to read it from its beginning."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.store.commit import Commit
from bot.store.connect import Store
from bot.store.keys import Keys
from commands.ports import BadVersion
from planner.events import BadCleared, BadMarked, EnvironmentEvent
from planner.names import RunId, ServiceName, Version


class BadMemory:
    """The bad versions of one environment. What changes goes into a `Commit` of the run log."""

    def __init__(self, redis: Store, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def all(self) -> tuple[BadVersion, ...]:
        """Every version remembered as bad, by service."""
        services = [ServiceName(service) for service in sorted(await self._redis.smembers(self._keys.bad_services))]
        return await self._of(services) if services else ()

    async def version(self, service: ServiceName, version: Version) -> BadVersion | None:
        """What is remembered of this version; `None` where it is not remembered as bad."""
        return next((bad for bad in await self._of([service]) if bad.version == version), None)

    def effects(self, commit: Commit, event: EnvironmentEvent) -> None:
        """What hangs on this event."""
        match event:
            case BadMarked(service=service, version=version, reason=reason):
                stamp = {"at": commit.at.isoformat(), "by": event.by.name if event.by else "", "run": event.run or ""}
                commit.effect("HSET", self._keys.bad(service), version, reason)
                commit.effect("HSET", self._keys.marked(service), version, json.dumps(stamp))
                commit.effect("SADD", self._keys.bad_services, service)
            case BadCleared(service=service, version=version):
                commit.effect("HDEL", self._keys.bad(service), version)
                commit.effect("HDEL", self._keys.marked(service), version)
            case _:
                pass

    async def _of(self, services: Sequence[ServiceName]) -> tuple[BadVersion, ...]:
        """In one round trip, for every look at the world asks."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for service in services:
                pipeline.hgetall(self._keys.bad(service))
                pipeline.hgetall(self._keys.marked(service))
            answers = await pipeline.execute()
        return tuple(
            _read(service, version, why, marks.get(version, "{}"))
            for service, reasons, marks in zip(services, answers[::2], answers[1::2], strict=True)
            for version, why in sorted(reasons.items())
        )


def _read(service: ServiceName, version: str, reason: str, mark: str) -> BadVersion:
    """Versions marked before these marks were kept have none."""
    stamp = json.loads(mark)
    return BadVersion(
        service=service,
        version=Version(version),
        reason=reason,
        run=RunId(stamp["run"]) if stamp.get("run") else None,
        by=str(stamp.get("by", "")),
        at=datetime.fromisoformat(stamp["at"]) if stamp.get("at") else None,
    )
