"""The bot of the demo: `rollbot serve` as a process of its own, told by environment variables alone, restarted if it dies."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
_GRACE = 15.0
"""Seconds for a clean stop."""


def environment(
    *, api_url: str, bot_token: str, app_token: str, catalog: Path, state_dir: Path, approvers: tuple[str, ...]
) -> dict[str, str]:
    """The variables of the demo's bot, on top of this process's own less whatever would change its settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("ROLLBOT_", "SLACK_"))}
    people = ",".join(f'"{user}"' for user in approvers)
    return kept | {
        "SLACK_BOT_TOKEN": bot_token,
        "SLACK_APP_TOKEN": app_token,
        "ROLLBOT_SLACK_API_URL": api_url,
        "ROLLBOT_CATALOG": str(catalog),
        "ROLLBOT_STATE_DIR": str(state_dir),
        "ROLLBOT_ENVIRONMENT": "demo",
        "ROLLBOT_POLICY__APPROVERS__USERS": f"[{people}]",
        "ROLLBOT_STABLE": "2s",
        "ROLLBOT_CONVERGE": "20s",
        "ROLLBOT_BASELINE": "3s",
        "ROLLBOT_SETTLE": "8s",
        "ROLLBOT_EDIT_INTERVAL": "500ms",
        "ROLLBOT_CONFIG": os.devnull,
    }


@asynccontextmanager
async def bot(variables: Mapping[str, str], output: Path) -> AsyncIterator[None]:
    """The bot while the block runs. Its log goes to `output`."""
    keeping = asyncio.create_task(_keep(variables, output), name="bot")
    try:
        yield
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


async def _keep(variables: Mapping[str, str], output: Path) -> None:
    while True:
        with output.open("ab") as sink:
            # A session of its own: Ctrl-C reaches us first, and we stop it when the page is closed.
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "serve", env=variables, stdout=sink, stderr=sink, start_new_session=True
            )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _stop(process)
            raise
        log.warning("the bot ended; starting it again", code=code, log=str(output))
        await asyncio.sleep(1)


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
