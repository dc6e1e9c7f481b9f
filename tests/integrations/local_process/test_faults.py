"""What goes wrong with processes, and what is seen of it."""

import asyncio
import os
import re
import signal
from pathlib import Path

import httpx
import pytest

from integrations.errors import Conflict, Rejected, Unavailable
from integrations.local_process.process_table import group_of, is_alive, living
from integrations.local_process.record import Shelf, Started
from integrations.protocols import FindingLevel, Phase
from planner.facts import Release
from planner.names import Version
from tests.integrations.contract import settled
from tests.integrations.local_process.conftest import NEWER, OLDER, Bench, free_port


async def _until(condition, what: str):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)
    assert condition(), what


async def _get(port: int, path: str):
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


async def test_a_stubborn_process_is_killed_with_its_children(bench: Bench):
    runtime = bench.runtime()
    service = bench.service(how="stubborn", stop_timeout="200ms")
    await runtime.apply(service, NEWER, expect=None, key="k1")
    assert (await settled(runtime, service, NEWER, "k1")).phase is Phase.CONVERGED
    first = bench.record(service).process
    child = int(re.search(r"child (\d+)", bench.said(service))[1])
    assert living(child)
    await runtime.apply(service, OLDER, expect=NEWER.version, key="k2")
    assert living(child) is None
    assert not group_of(first.pid, first.born)
    assert (await settled(runtime, service, OLDER, "k2")).old_left == 0


async def test_children_left_by_a_dead_process_are_ended_too(bench: Bench):
    runtime = bench.runtime()
    service = bench.service(how="orphan", ready_timeout="1s")
    await runtime.apply(service, NEWER, expect=None, key="k1")
    await settled(runtime, service, NEWER, "k1")
    first = bench.record(service).process
    child = int(re.search(r"child (\d+)", bench.said(service))[1])
    os.kill(first.pid, signal.SIGKILL)
    await _until(lambda: not is_alive(first.pid, first.born), "the leader is dead")
    seen = await runtime.observe(service, OLDER, key="k2")
    assert (seen.running, seen.old_left) == (None, 1)
    await runtime.apply(service, OLDER, expect=None, key="k2")
    assert living(child) is None
    assert (await settled(runtime, service, OLDER, "k2")).phase is Phase.CONVERGED


async def test_a_process_that_ends_at_once_tells_why_without_secrets(bench: Bench):
    service = bench.service(how="dies")
    runtime = bench.runtime()
    await runtime.apply(service, OLDER, expect=None, key="k1")
    seen = await settled(runtime, service, OLDER, "k1")
    assert (seen.phase, seen.running, seen.key) == (Phase.FAILED, None, "k1")
    assert "exit code 3" in seen.detail
    assert "could not open the ledger" in seen.detail
    assert "hunter2" not in seen.detail
    # the same request again does not start it a second time; a new one does
    before = bench.record(service).process
    await runtime.apply(service, OLDER, expect=None, key="k1")
    assert bench.record(service).process == before
    await runtime.apply(service, OLDER, expect=None, key="k2")
    assert bench.record(service).process != before


async def test_the_exit_code_is_known_to_another_life_of_the_bot(bench: Bench):
    service = bench.service(how="dies")
    await bench.runtime().apply(service, OLDER, expect=None, key="k1")
    seen = await settled(bench.runtime(), service, OLDER, "k1")
    assert "exit code 3" in seen.detail


async def test_a_process_that_dies_later_is_seen(bench: Bench):
    service = bench.service()
    runtime = bench.runtime()
    await runtime.apply(service, OLDER, expect=None, key="k1")
    assert (await settled(runtime, service, OLDER, "k1")).phase is Phase.CONVERGED
    with pytest.raises(httpx.HTTPError):
        await _get(service.runtime["port"], "/die")
    process = bench.record(service).process
    await _until(lambda: not is_alive(process.pid, process.born), "it is dead")
    await _until(lambda: (bench.folder / "processes" / service.name / "exit.json").exists(), "its end was noted")
    seen = await runtime.observe(service, OLDER, key="k1")
    assert (seen.phase, seen.running) == (Phase.FAILED, None)
    assert "signal 9" in seen.detail
    assert "told to die" in seen.detail
    assert await runtime.current(service) == OLDER.version


