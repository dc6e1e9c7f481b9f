"""`rollbot demo` as a person runs it: the story ends well, and nothing of it is left behind, however it is stopped."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.scenarios.world import command_line, poll, processes

REAL = {"SLACK_BOT_TOKEN": "xoxb-1-real-777", "SLACK_APP_TOKEN": "xapp-1-real-777"}
PROOFS = ("versions:", "checks:", "load:", "audit:")


def variables(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"ROLLBOT_STATE_DIR": str(folder), **more}


@asynccontextmanager
async def demo(folder: Path, *words: str, **more: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    """The demo as a process; what it says is in `FOLDER.said`. At the end nothing that it started may be left."""
    said = folder.with_suffix(".said")
    with said.open("ab") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 (it only starts it)
            [sys.executable, "-m", "bot", "demo", *words], env=variables(folder, **more), stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
        left = [command_line(pid) for pid in processes(str(folder))]
        assert not left, f"left behind: {left}"
    except BaseException as error:
        error.add_note(said.read_text()[-4000:])
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for pid in processes(str(folder)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def its_ports(folder: Path) -> list[int]:
    """Where its shop listens."""
    return [int(port) for port in re.findall(r"\b\d{4,5}\b", (folder / "shop-ports.json").read_text())]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def ended(process: subprocess.Popen[bytes], patience: float) -> int:
    await poll("the end of the demo", lambda: process.poll() is not None, patience)
    return process.returncode


async def test_the_story_ends_well_twice_and_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "state"
    # The second time finds all that the first one remembers, but an empty store.
    for _ in range(2):
        async with demo(folder, "--script") as process:
            assert await ended(process, patience=55) == 0
            said = folder.with_suffix(".said").read_text()
            for proof in PROOFS:
                assert f"ok  {proof}" in said
        assert not [port for port in its_ports(folder / "script") if is_open(port)]
        folder.with_suffix(".said").unlink()


async def _shown(folder: Path) -> str:
    """The page's URL, once it is printed."""
    said = folder.with_suffix(".said")

    def look() -> re.Match[str] | None:
        return re.search(r"Open\s+(http://\S+)", said.read_text())

    await poll("the page's URL", look)
    found = look()
    assert found is not None
    return found[1]


async def _stopped_by(number: signal.Signals, folder: Path, *words: str, **more: str) -> None:
    async with demo(folder, "--no-browser", *words, **more) as process:
        url = await _shown(folder)
        port = int(url.split(":")[2].split("/")[0])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with await asyncio.to_thread(opener.open, url, None, 5) as page:
            assert page.status == 200
        assert any(is_open(port) for port in its_ports(folder / "demo"))
        process.send_signal(number)
        assert await ended(process, patience=15) == 0
        assert not [one for one in (port, *its_ports(folder / "demo")) if is_open(one)]


async def test_ctrl_c_and_sigterm_stop_everything(tmp_path):
    await _stopped_by(signal.SIGINT, tmp_path / "ctrl-c")
    # And it does start beside the tokens of a real Slack, when told so.
    await _stopped_by(signal.SIGTERM, tmp_path / "sigterm", "--local", **REAL)


async def test_the_story_cut_short_leaves_nothing_behind(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        folder = tmp_path / number.name
        async with demo(folder, "--script") as process:
            await poll("the plan", lambda f=folder: "presses Approve" in f.with_suffix(".said").read_text())
            process.send_signal(number)
            assert await ended(process, patience=20) != 0
            assert "Traceback" not in folder.with_suffix(".said").read_text()
            assert not [port for port in its_ports(folder / "script") if is_open(port)]


async def test_it_does_not_start_beside_a_real_slack_unless_told_so(tmp_path):
    refused = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "bot", "demo", "--script"], env=variables(tmp_path / "a", **REAL),
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "SLACK_BOT_TOKEN" in refused.stderr
    assert "--local" in refused.stderr
    assert "real-777" not in refused.stderr + refused.stdout
    assert not processes(str(tmp_path / "a"))
