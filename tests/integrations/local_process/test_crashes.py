"""The bot dies in the middle of a change: the same request, asked again by its next life, ends it and starts nothing twice."""

import asyncio
import sys
import textwrap

import pytest

from integrations.errors import Conflict
from integrations.local_process import change, children
from integrations.local_process.launch import MARKER, prepare
from integrations.local_process.output import fresh
from integrations.local_process.process_table import find_marked
from integrations.local_process.record import Shelf
from integrations.local_process.settings import read_settings
from integrations.protocols import Phase
from planner.facts import Service
from tests.integrations.contract import settled
from tests.integrations.local_process.conftest import NEWER, OLDER, Bench


async def _running_newer(bench: Bench, **settings: str) -> Service:
    service = bench.service(env={"STARTS": str(bench.folder / "starts")}, **settings)
    await bench.runtime().apply(service, NEWER, expect=None, key="k1")
    assert (await settled(bench.runtime(), service, NEWER, "k1")).phase is Phase.CONVERGED
    return service


async def _leave_off(bench: Bench, service: Service, where: str) -> None:
    """Do a part of a change with key k2, exactly as the runtime does, and no more."""
    shelf = Shelf(bench.folder / "processes")
    record = change.begin(shelf, service.name, shelf.read(service.name), OLDER, "k2")
    if where == "intent written":
        return
    assert record.process
    assert record.intent
    await children.stop(record.process.pid, record.process.born, 5.0)
    if where == "old one stopped":
        return
    launch = prepare(read_settings(service), service, OLDER)
    bench.unrecorded.append(children.start(launch, fresh(shelf.folder(service.name)), record.intent.mark, lambda *_: None))
    async with asyncio.timeout(20):
        # A process that has just been started may not show its environment yet.
        while find_marked(MARKER, record.intent.mark) is None:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("where", ["intent written", "old one stopped", "new one started"])
async def test_the_next_life_goes_on(bench: Bench, where: str):
    service = await _running_newer(bench)
    await _leave_off(bench, service, where)
    seen = await bench.runtime().observe(service, OLDER, key="k2")
    assert seen.key == "k1", "a change that did not end does not show its key"

    again = bench.runtime()
    await again.apply(service, OLDER, expect=NEWER.version, key="k2")
    seen = await settled(again, service, OLDER, "k2")
    assert (seen.phase, seen.running, seen.old_left, seen.key) == (Phase.CONVERGED, OLDER.version, 0, "k2")
    assert (bench.folder / "starts").read_text().splitlines() == [NEWER.version, OLDER.version]


async def test_another_request_after_a_crash_goes_by_what_runs(bench: Bench):
    service = await _running_newer(bench)
    await _leave_off(bench, service, "old one stopped")
    seen = await bench.runtime().observe(service, OLDER, key="k2")
    assert (seen.phase, seen.running) == (Phase.ABSENT, None)
    with pytest.raises(Conflict):
        await bench.runtime().apply(service, NEWER, expect=NEWER.version, key="k3")
    await bench.runtime().apply(service, NEWER, expect=None, key="k3")
    assert (await settled(bench.runtime(), service, NEWER, "k3")).phase is Phase.CONVERGED


async def test_another_request_finds_a_process_that_nobody_wrote_down(bench: Bench):
    service = await _running_newer(bench)
    await _leave_off(bench, service, "new one started")
    await bench.runtime().apply(service, NEWER, expect=OLDER.version, key="k3")
    seen = await settled(bench.runtime(), service, NEWER, "k3")
    assert (seen.phase, seen.old_left) == (Phase.CONVERGED, 0)


async def test_a_process_of_another_rollbot_is_never_taken_over(bench: Bench, tmp_path_factory: pytest.TempPathFactory):
    """Two of them on one machine, each with a request of the same name: each keeps to its own."""
    other = Bench(folder=tmp_path_factory.mktemp("other"))
    theirs = other.service()
    await other.runtime().apply(theirs, NEWER, expect=None, key="k2")
    try:
        service = await _running_newer(bench)
        await _leave_off(bench, service, "old one stopped")
        await bench.runtime().apply(service, OLDER, expect=NEWER.version, key="k2")
        assert (await settled(bench.runtime(), service, OLDER, "k2")).phase is Phase.CONVERGED
        assert (await settled(other.runtime(), theirs, NEWER, "k2")).phase is Phase.CONVERGED
    finally:
        await other.runtime().stop(theirs)


async def test_stopping_finds_a_process_that_nobody_wrote_down(bench: Bench):
    service = await _running_newer(bench)
    await _leave_off(bench, service, "new one started")
    await bench.runtime().stop(service)
    assert await bench.runtime().current(service) is None


async def _begun(bench: Bench, service: Service) -> None:
    async with asyncio.timeout(20):
        while Shelf(bench.folder / "processes").read(service.name).intent is None:
            await asyncio.sleep(0.02)


async def test_a_bot_killed_while_it_stops_the_old_one(bench: Bench):
    service = await _running_newer(bench, how="stubborn", stop_timeout="60s")
    bot = f"""
        import asyncio, pathlib
        from integrations.local_process import LocalProcessRuntime
        from planner.facts import Release, Service

        service = Service(name={service.name!r}, runtime={dict(service.runtime or {})!r})
        to = Release(version={OLDER.version!r}, artifact={OLDER.artifact!r})
        runtime = LocalProcessRuntime(pathlib.Path({str(bench.folder)!r}))
        asyncio.run(runtime.apply(service, to, expect={NEWER.version!r}, key="k2"))
    """
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", textwrap.dedent(bot))
    await _begun(bench, service)
    killed.kill()
    await killed.wait()
    quick = Service(name=service.name, runtime={**(service.runtime or {}), "stop_timeout": "100ms"})
    await bench.runtime().apply(quick, OLDER, expect=NEWER.version, key="k2")
    seen = await settled(bench.runtime(), quick, OLDER, "k2")
    assert (seen.phase, seen.old_left) == (Phase.CONVERGED, 0)


async def test_a_cancelled_request_is_ended_by_the_same_key(bench: Bench):
    service = await _running_newer(bench, how="stubborn", stop_timeout="60s")
    task = asyncio.create_task(bench.runtime().apply(service, OLDER, expect=NEWER.version, key="k2"))
    await _begun(bench, service)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    quick = Service(name=service.name, runtime={**(service.runtime or {}), "stop_timeout": "100ms"})
    await bench.runtime().apply(quick, OLDER, expect=NEWER.version, key="k2")
    assert (await settled(bench.runtime(), quick, OLDER, "k2")).phase is Phase.CONVERGED
