"""`rollbot history RUN --format svg|png`: what happened in one run, drawn."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.memory import remember
from bot.pictures.output import NotHere, put
from bot.settings import load
from commands.grammar import run_id
from planner.drawing.run import run_svg
from planner.names import RunId
from planner.refusal import Refusal
from planner.timeline import Timeline, timeline


def wanted(words: Sequence[str]) -> bool:
    """Whether these words ask for a picture and not for text."""
    return any(word.split("=")[0] in ("--format", "-o", "--output") for word in words)


def run(words: Sequence[str]) -> int:
    """Exit status 0 with a picture, 1 where there is no such run or it never had a plan, 2 for bad usage."""
    parser = argparse.ArgumentParser(prog="rollbot history", description=__doc__)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--format", choices=("svg", "png"), required=True)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write to a file instead of standard output")
    args = parser.parse_args(list(words))
    name = run_id(args.run, "rollbot history RUN --format svg|png")
    if isinstance(name, Refusal):
        print(name.message, file=sys.stderr)
        return 2
    line = asyncio.run(_read(name))
    if line is None:
        print(f"There is no run {name}, or it never had a plan. `rollbot history` lists the runs.", file=sys.stderr)
        return 1
    svg = run_svg(line)
    try:
        put(_png(svg) if args.format == "png" else svg, args.output)
    except NotHere as trouble:
        print(f"rollbot history: {trouble}", file=sys.stderr)
        return 2
    return 0


async def _read(name: RunId) -> Timeline | None:
    async with remember(load()) as memory:
        return timeline(name, await memory.runs.entries(name))


def _png(svg: str) -> bytes:
    from bot.pictures.png import to_png

    return to_png(svg)
