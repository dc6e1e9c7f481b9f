"""What a simulated process is made of: a host that can die or freeze at any word it exchanges, its store, its runtime."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError

from bot.store.codec import read
from bot.store.runlog import RunLog
from integrations.errors import Conflict
from integrations.protocols import CatalogFacts
from planner.events import Entry
from planner.facts import Check, Edge, Release, Service
from planner.names import RunId
from planner.run import Run, follow
from planner.verdict import Measurement, Outcome
from tests.bot.chaos.model_store import Server, Wire
from tests.integrations.fake_runtime import FakeRuntime

EPOCH = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RELEASES = dict.fromkeys(("api", "basket", "cart", "depot", "email"), ("1.0.0", "2.0.0"))
CALLS = {"api": ("basket", "email"), "basket": ("cart",), "cart": ("depot",)}
CHECK = Check(name="answers", probe="gauge", interval=0.5, count=2)


def seconds() -> float:
    return asyncio.get_running_loop().time()


def now() -> datetime:
    return EPOCH + timedelta(milliseconds=int(seconds() * 1000))


class Host:
    """A process. `dies_at` and `freezes_at` count the words that it exchanges with the world, each way."""

    def __init__(self, name: str, chance: random.Random, seen: Counter[str]) -> None:
        self.name = name
        self.chance = chance
        self.seen = seen
        self.dead = False
        self.dies_at: int | None = None
        self.freezes_at: int | None = None
        self.freezes_when_asking = 0.0
        self.dies_when_asking = 0.0
        self.frozen_until = 0.0
        self.tasks: set[asyncio.Task[Any]] = set()
        self._words = 0

    def start(self, work) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def kill(self) -> None:
        self.dead = True
        self.seen["died"] += 1
        for task in list(self.tasks):
            task.cancel()

    async def word(self, *, risk: float = 0.0) -> None:
        """One word on its way, out or in. A dead process neither sends nor hears; a frozen one does so later.

        `risk`: how much it hurts if something goes wrong right here; 1 for a request that changes the world, and for its answer.
        """
        if self.dead:
            raise asyncio.CancelledError
        self._words += 1
        if self._words == self.dies_at or (risk and self.chance.random() < self.dies_when_asking * risk):
            self.kill()
        if self._words == self.freezes_at or (risk and self.chance.random() < self.freezes_when_asking * risk):
            self.frozen_until = seconds() + self.chance.choice((3.0, 9.0, 14.0, 25.0))
            self.seen["froze"] += 1
        await asyncio.sleep(self.chance.choice((0.001, 0.002, 0.004, 0.05)))
        while seconds() < self.frozen_until:
            await asyncio.sleep(self.frozen_until - seconds())
        if self.dead:
            raise asyncio.CancelledError


async def on_its_way(host: Host, request) -> Any:
    """What has been sent arrives, sooner or later, also where the sender was cancelled meanwhile; only death keeps it back."""
    sent = host.start(request)
    sent.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may be left to hear the answer
    return await asyncio.shield(sent)


class Weather:
    """How the store is at present."""

    def __init__(self) -> None:
        self.down_until = 0.0
        self.full_until = 0.0
        self.loses = 0.0


class Line(Wire):
    """A host's connection to the store: words may be lost, and are then sent again as the real client does."""

    def __init__(self, server: Server, host: Host, weather: Weather) -> None:
        super().__init__(server)
        self.host = host
        self.weather = weather

    async def ask(self, do: Callable[[], Any]) -> Any:
        for attempt in range(5):
            try:
                return await self._once(do)
            except RedisConnectionError:
                if attempt == 4:
                    raise
                await asyncio.sleep(0.1)
        raise AssertionError

    async def _once(self, do: Callable[[], Any]) -> Any:
        await self.host.word()
        if seconds() < self.weather.down_until:
            raise RedisConnectionError("the store is down")
        answer = do()
        lost = self.host.chance.random() < self.weather.loses
        await self.host.word()
        if lost:
            self.host.seen["answer lost"] += 1
            raise RedisConnectionError("the answer was lost")
        match answer:
            case ["fenced", *_]:
                self.host.seen["stale write refused"] += 1
            case ["moved", *_]:
                self.host.seen["write came too late"] += 1
            case ["lost"]:
                self.host.seen["lease lost"] += 1
        return answer

    def register_script(self, text: str):
        send = super().register_script(text)

        async def call(*, keys, args):
            if seconds() < self.weather.full_until:
                self.host.seen["store full"] += 1
                raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'")
            await self.host.word(risk=0.1)
            return await send(keys=keys, args=args)

        return lambda **named: on_its_way(self.host, call(**named))


