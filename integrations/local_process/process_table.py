"""What the operating system says of processes: who lives, since when, in which group. Nothing here starts or stops any.

A process is known by its number and the moment it was born, so that a number used again is never mistaken for it.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self/stat").exists()
_STATE, _GROUP, _START = 0, 2, 19  # fields of /proc/PID/stat behind the name (proc_pid_stat(5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """A process that lives; one that has ended and was not yet waited for does not."""

    pid: int
    group: int
    born: str


def living(pid: int) -> Living | None:
    """The process of that number, `None` where there is none alive."""
    return from_proc(pid) if _HAS_PROC else from_ps("-p", str(pid)).get(pid)


def is_alive(pid: int, born: str) -> bool:
    """Whether the process of that number is still the one that was born then."""
    found = living(pid)
    return found is not None and found.born == born


def group_of(pid: int, born: str) -> tuple[int, ...]:
    """Who is left of the group that this process leads or led; empty where the number belongs to another by now."""
    leader = living(pid)
    if leader is not None and leader.born != born:
        return ()
    return tuple(process.pid for process in _everybody().values() if process.group == pid)


def find_marked(variable: str, value: str) -> Living | None:
    """The group leader whose environment holds `variable=value`, `None` where there is none or none can be seen."""
    wanted = f"{variable}={value}"
    for process in _everybody().values():
        if process.group == process.pid and wanted in _environment(process.pid):
            return process
    return None


def _everybody() -> Mapping[int, Living]:
    if not _HAS_PROC:
        return from_ps("-A")
    found = (from_proc(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdecimal())
    return {process.pid: process for process in found if process is not None}


def from_proc(pid: int) -> Living | None:
    """The same, read from /proc (Linux)."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    if fields[_STATE] in ("Z", "X"):
        return None
    # Ticks since the machine started; the boot's own number tells one start of the machine from another.
    return Living(pid=pid, group=int(fields[_GROUP]), born=f"{_boot()}:{fields[_START]}")


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "boot"


def from_ps(*which: str) -> dict[int, Living]:
    """Processes by number as `ps` tells them (macOS and others without /proc)."""
    answer = _ps("-o", "pid=,pgid=,stat=,lstart=", *which)
    found = {}
    for line in answer.splitlines():
        pid, group, state, born = line.split(maxsplit=3)
        if not state.startswith("Z"):
            found[int(pid)] = Living(pid=int(pid), group=int(group), born=born.strip())
    return found


def _environment(pid: int) -> list[str]:
    try:
        if _HAS_PROC:
            return (_PROC / str(pid) / "environ").read_bytes().decode(errors="replace").split("\0")
        return _ps("-E", "-ww", "-o", "command=", "-p", str(pid)).split()
    except OSError:
        return []


def _ps(*words: str) -> str:
    # A moment in local time would change with the clocks in spring and autumn.
    env = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(["ps", *words], capture_output=True, text=True, check=False, env=env).stdout
