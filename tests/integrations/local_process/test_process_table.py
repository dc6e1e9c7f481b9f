"""Both ways to read the process table tell the same story."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from integrations.local_process.process_table import find_marked, from_proc, from_ps, group_of, is_alive, living


async def test_a_process_is_known_by_number_and_birth():
    me = living(os.getpid())
    assert me
    assert is_alive(me.pid, me.born)
    assert not is_alive(me.pid, "another birth")
    assert group_of(me.pid, "another birth") == ()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
@pytest.mark.skipif(shutil.which("ps") is None, reason="this system has no ps")
async def test_ps_agrees_with_proc():
    child = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    try:
        by_ps = from_ps("-p", str(child.pid))[child.pid]
        by_proc = from_proc(child.pid)
        assert by_proc
        assert (by_ps.pid, by_ps.group) == (by_proc.pid, by_proc.group) == (child.pid, child.pid)
        assert from_ps("-A")[child.pid] == by_ps
    finally:
        child.kill()
        await child.wait()
    assert from_proc(child.pid) is None
    assert child.pid not in from_ps("-p", str(child.pid))


async def test_a_mark_finds_the_leader():
    child = await asyncio.create_subprocess_exec(
        "sleep", "600", start_new_session=True, env={"MARK": "abc", "PATH": os.environ["PATH"]}
    )
    try:
        # A process that has only just begun does not show its environment yet.
        while (found := find_marked("MARK", "abc")) is None:
            await asyncio.sleep(0.01)
        assert found.pid == child.pid
        assert find_marked("MARK", "ab") is None
    finally:
        child.kill()
        await child.wait()
