"""`rollbot audit trim`: old ended runs leave the store for an archive, verified before they do."""

import argparse
import getpass
import sys
from datetime import timedelta
from pathlib import Path

from bot import clock
from bot.cli.audit_export import moment
from bot.cli.audit_verify import keyring
from bot.memory import remember, signer
from bot.settings import load
from bot.store.audit_archive import Archive, ArchiveError
from bot.store.audit_trim import NotTrimmed, Trimmer
from planner.events import Person
from planner.names import ActorId


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How old, and where to."""
    parser.add_argument(
        "--before", metavar="TIME", help="move runs that ended before it (2026-01-31, 2026-01-31T12:00, or an age: 400d)"
    )
    parser.add_argument("--archive", type=Path, required=True, metavar="DIR", help="the archive: always the same directory")
    parser.add_argument("--key-file", action="append", default=[], type=Path, metavar="FILE", help="an older key")


async def run(args: argparse.Namespace) -> int:
    """Exit status 0 where all that is old enough has left, 1 where something would not verify, 2 for bad usage or input."""
    settings = load()
    if args.before is None and settings.retention is None:
        print("Say how old: --before 400d, or set ROLLBOT_RETENTION. Without either nothing is ever removed.", file=sys.stderr)
        return 2
    name = getpass.getuser()
    try:
        now = clock.now()
        before = moment(args.before, now) if args.before else now - timedelta(seconds=settings.retention or 0)
        async with remember(settings) as memory:
            trimmer = Trimmer(
                store=memory.store,
                keys=memory.keys,
                log=memory.runs,
                archive=Archive(args.archive),
                by=Person(id=ActorId(f"cli:{name}"), name=f"{name} (terminal)"),
                signer=signer(settings),
                keyring=keyring(settings, args.key_file),
            )
            segments = 0
            async for moved in trimmer.trim(before):
                segments += 1
                print(f"{moved.path}: {moved.entries} entries, {moved.runs} runs, {moved.bytes} bytes; verified and removed")
    except NotTrimmed as no:
        print(f"Not trimmed: {no}", file=sys.stderr)
        for finding in no.findings[:20]:
            print(f"  {finding.log}, entry {finding.seq}: {finding.text}", file=sys.stderr)
        return 1
    except (ArchiveError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if not segments:
        print(f"No run ended before {before:%Y-%m-%d %H:%M} UTC that is still in the store. Nothing was changed.")
    else:
        print(f"Verify it with the store as one chain: rollbot audit verify {args.archive} --live")
    return 0
