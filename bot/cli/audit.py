"""`rollbot audit verify|export|trim`: prove that the logs are what was written, take them out, move old ones to an archive."""

import argparse
import asyncio

from bot.cli import audit_export, audit_trim, audit_verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three actions and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify|export|trim")
    audit_verify.add_arguments(
        actions.add_parser("verify", help="check every entry of the store, of an export or of an archive", allow_abbrev=False)
    )
    audit_export.add_arguments(
        actions.add_parser("export", help="write the logs out, all or of some runs, as jsonl, csv or md", allow_abbrev=False)
    )
    audit_trim.add_arguments(
        actions.add_parser("trim", help="move old ended runs to an archive, verified before they leave", allow_abbrev=False)
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 where everything holds, 1 where something is wrong, 2 for bad usage or input."""
    match args.action:
        case "verify":
            return asyncio.run(audit_verify.run(args))
        case "export":
            return asyncio.run(audit_export.run(args))
        case _:
            return asyncio.run(audit_trim.run(args))
