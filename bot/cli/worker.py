"""`rollbot worker`: more hands for runs, on this or other machines, until Ctrl-C or SIGTERM."""

import argparse
import asyncio

from bot import working
from bot.cli.stop import until_stopped
from bot.log import set_up
from bot.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(args: argparse.Namespace) -> int:
    """Exit status 0 after a clean stop."""
    settings = load()
    set_up(level=settings.log_level)
    asyncio.run(until_stopped(working.work(settings)))
    return 0
