"""Starts processes that outlive the bot, and ends them with everything they started."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from integrations.errors import OutcomeUnknown, Rejected
from integrations.local_process.launch import MARKER, Launch
from integrations.local_process.process_table import group_of, living

_POLL = 0.02
_KILL_PATIENCE = 10.0
_NOTE_PATIENCE = 2.0
_waiting: dict[tuple[int, str], threading.Thread] = {}
"""Who waits in this bot for the end of which process, by number and birth."""


def start(launch: Launch, log: Path, mark: str, ended: Callable[[int, str, int], None]) -> tuple[int, str]:
    """Start it in a session of its own, and say its number and birth. Raises `Rejected` where the system cannot.

    `ended` is called from another thread with number, birth and exit code, if this process lives to see it.
    """
    try:
        with log.open("ab") as output:
            child = subprocess.Popen(
                launch.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=launch.cwd,
                env={**launch.env, MARKER: mark},
                start_new_session=True,
            )
    except OSError as error:
        raise Rejected(f"{launch.argv[0]} cannot be started: {error.strerror}") from error
    found = living(child.pid)
    # Already over: any word will do that no living process can have.
    born = found.born if found is not None else f"gone:{time.time_ns()}"
    waiter = threading.Thread(target=_wait, args=(child, born, ended), name=f"wait for {child.pid}", daemon=True)
    _waiting[child.pid, born] = waiter
    waiter.start()
    return child.pid, born


def _wait(child: "subprocess.Popen[bytes]", born: str, ended: Callable[[int, str, int], None]) -> None:
    code = child.wait()  # takes the zombie away, whether or not anybody asks
    try:
        ended(child.pid, born, code)
    finally:
        del _waiting[child.pid, born]


async def end_is_noted(pid: int, born: str) -> None:
    """Returns when the end of a process that was just seen dead is written down, if this bot saw it end."""
    if waiter := _waiting.get((pid, born)):
        await asyncio.to_thread(waiter.join, _NOTE_PATIENCE)


async def stop(pid: int, born: str, patience: float) -> None:
    """End a process and its group: SIGTERM, after `patience` seconds SIGKILL; returns when none of them is left.

    Never touches a process that merely has the same number. Raises `OutcomeUnknown` where not even SIGKILL ends it, and
    `Rejected` where it belongs to somebody else.
    """
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, _KILL_PATIENCE)):
        if not await _signal(pid, born, number):
            return
        if await _gone(pid, born, seconds):
            return
    raise OutcomeUnknown(f"process {pid} does not end, not even by SIGKILL")


async def _signal(pid: int, born: str, number: signal.Signals) -> bool:
    """Whether anybody was there to be told."""
    if not await asyncio.to_thread(group_of, pid, born):
        return False
    with suppress(ProcessLookupError):
        try:
            os.killpg(pid, number)
        except PermissionError as error:
            raise Rejected(f"process {pid} belongs to another user and cannot be stopped") from error
    return True


async def _gone(pid: int, born: str, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while await asyncio.to_thread(group_of, pid, born):
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL)
    return True
