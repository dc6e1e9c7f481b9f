"""Turns under budgets that all replicas share: Slack counts the calls of an app, not those of a process."""

from pathlib import Path

from bot.store.connect import Store
from bot.store.keys import Keys

_SCRIPT = (Path(__file__).parent / "scripts" / "turn.lua").read_text("utf-8")


class Turns:
    """Implements `bot.slack.ports.Turns`. Every method raises what `STORE_DOWN` names."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._script = store.register_script(_SCRIPT)
        self._keys = keys

    async def take(self, key: str, interval: float, burst: int) -> float:
        """Take the next turn under this key; how many seconds to wait for it."""
        return await self._run(key, interval, burst, 0.0)

    async def pause(self, key: str, seconds: float, interval: float, burst: int) -> None:
        """Let no turn under this key begin before so many seconds have passed."""
        await self._run(key, interval, burst, max(seconds, 0.001))

    async def _run(self, key: str, interval: float, burst: int, pause: float) -> float:
        arguments = [f"{1000 * interval:.0f}", str(burst), f"{1000 * pause:.0f}"]
        return float("".join(await self._script(keys=[self._keys.pace(key)], args=arguments))) / 1000
