"""An event loop whose clock jumps to the next timer: an hour of waiting costs nothing, and every run is the same."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class Stuck(Exception):
    """Everybody waits for something that nobody will ever do."""


class _NoFiles(selectors.BaseSelector):
    """Watches nothing; instead of waiting it moves the clock."""

    def __init__(self) -> None:
        self.loop: VirtualLoop | None = None
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj, events, data=None):
        key = selectors.SelectorKey(fileobj, fileobj if isinstance(fileobj, int) else fileobj.fileno(), events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj):
        return self._keys.pop(fileobj)

    def get_map(self):
        return self._keys

    def select(self, timeout=None):
        if timeout is None:
            raise Stuck
        self.loop.seconds += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`seconds` is what time it is."""

    def __init__(self) -> None:
        self.seconds = 0.0
        selector = _NoFiles()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.seconds


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """What `main` returns, in no time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        try:
            while left := asyncio.all_tasks(loop):
                for task in left:
                    task.cancel()
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        finally:
            loop.close()
