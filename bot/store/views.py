"""Which Slack message shows which run, and how far its thread is written: a restart goes on with the same message."""

from dataclasses import fields

from bot.store.connect import Store
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from bot.view import View
from planner.names import RunId

_NUMBERS = {field.name for field in fields(View) if field.type in (int, "int")}


class Views:
    """The views of one environment."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys

    async def read(self, run: RunId) -> View | None:
        """The run's view; `None` where no message was ever begun."""
        stored = await self._store.hgetall(self._keys.view(run))
        if "channel" not in stored:
            return None
        known = {field.name for field in fields(View)}
        return View(**{name: int(text) if name in _NUMBERS else text for name, text in stored.items() if name in known})  # type: ignore[arg-type]

    async def write(self, run: RunId, view: View) -> None:
        """Keep this view."""
        async with self._store.pipeline(transaction=False) as pipeline:
            if view.ts:
                pipeline.set(self._keys.thread(view.channel, view.ts), run)
            if run != ENVIRONMENT_CHAIN:  # what belongs to no run is told in its own way, and never ends
                pipeline.sadd(self._keys.undrawn, run)
            pipeline.hset(self._keys.view(run), mapping={field.name: str(getattr(view, field.name)) for field in fields(view)})
            await pipeline.execute()

    async def undrawn(self) -> tuple[RunId, ...]:
        """The runs whose messages were begun and do not show the end yet."""
        members = await self._store.smembers(self._keys.undrawn)
        return tuple(RunId(run) for run in sorted(members, key=lambda run: (len(run), run)))

    async def drawn(self, run: RunId) -> None:
        """All of this run is shown, its end too; a later `write` takes that back."""
        async with self._store.pipeline(transaction=False) as pipeline:
            pipeline.srem(self._keys.undrawn, run)
            await pipeline.execute()

    async def run_at(self, channel: str, ts: str) -> RunId | None:
        """The run that this message shows or showed; `None` where it shows none."""
        found = await self._store.get(self._keys.thread(channel, ts))
        return RunId(found) if found else None

    async def hold(self, run: RunId, owner: str, ttl: float) -> bool:
        """Whether `owner` draws this run for the next `ttl` seconds: one replica at a time does."""
        key = self._keys.viewer(run)
        if await self._store.set(key, owner, nx=True, px=int(ttl * 1000)):
            return True
        if await self._store.get(key) != owner:
            return False
        await self._store.pexpire(key, int(ttl * 1000))
        return True