@pytest.mark.parametrize(
    ("how", "words"), [("unready", "answered 503"), ("silent", "no connection"), ("liar", "0.0.9 answers instead of 1.4.2")]
)
async def test_never_ready_fails_by_its_own_deadline_with_what_was_seen(bench: Bench, how: str, words: str):
    service = bench.service(how=how, ready_timeout="600ms")
    runtime = bench.runtime()
    await runtime.apply(service, OLDER, expect=None, key="k1")
    seen = await settled(runtime, service, OLDER, "k1")
    assert seen.phase is Phase.FAILED
    assert words in seen.detail
    assert "not ready within 0.6 s" in seen.detail
    assert "starting 1.4.2" in seen.detail


async def test_until_the_deadline_it_is_on_its_way(bench: Bench):
    service = bench.service(how="silent", ready_timeout="10m")
    runtime = bench.runtime()
    await runtime.apply(service, OLDER, expect=None, key="k1")
    seen = await runtime.observe(service, OLDER, key="k1")
    assert seen.phase is Phase.PROGRESSING
    assert "not ready yet" in seen.detail


async def test_a_hung_release_can_still_be_left(bench: Bench):
    """The bad release answers nobody any more: what was started counts."""
    runtime = bench.runtime()
    hung = bench.service(how="silent")
    await runtime.apply(hung, NEWER, expect=None, key="k1")
    assert await runtime.current(hung) == NEWER.version
    await runtime.apply(hung, OLDER, expect=NEWER.version, key="k2")
    assert await runtime.current(hung) == OLDER.version


async def test_a_command_that_does_not_exist_is_rejected_before_anything_is_stopped(bench: Bench, tmp_path: Path):
    runtime = bench.runtime()
    service = bench.service()
    await runtime.apply(service, NEWER, expect=None, key="k1")
    await settled(runtime, service, NEWER, "k1")
    plain = tmp_path / "plain.txt"
    plain.write_text("no program")
    for command, words in (
        (["no-such-program-anywhere"], "was not found"),
        (["/no/such/program"], "does not exist"),
        ([str(plain)], "is not executable"),
    ):
        broken = bench.service(port=service.runtime["port"], command=command)
        with pytest.raises(Rejected, match=words):
            await runtime.apply(broken, OLDER, expect=NEWER.version, key="k2")
        findings = await runtime.preflight(broken, OLDER)
        assert [finding.level for finding in findings] == [FindingLevel.BLOCK]
        assert await runtime.current(service) == NEWER.version


async def test_a_file_that_is_no_program_is_rejected(bench: Bench, tmp_path: Path):
    odd = tmp_path / "odd"
    odd.write_bytes(b"\x7fnot a program")
    odd.chmod(0o755)
    with pytest.raises(Rejected, match="cannot be started"):
        await bench.runtime().apply(bench.service(command=[str(odd)]), OLDER, expect=None, key="k1")


async def test_a_stranger_on_the_port_is_told_apart_and_left_alone(bench: Bench):
    runtime = bench.runtime()
    other = bench.service("inventory-service")
    await runtime.apply(other, NEWER, expect=None, key="k1")
    await settled(runtime, other, NEWER, "k1")
    service = bench.service(port=other.runtime["port"])
    with pytest.raises(Unavailable, match="another service, inventory-service"):
        await runtime.current(service)
    with pytest.raises(Rejected, match="did not start"):
        await runtime.apply(service, OLDER, expect=None, key="k1")
    assert [finding.level for finding in await runtime.preflight(service, OLDER)] == [FindingLevel.BLOCK]
    assert await runtime.current(other) == NEWER.version


async def test_a_stranger_without_http_is_told_apart(bench: Bench):
    runtime = bench.runtime()
    port = free_port()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with server:
        service = bench.service(port=port)
        with pytest.raises(Unavailable, match="Rollbot did not start it"):
            await runtime.current(service)
        with pytest.raises(Rejected, match=f"port {port} is held"):
            await runtime.apply(service, OLDER, expect=None, key="k1")


