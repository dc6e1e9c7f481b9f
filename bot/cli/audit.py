"""`rollbot audit verify|export`: prove that the logs are what was written, and take them out."""

import argparse
import asyncio
import re
import sys
from pathlib import Path

from bot.memory import remember
from bot.settings import Settings, load
from bot.store.audit import ExportError, Record, Report, read_export, records, verify, write_export
from bot.store.keys import ENVIRONMENT_CHAIN

HELP = "verify the hash-chained log of everything that happened, or export it"
_HEAD = re.compile(r"(?P<log>[\w-]+):(?P<seq>\d+):(?:sha256:)?(?P<hash>[0-9a-f]{8,64})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two actions and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify|export")
    check = actions.add_parser(
        "verify", help="check every entry of the store, or of an export, against its hash and its neighbours"
    )
    check.add_argument(
        "export", nargs="?", type=Path, help="a file written by `rollbot audit export`; without it the store is checked"
    )
    check.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="LOG:NUMBER:HASH",
        help="a head kept outside, as each run's summary shows it; may be given again",
    )
    out = actions.add_parser("export", help="write every log, or one run's, as one JSON object a line")
    out.add_argument("run", nargs="?", help="only this run")
    out.add_argument("-o", "--output", type=Path, help="a file to write; without it, standard output")


def run(args: argparse.Namespace) -> int:
    """Exit status 0 where everything holds, 1 where something is wrong, 2 for bad usage or input."""
    return asyncio.run(_verify(args) if args.action == "verify" else _export(args))


async def _verify(args: argparse.Namespace) -> int:
    heads = [_HEAD.fullmatch(text) for text in args.head]
    if not all(heads):
        print("--head: expected LOG:NUMBER:HASH, for example r12:31:9f2c41aa07be55d1", file=sys.stderr)
        return 2
    kept = [(head["log"], int(head["seq"]), head["hash"]) for head in heads if head]
    if args.export is None:
        report = verify(await stored(load()), kept)
    else:
        try:
            report = verify(read_export(args.export), kept)
        except (ExportError, OSError) as error:
            print(error, file=sys.stderr)
            return 2
    print(report_text(report))
    return 0 if report.holds else 1


async def _export(args: argparse.Namespace) -> int:
    found = await stored(load())
    if args.run is not None:
        found = [record for record in found if record.log == args.run]
        if not found:
            print(f"There is no run {args.run}. `rollbot history` lists the runs.", file=sys.stderr)
            return 2
    text = "".join(write_export(record) + "\n" for record in found)
    if args.output is None:
        sys.stdout.write(text)
    else:
        args.output.write_text(text, "utf-8")
        print(f"{len(found)} entries written to {args.output}")
    return 0


async def stored(settings: Settings) -> list[Record]:
    """Everything that the store's logs hold."""
    async with remember(settings) as memory:
        return [record async for record in records(memory.store, memory.keys)]


def report_text(report: Report) -> str:
    """What verification found, in words."""
    runs = len(report.heads.keys() - {ENVIRONMENT_CHAIN})
    seq, head = report.heads.get(ENVIRONMENT_CHAIN, (0, ""))
    size = f"{report.entries} entries of {runs} runs"
    if not report.holds:
        lines = [
            f"  {finding.log}, {'as a whole' if not finding.seq else f'entry {finding.seq}'}: {finding.text}"
            for finding in report.findings
        ]
        return "\n".join([f"BROKEN: {len(report.findings)} findings in {size}. The first is where to look.", *lines])
    return f"The audit holds: {size}. Head: {ENVIRONMENT_CHAIN}:{seq}:{head[:16]}"
