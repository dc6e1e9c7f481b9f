"""Runs a program and looks at how it ends: the probe `command`.

No shell is involved. Its exit code and output are the measurement; a program that cannot be started or does not end in time
measured nothing, which is an error. It gets no variables of Slack's or Rollbot's.
"""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from integrations.durations import say_duration
from integrations.expectation import excerpt, text_difference, too_slow
from integrations.explained import Duration, Settings, mistakes
from planner.facts import Check
from planner.verdict import Measurement, Outcome

_OUTPUT_LIMIT = 1_000_000
_OURS = ("ROLLBOT_", "SLACK_")


class CommandExpect(Settings):
    """How it must end. `contains` and `json` look at standard output."""

    exit: int = 0
    json_: object = Field(default=None, alias="json")
    contains: str | None = None
    max_latency: Duration | None = None


class CommandSettings(Settings):
    """What is run; `env` is added to the bot's own environment."""

    command: list[str] = Field(min_length=1)
    cwd: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    timeout: Duration = 5.0
    expect: CommandExpect = Field(default_factory=CommandExpect)


def problems(check: Check) -> tuple[str, ...]:
    """What is wrong with the check's settings, one line per mistake, beginning with its key."""
    return mistakes(CommandSettings, check.settings)


class CommandProbe:
    """One run for one measurement; one that is out of time is ended with all it started."""

    async def measure(self, check: Check) -> Measurement:
        """Run once. Settings that cannot be used are an error too, told in words."""
        try:
            settings = CommandSettings.read(check.settings)
        except ValidationError:
            return Measurement(outcome=Outcome.ERROR, seen="; ".join(problems(check)))
        name = Path(settings.command[0]).name or "the command"
        began = time.perf_counter()
        try:
            code, output, errors = await _run(settings)
        except TimeoutError:
            return Measurement(outcome=Outcome.ERROR, seen=f"{name} did not end within {say_duration(settings.timeout)}")
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            return Measurement(outcome=Outcome.ERROR, seen=f"{name} could not be run: {said}")
        return _compare(settings.expect, name, code, output, errors, time.perf_counter() - began)


def _compare(expect: CommandExpect, name: str, code: int, output: str, errors: str, seconds: float) -> Measurement:
    if code != expect.exit:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        wrong: str | None = f"{name} {how}, expected {expect.exit}"
    else:
        found = text_difference(output, contains=expect.contains, wanted_json=expect.json_)
        wrong = f"{name} ended with exit code {code}, but of its output: {found}" if found else None
        slow = too_slow(seconds, expect.max_latency)
        wrong = wrong or (f"{name} {slow}" if slow else None)
    said = excerpt(output.strip() or errors.strip())
    if wrong is None:
        return Measurement(outcome=Outcome.PASS, seen=f"exit code {code}" + (f": {said}" if said else ""))
    return Measurement(outcome=Outcome.FAIL, seen=f"{wrong}; it said: {said}" if said else wrong)


async def _run(settings: CommandSettings) -> tuple[int, str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | settings.env
    child = await asyncio.create_subprocess_exec(
        *settings.command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=settings.cwd,
        env=env,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(settings.timeout):
            output, errors = await asyncio.gather(_read(child.stdout), _read(child.stderr))
            code = await child.wait()
    except BaseException:
        # Out of time or cancelled: it runs, or something it started holds its output, so the group's number is still its own.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        raise
    return code, output, errors


async def _read(stream: asyncio.StreamReader | None) -> str:
    """Everything up to the end, kept up to a limit; the rest is read and dropped, so that the program does not block."""
    kept = bytearray()
    while stream is not None and (piece := await stream.read(65536)):
        kept += piece[: _OUTPUT_LIMIT - len(kept)]
    return kept.decode(errors="replace")
