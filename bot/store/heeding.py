"""Connections that heed a cancellation, whatever the moment.

Where a write ends in the same turn of the loop in which its task is cancelled, `asyncio.wait_for` of Python 3.11, through which
the library writes, returns as if nothing had been, and the cancellation is lost (bpo-37658).
A worker told to stop, or whose lease was lost, would then go on until its run is done.
"""

import asyncio
from collections.abc import Iterable
from typing import Any


class _Heeding:
    """Stands before a connection class of the library."""

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        await super().send_packed_command(command, check_health)  # type: ignore[misc]
        if task is not None and task.cancelling() > before:
            # The answer will not be read, so nobody may use this connection any more.
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]
            raise asyncio.CancelledError


def heeding(connection_class: type[Any]) -> type[Any]:
    """The same connection class, which never loses a cancellation."""
    return type(f"Heeding{connection_class.__name__}", (_Heeding, connection_class), {})
