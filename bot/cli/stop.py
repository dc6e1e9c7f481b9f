"""Stopping a long-running command: Ctrl-C and SIGTERM cancel it, and everything it opened is closed in order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def until_stopped(work: Coroutine[Any, Any, T]) -> T | None:
    """Run until it ends or somebody stops it: what it returns, `None` where it was stopped.

    A second Ctrl-C does not interrupt the closing.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return None
