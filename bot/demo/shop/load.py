"""Customers: a steady stream of checkouts, so that trouble, recovery and a broken state in between can be seen."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

_PATIENCE = 8.0
_MOST_AT_ONCE = 60
_REMEMBERED = 60
_STOCK_EVERY = 10


@dataclass(slots=True)
class Second:
    """What happened in one second, by the wall clock."""

    t: int
    ok: int = 0
    failed: int = 0


class Load:
    """Asks `checkout` about `per_second` times a second, and `stock` now and then; counts what comes back.

    `incompatible` counts failures because two services do not speak one version; they are among `failed`. A stock answer counts
    only there.
    """

    def __init__(self, *, checkout: str, stock: str, per_second: float = 10.0) -> None:
        self._checkout = checkout
        self._stock = stock
        self._pause = 1.0 / per_second
        self._recent: deque[Second] = deque(maxlen=_REMEMBERED)
        self._asking: set[asyncio.Task[None]] = set()
        self._beat: asyncio.Task[None] | None = None
        self.ok = 0
        self.failed = 0
        self.incompatible = 0
        self.last_incompatible = ""

    def start(self) -> None:
        """Begin; does nothing where it has begun."""
        if self._beat is None:
            self._beat = asyncio.create_task(self._go(), name="the load of the demo shop")

    async def stop(self) -> None:
        """End; what was asked last is not waited for."""
        if self._beat is not None:
            self._beat.cancel()
            with suppress(asyncio.CancelledError):
                await self._beat
            self._beat = None

    def recent(self) -> list[Second]:
        """The last seconds, oldest first, at most a minute of them; a second without an answer is there too."""
        now = int(time.time())
        known = {second.t: second for second in self._recent if second.t > now - _REMEMBERED}
        return [known.get(t) or Second(t) for t in range(min(known, default=now), now)]

    async def _go(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        # A connection for each: one kept open would be cut when a service moves, and be counted as a failure of the move.
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            try:
                await self._beats(session)
            finally:
                for task in self._asking:
                    task.cancel()
                await asyncio.gather(*self._asking, return_exceptions=True)

    async def _beats(self, session: aiohttp.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        number, due = 0, loop.time()
        while True:
            if len(self._asking) < _MOST_AT_ONCE:
                self._begin(self._ask(session, self._checkout, counted=True))
                if number % _STOCK_EVERY == 0:
                    self._begin(self._ask(session, self._stock, counted=False))
            number += 1
            due = max(due + self._pause, loop.time())
            await asyncio.sleep(due - loop.time())

    def _begin(self, asking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(asking)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, session: aiohttp.ClientSession, url: str, *, counted: bool) -> None:
        said: object = None
        try:
            async with session.get(url) as response:
                said = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            said = None
        answer = said if isinstance(said, dict) else {}
        if answer.get("error") == "incompatible":
            self.incompatible += 1
            self.last_incompatible = str(answer.get("detail", ""))
        if counted:
            self._count(ok=answer.get("ok") is True)

    def _count(self, *, ok: bool) -> None:
        now = int(time.time())
        if not self._recent or self._recent[-1].t != now:
            self._recent.append(Second(now))
        second = self._recent[-1]
        second.ok += ok
        second.failed += not ok
        self.ok += ok
        self.failed += not ok