_entries: dict[str, Entry] = {}
_runs: dict[str, Run] = {}


def forget() -> None:
    """Nothing of what was parsed is of use to another schedule."""
    _entries.clear()
    _runs.clear()


def told(name: RunId, entries: Sequence[Entry]) -> Run:
    """What `replay` says, from the last entry on that was replayed before."""
    at = len(entries)
    while at and entries[at - 1].hash not in _runs:
        at -= 1
    run = _runs[entries[at - 1].hash] if at else Run(id=name)
    for entry in entries[at:]:
        run = _runs[entry.hash] = follow(run, entry)
    return run


class Log(RunLog):
    """The real log; it only remembers what it has parsed and replayed before."""

    async def read(self, run: RunId) -> Run | None:
        entries = await self.entries(run)
        return told(run, entries) if entries else None

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        rows = await self._redis.xrange(self._keys.log(run), min=f"({after}-0" if after else "-")
        return tuple(parsed(fields) for _, fields in rows)


def parsed(fields: dict[str, str]) -> Entry:
    found = _entries.get(fields["h"])
    if found is None:
        found = _entries[fields["h"]] = read(fields["b"].encode("utf-8"), fields["h"])
    return found


class World(FakeRuntime):
    """All services. `on_effect` is called right after something really changed."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(RELEASES, "2.0.0"), looks=1)
        self.on_effect: Callable[[str, str, str], None] = lambda service, to, key: None
        self.seen: Counter[str] = Counter()

    def _do(self, name, to, expect, key):
        before = len(self.effects)
        try:
            super()._do(name, to, expect, key)
        except Conflict:
            self.seen["world refused"] += 1
            raise
        if len(self.effects) > before:
            self.on_effect(name, to, key)
        else:
            self.seen["asked twice, done once"] += 1


class Reach:
    """A host's way to the world: the request travels, then the answer."""

    def __init__(self, world: World, host: Host) -> None:
        self.world = world
        self.host = host

    def __getattr__(self, verb):
        async def call(*arguments, **named):
            risk = 1.0 if verb == "apply" else 0.0

            async def send():
                await self.host.word(risk=risk)
                return await getattr(self.world, verb)(*arguments, **named)

            try:
                return await on_its_way(self.host, send())
            finally:
                await self.host.word(risk=risk)

        return call


class Gauge:
    def __init__(self, host: Host, bad: float) -> None:
        self.host = host
        self.bad = bad

    async def measure(self, check: Check) -> Measurement:
        await self.host.word()
        chance = self.host.chance.random()
        outcome = Outcome.FAIL if chance < self.bad else Outcome.ERROR if chance < 2 * self.bad else Outcome.PASS
        return Measurement(outcome=outcome, seen=f"{outcome} seen")


class Shelf:
    """The catalog."""

    async def load(self) -> CatalogFacts:
        return CatalogFacts(
            services={
                name: Service(
                    name=name,
                    runtime={"kind": "fake"},
                    checks=(CHECK,) if name != "email" else (),
                    depends_on=tuple(Edge(service=other) for other in CALLS.get(name, ())),
                    releases=tuple(Release(version=version) for version in versions),
                )
                for name, versions in RELEASES.items()
            }
        )