async def test_a_process_started_by_hand_counts_as_running_and_is_never_stopped(bench: Bench):
    ours, theirs = bench.runtime(), bench.service()
    await ours.apply(theirs, NEWER, expect=None, key="k1")
    await settled(ours, theirs, NEWER, "k1")
    (bench.folder / "processes" / theirs.name / "record.json").rename(bench.folder / "kept.json")
    assert await ours.current(theirs) == NEWER.version
    with pytest.raises(Conflict):
        await ours.apply(theirs, OLDER, expect=None, key="k2")
    with pytest.raises(Rejected, match="did not start it"):
        await ours.apply(theirs, OLDER, expect=NEWER.version, key="k2")
    await ours.stop(theirs)
    assert await ours.current(theirs) == NEWER.version
    (bench.folder / "kept.json").rename(bench.folder / "processes" / theirs.name / "record.json")


async def test_a_number_used_again_is_not_taken_for_the_old_process(bench: Bench):
    """The record names this very test's number with another birth: it must survive."""
    runtime, service = bench.runtime(), bench.service()
    shelf = Shelf(bench.folder / "processes")
    other = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    try:
        old = Started(pid=other.pid, born="long ago", version=NEWER.version, artifact=None, at=0.0)
        shelf.write(service.name, shelf.read(service.name).ended("k0", old))
        assert (await runtime.observe(service, NEWER, key="k0")).running is None
        await runtime.apply(service, OLDER, expect=None, key="k1")
        assert (await settled(runtime, service, OLDER, "k1")).phase is Phase.CONVERGED
        assert other.returncode is None
        assert living(other.pid)
    finally:
        other.kill()
        await other.wait()


async def test_processes_outlive_the_bot_and_are_found_again(bench: Bench):
    service = bench.service()
    await bench.runtime().apply(service, NEWER, expect=None, key="k1")
    await settled(bench.runtime(), service, NEWER, "k1")
    process = bench.record(service).process
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    again = bench.runtime()
    assert await again.current(service) == NEWER.version
    await again.stop(service)
    assert not is_alive(process.pid, process.born)
    assert await again.current(service) is None
    await again.stop(service)


async def test_no_zombies_are_left(bench: Bench):
    service = bench.service(how="dies")
    await bench.runtime().apply(service, OLDER, expect=None, key="k1")
    pid = bench.record(service).process.pid
    await _until(lambda: not Path(f"/proc/{pid}").exists(), "the zombie is taken away")


async def test_the_words_of_the_process_before_are_kept_once(bench: Bench):
    runtime, service = bench.runtime(), bench.service()
    await runtime.apply(service, NEWER, expect=None, key="k1")
    await settled(runtime, service, NEWER, "k1")
    await runtime.apply(service, OLDER, expect=NEWER.version, key="k2")
    await settled(runtime, service, OLDER, "k2")
    folder = bench.folder / "processes" / service.name
    assert "starting 1.4.2" in (folder / "output.log").read_text()
    assert "starting 2.0.0" in (folder / "output.1.log").read_text()


async def test_proxy_variables_and_the_bots_secrets_do_not_matter(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-for-services")
    runtime, service = bench.runtime(), bench.service(how="plain")
    await runtime.apply(service, OLDER, expect=None, key="k1")
    assert (await settled(runtime, service, OLDER, "k1")).phase is Phase.CONVERGED
    assert "xoxb-not-for-services" not in bench.environment(service)


async def test_without_addresses_the_living_process_is_what_counts(bench: Bench):
    runtime = bench.runtime()
    quiet = bench.service("worker", command=["sleep", "600"], ready_url=None, version_url=None)
    await runtime.apply(quiet, OLDER, expect=None, key="k1")
    seen = await runtime.observe(quiet, OLDER, key="k1")
    assert (seen.running, seen.phase) == (OLDER.version, Phase.PROGRESSING)  # its port is not open


async def test_a_damaged_record_is_named(bench: Bench):
    runtime, service = bench.runtime(), bench.service()
    await runtime.stop(service)
    (bench.folder / "processes" / service.name / "record.json").write_text("{")
    with pytest.raises(Unavailable, match=r"record\.json"):
        await runtime.current(service)
    (bench.folder / "processes" / service.name / "record.json").unlink()


async def test_an_artifact_that_is_not_named_is_missed_before_anything_starts(bench: Bench):
    service = bench.service(command=["sleep", "{artifact}"])
    with pytest.raises(Rejected, match="names no artifact"):
        await bench.runtime().apply(service, Release(version=Version("1.0.0")), expect=None, key="k1")
