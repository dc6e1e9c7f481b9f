"""`rollbot demo`: the whole bot on this machine, nothing else needed."""

import argparse
import asyncio
import os
import sys
import webbrowser
from pathlib import Path

from bot.cli.stop import until_stopped
from bot.demo.stage import stage
from bot.demo.story import play
from bot.log import set_up
from bot.store.embedded import EmbeddedStoreError

_STOPPED = 130
_REAL_TOKENS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to play it."""
    parser.add_argument(
        "--script", action="store_true", help="play the story in the terminal; exit 0 only if the shop is really back"
    )
    parser.add_argument("--port", type=int, default=0, help="the page's port on the loopback interface (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    parser.add_argument("--local", action="store_true", help="start although Slack tokens are set in the environment")


def run(args: argparse.Namespace) -> int:
    """Exit status 0 after a clean stop or a story that ended well, 1 after one that did not, 130 after one that was stopped.

    2 where it may not start.
    """
    real = [name for name in _REAL_TOKENS if os.environ.get(name)]
    if real and not args.local:
        names = " and ".join(real)
        print(
            f"{names} is set, and the demo is not your Slack. Unset it, or say --local to play here all the same.",
            file=sys.stderr,
        )
        return 2
    set_up(level="WARNING")
    state = Path(os.environ.get("ROLLBOT_STATE_DIR", ".rollbot")).resolve()
    try:
        if args.script:
            status = asyncio.run(until_stopped(play(state / "script")))
            return _STOPPED if status is None else status
        asyncio.run(until_stopped(_show(state / "demo", args.port, browser=not args.no_browser)))
    except EmbeddedStoreError as error:
        print(f"The demo could not start: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The demo could not start: {error}. Is port {args.port} taken? Try another with --port.", file=sys.stderr)
        return 2
    return 0


async def _show(state_dir: Path, port: int, *, browser: bool) -> None:
    print("Starting the shop, the local workspace and the bot…", flush=True)
    async with stage(state_dir, port) as running:
        print(
            f"\n  Open   {running.url}\n"
            "  Type   /rollback order-service     as Ana, then press Approve as Raj\n"
            f"  Log    {running.log}\n"
            "  Stop   Ctrl-C\n",
            flush=True,
        )
        if browser:
            await asyncio.to_thread(webbrowser.open, running.url)
        try:
            await asyncio.Event().wait()
        finally:
            print("\nStopping…", flush=True)
