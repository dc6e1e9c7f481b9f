"""`rollbot bad …`: `check SERVICE@VERSION` is what CI asks, of the store alone; the rest is Slack's verb at a terminal.

Exit status of the check: 0 not remembered as bad, 1 bad, 2 bad usage or no store that could tell. Never 0 because nobody could
be asked.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import NoReturn

from bot.memory import remember
from bot.settings import CannotStart, Settings, load
from bot.store.connect import STORE_DOWN
from commands.bad_check import Checked, checked_json, checked_words, hold_line, look_up, read_version
from planner.names import ServiceName, Version
from planner.refusal import Refusal

USAGE = "rollbot bad check SERVICE@VERSION [--deploys] [--format text|json]"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"rollbot bad check: {message} ({USAGE})\n")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whatever the verb takes."""
    parser.add_argument("words", nargs=argparse.REMAINDER, help=f"as after /rollback bad in Slack; {USAGE}")


def run(args: argparse.Namespace) -> int:
    """Exit status of the check, or of Slack's verb. Raises `CannotStart`."""
    if args.words[:1] == ["check"]:
        return check(args.words)
    from bot.cli import words  # only where it is needed: it loads the whole bot

    return words.run(args)


def check(words: Sequence[str]) -> int:
    """The exit status, after one line (or one JSON object) on standard output. Raises `CannotStart`."""
    parser = _Parser(prog="rollbot bad check", allow_abbrev=False)
    parser.add_argument("version", nargs="+", metavar="SERVICE@VERSION")
    parser.add_argument("--deploys", action="store_true", help="also 1 where forward deploys of the service are locked")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_intermixed_args(list(words[1:]))
    asked = read_version(tuple(given.version), USAGE)
    if isinstance(asked, Refusal):
        print(f"rollbot bad check: {asked.message} ({USAGE})", file=sys.stderr)
        return 2
    try:
        found = asyncio.run(_ask(load(), *asked))
    except STORE_DOWN as trouble:
        raise CannotStart(f"The store went away ({type(trouble).__name__}), so nobody can tell.") from trouble
    held = hold_line(found)
    if given.format == "json":
        print(json.dumps(checked_json(found)))
    else:
        print("\n".join([checked_words(found), *([held] if held else [])]))
    return 1 if found.bad is not None or (given.deploys and held) else 0


async def _ask(settings: Settings, service: ServiceName, version: Version) -> Checked:
    store = settings.state_dir / "store"
    if settings.redis_url is None and not store.is_dir():
        raise CannotStart(
            f"There is no store under {settings.state_dir} that could tell. Set ROLLBOT_REDIS_URL to the bot's own."
        )
    async with remember(settings) as memory:
        if not await memory.runs.newest():
            print(f"Nothing was ever written in the environment {settings.environment!r}: is that its name?", file=sys.stderr)
        return await look_up(memory.runs, service, version)
