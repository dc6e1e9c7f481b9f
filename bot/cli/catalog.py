"""`rollbot catalog import`: what other sources know of the services, as a difference against the catalog file."""

import argparse

from bot.cli import catalog_import


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action and its options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="import")
    catalog_import.add_arguments(
        actions.add_parser("import", help="show what a source would add to the catalog; --write adds it", allow_abbrev=False)
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 with or without a difference, 1 where the source cannot be had, 2 for bad usage or input."""
    return catalog_import.run(args)
