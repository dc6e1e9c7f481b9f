"""`rollbot audit verify`: the store, an export, an archive, or an archive and the store as one."""

import argparse
import re
import sys
from pathlib import Path

from bot.memory import remember
from bot.settings import Settings, load, read_key
from bot.store.audit import Verifier
from bot.store.audit_archive import Archive, ArchiveError
from bot.store.audit_files import ExportError, read_export, read_heads
from bot.store.audit_lines import Finding, Head, Report
from bot.store.audit_reader import Reader
from bot.store.audit_signing import Keyring
from bot.store.keys import ENVIRONMENT_CHAIN

_HEAD = re.compile(r"(?P<log>[\w-]+):(?P<seq>\d+):(?:sha256:)?(?P<hash>[0-9a-f]{8,64})")
_MOST = 50
"""Findings that are printed; the first is where to look anyway."""


class _Usage(Exception):
    """What was asked for cannot be done so; the message says what was expected."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to verify, and against what."""
    parser.add_argument(
        "export",
        nargs="?",
        type=Path,
        help="a file written by `rollbot audit export`, or an archive's directory; without it the store is checked",
    )
    parser.add_argument("--live", action="store_true", help="with an archive: verify it and the store as one chain")
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="LOG:NUMBER:HASH",
        help="a head kept outside, as each run's summary shows it; may be given again",
    )
    parser.add_argument(
        "--heads",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="heads that an anchor wrote down; may be given again",
    )
    parser.add_argument(
        "--key-file",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="an older key, for signatures from before it was changed; may be given again",
    )
    parser.add_argument("--all-signed", action="store_true", help="a head without a signature is a finding, however old it is")


async def run(args: argparse.Namespace) -> int:
    """Exit status 0 where everything holds, 1 where something is wrong, 2 for bad usage or input."""
    settings = load()
    try:
        verifier = Verifier(_heads(args), keyring(settings, args.key_file))
        report = await _verify(args, settings, verifier)
    except (_Usage, ExportError, ArchiveError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if args.all_signed and report.unsigned:
        report.findings.append(Finding(log=ENVIRONMENT_CHAIN, seq=0, text=f"{report.unsigned} heads are not signed"))
    print(report_text(report))
    return 0 if report.holds else 1


def keyring(settings: Settings, older: list[Path]) -> Keyring:
    """The key of today and those of these files. Raises `ValueError` for a file that cannot be read."""
    keys = [settings.audit_key.get_secret_value()] if settings.audit_key else []
    return Keyring(settings.environment, [*keys, *map(read_key, older)])


def _heads(args: argparse.Namespace) -> list[Head]:
    heads: list[Head] = []
    for text in args.head:
        head = _HEAD.fullmatch(text)
        if head is None:
            raise _Usage("--head: expected LOG:NUMBER:HASH, for example r12:31:9f2c41aa07be55d1")
        heads.append((head["log"], int(head["seq"]), head["hash"]))
    for path in args.heads:
        found, unread = read_heads(path)
        if not found:
            raise _Usage(f"--heads: {path} holds no head; expected one JSON object a line, as an anchor writes them")
        heads += found
        print("".join(f"{line}\n" for line in unread), end="", file=sys.stderr)
    return heads


async def _verify(args: argparse.Namespace, settings: Settings, verifier: Verifier) -> Report:
    if args.all_signed and not verifier.keyring:
        raise _Usage("--all-signed: there is no key to check with; set ROLLBOT_AUDIT_KEY or give --key-file")
    if args.live and (args.export is None or not args.export.is_dir()):
        raise _Usage("--live: expected an archive's directory before it, as `rollbot audit trim --archive` made it")
    if args.export is None:
        async with remember(settings) as memory:
            await _live(verifier, Reader(memory.store, memory.keys))
        return verifier.finish()
    if not args.export.is_dir():
        for record in read_export(args.export):
            verifier.add(record)
        return verifier.finish()
    archive = Archive(args.export)
    segments = archive.check(verifier)
    if args.live:
        async with remember(settings) as memory:
            await _live(verifier, Reader(memory.store, memory.keys, after=segments.last, skip=segments.runs))
    return segments.finish(verifier, live=args.live)


async def _live(verifier: Verifier, reader: Reader) -> None:
    async for batch in reader.everything():
        for record in batch:
            verifier.add(record)


def report_text(report: Report) -> str:
    """What verification found, in words."""
    runs = len(report.heads.keys() - {ENVIRONMENT_CHAIN})
    size = f"{report.entries} entries of {runs} run{'' if runs == 1 else 's'}"
    if not report.holds:
        lines = [
            f"  {finding.log}, {'as a whole' if not finding.seq else f'entry {finding.seq}'}: {finding.text}"
            for finding in report.findings[:_MOST]
        ]
        more = len(report.findings) - _MOST
        last = [f"  and {more} more"] if more > 0 else []
        return "\n".join([f"BROKEN: {len(report.findings)} findings in {size}. The first is where to look.", *lines, *last])
    if report.excerpt:
        what = "An excerpt: these runs are whole, and whether others are missing it cannot tell."
        return "\n".join([f"The audit holds: {size}. {what}", *_notes(report)])
    seq, head = report.heads.get(ENVIRONMENT_CHAIN, (0, ""))
    return "\n".join([f"The audit holds: {size}. Head: {ENVIRONMENT_CHAIN}:{seq}:{head[:16]}", *_notes(report)])


def _notes(report: Report) -> list[str]:
    """What was checked besides, and what could not be."""
    notes = []
    if report.kept:
        notes.append(f"  Heads kept outside: {report.kept}, all found.")
    if report.signed:
        notes.append(f"  {report.signed} heads are signed with a known key.")
    if report.unsigned:
        notes.append(f"  {report.unsigned} heads are not signed: from before there was a key.")
    if report.unchecked:
        notes.append(f"  {report.unchecked} signatures were NOT checked: there is no key here (ROLLBOT_AUDIT_KEY, --key-file).")
    if report.begins > 1 and report.trimmed:
        trim = report.trimmed
        notes.append(
            f"  Entries before {report.begins} are in the archive (segment {trim.segment}, manifest sha256:{trim.manifest[:16]})."
            " Verify both as one: `rollbot audit verify ARCHIVE --live`"
        )
    return notes
