"""Command checks with real programs."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from integrations.command_probe import CommandProbe, problems
from integrations.local_process.process_table import living
from planner.facts import Check
from planner.verdict import Measurement, Outcome


async def _run(program: str, **settings: Any) -> Measurement:
    command = [sys.executable, "-S", "-c", program]
    return await CommandProbe().measure(Check(name="c", probe="command", settings={"command": command, **settings}))


@pytest.mark.parametrize(
    ("program", "expect", "outcome", "said"),
    [
        ("print('fine')", {}, Outcome.PASS, "exit code 0: fine"),
        ("raise SystemExit(3)", {"exit": 3}, Outcome.PASS, "exit code 3"),
        ("raise SystemExit('token=hunter22222')", {}, Outcome.FAIL, "ended with exit code 1, expected 0"),
        ("import os; os.kill(os.getpid(), 9)", {}, Outcome.FAIL, "was ended by signal 9"),
        ("print('{\"lag\": 7}')", {"json": {"lag": 0}}, Outcome.FAIL, "lag is 7, expected 0"),
        ("print('{\"lag\": 0}')", {"json": {"lag": 0}, "contains": "lag"}, Outcome.PASS, "exit code 0"),
        ("print('x' * 3000000)", {"contains": "xxx"}, Outcome.PASS, "exit code 0"),
        ("pass", {"max_latency": "0.001ms"}, Outcome.FAIL, "0 ms allowed"),
    ],
)
async def test_its_end_is_the_measurement(program: str, expect: dict[str, Any], outcome: Outcome, said: str):
    seen = await _run(program, expect=expect, timeout="30s")
    assert seen.outcome is outcome, seen.seen
    assert said in seen.seen
    assert "hunter2" not in seen.seen


async def test_one_out_of_time_is_an_error_and_is_ended_with_all_it_started(tmp_path: Path):
    noted = tmp_path / "child"
    program = f"""
import subprocess, sys, pathlib
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
pathlib.Path({str(noted)!r}).write_text(str(child.pid))
"""
    seen = await _run(program, timeout="1s")
    assert seen.outcome is Outcome.ERROR
    assert "did not end within 1 s" in seen.seen
    async with asyncio.timeout(10):
        while living(int(noted.read_text())):
            await asyncio.sleep(0.02)


async def test_one_that_cannot_be_started_is_an_error():
    seen = await CommandProbe().measure(Check(name="c", probe="command", settings={"command": ["no-such-program-anywhere"]}))
    assert (seen.outcome, seen.seen) == (
        Outcome.ERROR,
        "no-such-program-anywhere could not be run: No such file or directory",
    )


async def test_it_gets_no_secrets_of_the_bot(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    program = "import os; print([n for n in os.environ if n.startswith('SLACK_')], os.environ['MINE'])"
    seen = await _run(program, env={"MINE": "yes"}, expect={"contains": "[] yes"}, timeout="30s")
    assert seen.outcome is Outcome.PASS, seen.seen


async def test_mistakes_are_named():
    check = Check(name="c", probe="command", settings={"command": "ls -l", "expect": {"exit": "0"}})
    assert problems(check) == ("command: must be a list", "expect.exit: must be a whole number")
    assert (await CommandProbe().measure(check)).outcome is Outcome.ERROR
