"""A runtime whose services live in the store itself, so that what was done outlives every process, and can be counted.

`compares`: it refuses where another release runs than expected. `remembers`: the same key is done once.
"""

from typing import Any

from integrations.errors import Conflict
from integrations.protocols import Finding, Observation, Phase
from planner.facts import Release, Service
from planner.names import Version

_APPLY = """
local place = KEYS[1]
if ARGV[4] == "1" and redis.call("SISMEMBER", KEYS[2], ARGV[3]) == 1 then return "again" end
local running = redis.call("HGET", place, "running") or ""
if ARGV[5] == "1" and running ~= ARGV[1] then return "runs " .. running end
redis.call("HSET", place, "running", ARGV[2], "key", ARGV[3])
redis.call("SADD", KEYS[2], ARGV[3])
redis.call("RPUSH", KEYS[3], ARGV[6] .. " " .. running .. " " .. ARGV[2])
return "done"
"""


class Target:
    """Runs nothing; `name` keeps it apart from others in the same store."""

    def __init__(self, store: Any, name: str, *, compares: bool = True, remembers: bool = True) -> None:
        self._store = store
        self._name = name
        self._flags = ("1" if remembers else "0", "1" if compares else "0")
        self.answers: list[str] = []

    def _key(self, rest: str) -> str:
        return f"target:{self._name}:{rest}"

    async def place(self, services: dict[str, str]) -> None:
        """What runs at first."""
        for service, version in services.items():
            await self._store.hset(self._key(service), mapping={"running": version})

    async def effects(self) -> list[tuple[str, ...]]:
        """Every change that really happened: (service, from, to)."""
        return [tuple(line.split(" ")) for line in await self._store.lrange(self._key("effects"), 0, -1)]

    async def before_apply(self) -> None:
        """A test may step in here: the request is about to leave."""

    async def after_apply(self) -> None:
        """A test may step in here: it is done, and nobody knows yet."""

    async def current(self, service: Service) -> Version | None:
        return Version(await self._store.hget(self._key(service.name), "running"))

    async def releases(self, service: Service) -> tuple[Release, ...]:
        return ()

    async def preflight(self, service: Service, to: Release) -> tuple[Finding, ...]:
        return ()

    async def apply(self, service: Service, to: Release, *, expect: Version | None, key: str) -> None:
        await self.before_apply()
        keys = [self._key(service.name), self._key("done"), self._key("effects")]
        answer = await self._store.eval(_APPLY, 3, *keys, expect or "", to.version, key, *self._flags, service.name)
        await self.after_apply()
        self.answers.append(answer)
        if answer.startswith("runs"):
            raise Conflict(f"{service.name} {answer}, not {expect}")

    async def observe(self, service: Service, to: Release, *, key: str) -> Observation:
        running, kept = await self._store.hmget(self._key(service.name), ["running", "key"])
        phase = Phase.CONVERGED if running == to.version else Phase.PROGRESSING
        return Observation(phase=phase, running=Version(running), key=kept)
