"""What the Slack side needs from the store: which runs changed, and where each is shown."""

from collections.abc import AsyncIterator
from typing import Protocol

from bot.view import View
from planner.names import RunId


class Feed(Protocol):
    """Says which run logs grew."""

    def follow(self) -> AsyncIterator[RunId]:
        """Every open run first, then each run whose log grew, for ever. Raises when the store goes."""
        ...


class Views(Protocol):
    """Remembers which message shows which run."""

    async def read(self, run: RunId) -> View | None:
        """The run's view; `None` where no message was ever begun."""
        ...

    async def write(self, run: RunId, view: View) -> None:
        """Keep this view."""
        ...

    async def undrawn(self) -> tuple[RunId, ...]:
        """The runs whose messages were begun and do not show the end yet."""
        ...

    async def drawn(self, run: RunId) -> None:
        """All of this run is shown, its end too; a later `write` takes that back."""
        ...

    async def run_at(self, channel: str, ts: str) -> RunId | None:
        """The run that this message shows or showed; `None` where it shows none."""
        ...

    async def hold(self, run: RunId, owner: str, ttl: float) -> bool:
        """Whether `owner` draws this run for the next `ttl` seconds: one replica at a time does."""
        ...


class Seen(Protocol):
    """Remembers which events came."""

    async def first(self, event: str) -> bool:
        """Whether this event is here for the first time, on any replica. Raises when the store goes."""
        ...


class Turns(Protocol):
    """Budgets of calls that all replicas share."""

    async def take(self, key: str, interval: float, burst: int) -> float:
        """Take the next turn under this key; how many seconds to wait for it. Raises when the store goes."""
        ...

    async def pause(self, key: str, seconds: float, interval: float, burst: int) -> None:
        """Let no turn under this key begin before so many seconds have passed. Raises when the store goes."""
        ...
