"""`rollbot audit export`: the logs as jsonl that can be verified, as csv for a spreadsheet, as md for people. Streamed."""

import argparse
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot import clock
from bot.cli.audit_pack import beside
from bot.memory import Memory, remember
from bot.settings import load
from bot.store.audit_archive import written
from bot.store.audit_files import write_excerpt, write_export
from bot.store.audit_lines import CutShort, Excerpt, Head, Record
from bot.store.audit_query import Question, runs_of
from bot.store.audit_reader import Batch, Reader
from bot.store.codec import parse, read
from bot.store.keys import ENVIRONMENT_CHAIN
from commands.views.entry_row import COLUMNS, csv_line, entry_row
from commands.views.run_markdown import environment_markdown, run_markdown
from integrations.durations import parse_duration
from planner.events import Entry
from planner.facts import NOTHING
from planner.names import ActorId, RunId, ServiceName

_MENTION = re.compile(r"<@(\w+)(?:\|[^>]*)?>|@?(.+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and in which form."""
    parser.add_argument("run", nargs="?", help="only this run")
    parser.add_argument(
        "--format",
        choices=("jsonl", "csv", "md"),
        default="jsonl",
        help="jsonl (default) can be verified; md of one run with -o FILE puts JSON and pictures beside it",
    )
    parser.add_argument("--service", help="only runs that would move this service")
    parser.add_argument("--by", metavar="PERSON", help="only runs that this person (U123, cli:ana) asked for or decided on")
    parser.add_argument("--since", metavar="TIME", help="only runs asked for from then on (2026-01-31, 2026-01-31T12:00, 7d)")
    parser.add_argument("--until", metavar="TIME", help="only runs asked for before then")
    parser.add_argument("-o", "--output", type=Path, help="a file to write; without it, standard output")


def moment(text: str, now: datetime) -> datetime:
    """A date, a time (UTC unless it says otherwise), or an age such as 7d. Raises `ValueError` that says what was expected."""
    try:
        return now - timedelta(seconds=parse_duration(text))
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!a} is no time: expected 2026-01-31, 2026-01-31T12:00 or an age such as 7d") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


async def run(args: argparse.Namespace) -> int:
    """Exit status 0, or 2 for bad usage or a run that is not there."""
    now = clock.now()
    try:
        question = Question(
            run=RunId(args.run) if args.run else None,
            service=ServiceName(args.service) if args.service else None,
            by=_person(args.by) if args.by else None,
            since=moment(args.since, now) if args.since else None,
            until=moment(args.until, now) if args.until else None,
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    async with remember(load()) as memory:
        runs = None if question.about_all else await runs_of(memory.store, memory.keys, question)
        if question.run is not None and not runs:
            print(f"There is no run {question.run} that fits. `rollbot history` lists the runs.", file=sys.stderr)
            return 2
        pictures: Mapping[str, str] = NOTHING
        if question.run is not None and args.format == "md" and args.output:
            pictures = beside(args.output, question.run, await memory.runs.entries(question.run))
        forms: dict[str, Callable[[Memory, Question, tuple[RunId, ...] | None], AsyncIterator[str]]] = {
            "jsonl": _jsonl,
            "csv": _csv,
            "md": partial(_md, pictures=pictures),
        }
        with ExitStack() as stack:
            out = (
                stack.enter_context(stack.enter_context(written(args.output)).open("w", encoding="utf-8", newline=""))
                if args.output
                else sys.stdout
            )
            async for text in forms[args.format](memory, question, runs):
                out.write(text)
    _say(args, question, runs)
    return 0


def _say(args: argparse.Namespace, question: Question, runs: tuple[RunId, ...] | None) -> None:
    """What this export is worth as a proof, where nobody takes it for data."""
    what = "everything" if runs is None else f"{len(runs)} run{'' if len(runs) == 1 else 's'}"
    where = f" written to {args.output}" if args.output else ""
    if args.output and question.run is not None and args.format == "md":
        where += ", with its JSON and pictures beside it"
    if args.format != "jsonl":
        proof = f"{args.format} is for reading and cannot be verified; --format jsonl can"
    elif runs is None:
        proof = "`rollbot audit verify FILE` proves it without the store"
    else:
        proof = "whole runs, each can be verified; that no run is missing cannot, export everything for that"
    print(f"{what}{where}: {proof}", file=sys.stderr)


async def _jsonl(memory: Memory, question: Question, runs: tuple[RunId, ...] | None) -> AsyncIterator[str]:
    heads: dict[str, Record] = {}
    async for record in _records(_batches(memory, runs)):
        if runs is not None:
            heads[record.log] = record
        yield write_export(record) + "\n"
    if runs is not None:
        found: list[Head] = [(log, parse(record.body).seq, record.hash) for log, record in heads.items()]
        yield write_excerpt(Excerpt(heads=tuple(found))) + "\n"


async def _csv(memory: Memory, question: Question, runs: tuple[RunId, ...] | None) -> AsyncIterator[str]:
    yield csv_line(COLUMNS)
    async for log, entry in _entries(memory, question, runs):
        yield csv_line(entry_row(log, entry))


async def _md(
    memory: Memory, question: Question, runs: tuple[RunId, ...] | None, pictures: Mapping[str, str]
) -> AsyncIterator[str]:
    """Runs first, each a page; what belongs to none at the end."""
    outside: list[Entry] = []
    log, entries = "", list[Entry]()
    async for name, entry in _entries(memory, question, runs):
        if name == ENVIRONMENT_CHAIN:
            if question.fits(entry):
                outside.append(entry)
            continue
        if name != log and entries:
            yield run_markdown(RunId(log), entries, pictures) + "\n"
            entries = []
        log = name
        entries.append(entry)
    if entries:
        yield run_markdown(RunId(log), entries, pictures) + "\n"
    if outside:
        yield environment_markdown(outside)


async def _entries(memory: Memory, question: Question, runs: tuple[RunId, ...] | None) -> AsyncIterator[tuple[str, Entry]]:
    """Every entry that is asked for, run by run; those of the environment's log too that fit."""
    if runs is not None:
        async for record in _records(Reader(memory.store, memory.keys).environment()):
            entry = read(record.body.encode("utf-8"), record.hash)
            if question.fits(entry):
                yield record.log, entry
    async for record in _records(_batches(memory, runs)):
        yield record.log, read(record.body.encode("utf-8"), record.hash)


def _batches(memory: Memory, runs: tuple[RunId, ...] | None) -> AsyncIterator[Batch]:
    reader = Reader(memory.store, memory.keys)
    return reader.everything() if runs is None else reader.runs(runs)


async def _records(batches: AsyncIterator[Batch]) -> AsyncIterator[Record]:
    async for batch in batches:
        for record in batch:
            if isinstance(record, CutShort):
                print(f"The end of {record.log} was cut off: run `rollbot audit verify`.", file=sys.stderr)
            else:
                yield record


def _person(text: str) -> ActorId:
    found = _MENTION.fullmatch(text.strip())
    if found is None:
        raise ValueError("--by: expected the id of a person, such as U123 or cli:ana")
    return ActorId(found[1] or found[2])
