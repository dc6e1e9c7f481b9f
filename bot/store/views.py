"""Which Slack message shows which run, and how far its thread is written: a restart goes on with the same message."""

from dataclasses import dataclass

from bot.store.connect import Store
from bot.store.keys import Keys
from planner.names import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A run's message. `written` is the last log entry that its thread tells; `writing` one that was about to be posted."""

    channel: str
    ts: str = ""
    written: int = 0
    writing: int = 0


class Views:
    """The views of one environment."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys

    async def read(self, run: RunId) -> View | None:
        """The run's view; `None` where no message was ever begun."""
        fields = await self._store.hgetall(self._keys.view(run))
        if "channel" not in fields:
            return None
        return View(
            channel=fields["channel"],
            ts=fields.get("ts", ""),
            written=int(fields.get("written", 0)),
            writing=int(fields.get("writing", 0)),
        )

    async def write(self, run: RunId, view: View) -> None:
        """Keep this view."""
        mapping = {"channel": view.channel, "ts": view.ts, "written": str(view.written), "writing": str(view.writing)}
        await self._store.hset(self._keys.view(run), mapping=mapping)

    async def hold(self, run: RunId, owner: str, ttl: float) -> bool:
        """Whether `owner` draws this run for the next `ttl` seconds: one replica at a time does."""
        key = self._keys.viewer(run)
        if await self._store.set(key, owner, nx=True, px=int(ttl * 1000)):
            return True
        if await self._store.get(key) != owner:
            return False
        await self._store.pexpire(key, int(ttl * 1000))
        return True
