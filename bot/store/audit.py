"""Proof that the logs are what was written: verification of the store or of an export, and the export itself.

An export is one JSON object a line: `{"log": NAME, "body": TEXT, "hash": HEX}`, log by log, each from its first entry. It can be
verified without the store. What is found: an entry changed, removed, added or moved; a log cut off after its run had ended, or
removed as a whole. What is not: a cut at the end of the environment's own log; keep a head outside (each run's summary in the
channel holds one) and give it to `verify` to find that too.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.store.codec import BrokenEntry, hash_of, read
from bot.store.connect import Store
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from planner.events import Ended, Entry, RunOpened, RunSealed
from planner.names import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A stored line of a log, not yet believed."""

    log: str
    body: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: which log, which entry (0: the log as a whole), and what."""

    log: str
    seq: int
    text: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What verification found. `heads` are the last number and hash of each log."""

    entries: int = 0
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class ExportError(Exception):
    """The file is not an export; the message names the line and what was expected."""


async def records(store: Store, keys: Keys) -> AsyncIterator[Record]:
    """Every line of every log, log by log, the environment's first. Raises what `STORE_DOWN` names."""
    chains = [ENVIRONMENT_CHAIN, *reversed(await store.zrevrange(keys.runs, 0, -1))]
    for chain in chains:
        last = ""
        while rows := await store.xrange(keys.log(chain), min=f"({last}" if last else "-", count=1000):
            last = rows[-1][0]
            for _, fields in rows:
                yield Record(log=chain, body=fields.get("b", ""), hash=fields.get("h", ""))


def write_export(record: Record) -> str:
    """A record as one line of an export."""
    return json.dumps({"log": record.log, "body": record.body, "hash": record.hash}, ensure_ascii=False)


def read_export(path: Path) -> Iterator[Record]:
    """The records of an export. Raises `ExportError` or `OSError`."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                raw = json.loads(line)
                yield Record(log=str(raw["log"]), body=str(raw["body"]), hash=str(raw["hash"]))
            except (ValueError, KeyError, TypeError) as error:
                wanted = 'expected {"log": …, "body": …, "hash": …}'
                raise ExportError(f"{path}, line {number}: not an exported entry; {wanted}") from error


def verify(records: Iterable[Record], heads: Iterable[tuple[str, int, str]] = ()) -> Report:
    """What is wrong with these records. `heads` are (log, seq, first hex digits of the hash) that somebody kept outside."""
    report = Report()
    opened: set[RunId] = set()
    sealed: dict[RunId, RunSealed] = {}
    hashes: dict[tuple[str, int], str] = {}
    ended: set[str] = set()
    for record in records:
        entry = _check(record, report)
        if entry is None:
            continue
        hashes[record.log, entry.seq] = record.hash
        match entry.event:
            case RunOpened(run=run):
                opened.add(run)
            case RunSealed(run=run):
                sealed[run] = entry.event
            case Ended():
                ended.add(record.log)
            case _:
                pass
    _check_runs(report, opened, sealed, ended)
    for chain, seq, start in [*heads, *((s.run, s.seq, s.hash) for s in sealed.values())]:
        found = hashes.get((chain, seq))
        if found is None:
            report.findings.append(Finding(log=chain, seq=seq, text="is missing, though a head kept elsewhere names it"))
        elif not found.startswith(start):
            report.findings.append(Finding(log=chain, seq=seq, text="is not the entry that a head kept elsewhere names"))
    report.findings.sort(key=lambda finding: (finding.log, finding.seq))
    return report


def _check(record: Record, report: Report) -> Entry | None:
    """The entry, after it was held against its own hash and the entry before it."""
    seq, previous = report.heads.get(record.log, (0, ""))
    seq += 1
    report.entries += 1

    def wrong(text: str) -> None:
        report.findings.append(Finding(log=record.log, seq=seq, text=text))

    real = hash_of(record.body.encode("utf-8"))
    report.heads[record.log] = (seq, record.hash)
    if real != record.hash:
        wrong("was changed: its text does not match its hash")
    try:
        body = json.loads(record.body)
        entry = read(record.body.encode("utf-8"), record.hash)
    except (ValueError, BrokenEntry):
        wrong("cannot be read")
        return None
    if body.get("log") != record.log:
        wrong(f"was written for the log {body.get('log')}")
    if entry.seq != seq:
        wrong(f"has the number {entry.seq}: entries were removed, added or moved here")
        report.heads[record.log] = (entry.seq, record.hash)
    elif body.get("prev") != previous:
        wrong("does not follow the entry before it")
    return entry


def _check_runs(report: Report, opened: set[RunId], sealed: dict[RunId, RunSealed], ended: set[str]) -> None:
    for run in sorted(opened - report.heads.keys()):
        report.findings.append(Finding(log=run, seq=0, text="is gone, though the environment's log says that it began"))
    for chain, (seq, _) in sorted(report.heads.items()):
        if chain == ENVIRONMENT_CHAIN:
            continue
        if chain not in opened:
            report.findings.append(Finding(log=chain, seq=0, text="was never opened in the environment's log"))
        seal = sealed.get(RunId(chain))
        if seal is not None and seq > seal.seq:
            report.findings.append(Finding(log=chain, seq=seal.seq + 1, text="was added after the run had ended"))
        if seal is None and chain in ended:
            report.findings.append(Finding(log=chain, seq=seq, text="ends the run, but the environment's log does not say so"))
