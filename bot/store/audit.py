"""Proof that the logs are what was written: records in, findings out, in one pass and without the store.

What is found: an entry changed, removed, added or moved; a log cut off after its run had ended, or removed as a whole; a
signature that does not fit. What is not: a cut at the end of the environment's own log. Keep a head outside (each run's summary
in the channel holds one, an anchor holds all) and give it to `Verifier` to find that too.

Memory grows with the number of runs, never with the number of entries.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bot.store.audit_lines import CutShort, Excerpt, Finding, Head, Line, Record, Report
from bot.store.audit_signing import Keyring, Trust, is_signed
from bot.store.codec import Body, BrokenEntry, parse
from bot.store.keys import ENVIRONMENT_CHAIN
from planner.events import Ended, RunOpened, RunSealed, Trimmed
from planner.names import RunId


@dataclass(frozen=True, slots=True)
class _Seal:
    """Where the environment's log seals a run."""

    at: int
    seq: int
    hash: str
    signed: bool


class Verifier:
    """Takes the records of logs in any order that keeps each log's own; `finish` once, at the end."""

    def __init__(self, heads: Iterable[Head] = (), keyring: Keyring | None = None) -> None:
        self._report = Report()
        self.keyring = keyring or Keyring("", ())
        self._tips = self._report.heads
        self._wanted: dict[tuple[str, int], list[str]] = {}
        for log, seq, start in heads:
            self._wanted.setdefault((log, seq), []).append(start)
            self._report.kept += 1
        self._outside = frozenset(self._wanted)
        self._opened: set[str] = set()
        self._seals: dict[str, _Seal] = {}
        self._ends: dict[str, tuple[int, str, bool]] = {}
        self._trims: list[Trimmed] = []
        self._begins: tuple[int, str] = (1, "")
        self._signing = False
        self._excerpt: Excerpt | None = None
        self._elsewhere: set[str] = set()

    def begin(self, seq: int, hash_: str, opened: Iterable[str]) -> None:
        """The environment's log up to this entry is known to be right; these runs had begun and went on."""
        self._tips[ENVIRONMENT_CHAIN] = (seq, hash_)
        self._opened.update(opened)

    def expect(self, heads: Iterable[Head]) -> None:
        """These must be among what is added from now on."""
        for log, seq, hash_ in heads:
            self._wanted.setdefault((log, seq), []).append(hash_)

    def elsewhere(self, runs: Iterable[str]) -> None:
        """These runs' logs need not be here."""
        self._elsewhere.update(runs)

    @property
    def trims(self) -> tuple[Trimmed, ...]:
        """The checkpoints that were met, oldest first."""
        return tuple(self._trims)

    def add(self, record: Line) -> None:
        """Hold one more record against its own hash and the entry before it."""
        if not isinstance(record, Record):
            self._other(record)
            return
        self._report.entries += 1
        log, hash_ = record.log, record.hash
        tip = self._tips.get(log)
        expected, previous = (tip[0] + 1, tip[1]) if tip else (1, "")
        if hashlib.sha256(record.body.encode("utf-8", "surrogatepass")).hexdigest() != hash_:
            self._wrong(log, expected, "was changed: its text does not match its hash")
        try:
            body = parse(record.body)
        except (BrokenEntry, UnicodeEncodeError):
            self._wrong(log, expected, "cannot be read")
            self._tips[log] = (expected, hash_)
            return
        seq = body.seq
        if body.log != log:
            self._wrong(log, expected, f"was written for the log {body.log}")
        if tip is None and log == ENVIRONMENT_CHAIN:
            # It may begin after a checkpoint; that is judged when all checkpoints are known.
            self._begins = (seq, body.prev)
        elif seq != expected:
            self._wrong(log, expected, f"has the number {seq}: entries were removed, added or moved here")
        elif body.prev != previous:
            self._wrong(log, expected, "does not follow the entry before it")
        self._tips[log] = (seq, hash_)
        if self._wanted and (starts := self._wanted.pop((log, seq), None)):
            self._meet(log, seq, hash_, starts)
        if is_signed(body.event) or record.signature is not None:
            self._head(record, body)
        if log == ENVIRONMENT_CHAIN:
            self._environment(body)

    def finish(self) -> Report:
        """What was wrong with all that was added."""
        report = self._report
        report.trimmed = self._trims[-1] if self._trims else None
        report.begins = self._begins[0]
        if self._excerpt is not None and ENVIRONMENT_CHAIN not in self._tips:
            self._check_excerpt(self._excerpt)
        else:
            self._check_beginning()
            self._check_runs()
        for log, seq in self._wanted:
            self._missing(log, seq)
        report.findings.sort(key=lambda finding: (finding.log, finding.seq))
        return report

    def _other(self, line: CutShort | Excerpt) -> None:
        if isinstance(line, Excerpt):
            self._excerpt = line
        else:
            where = f"entry {line.seq}" if line.seq else "nothing"
            self._wrong(line.log, line.seq, f"the store noted {where} as the end of this log, and that is not where it ends")

    def _wrong(self, log: str, seq: int, text: str) -> None:
        self._report.findings.append(Finding(log=log, seq=seq, text=text))

    def _meet(self, log: str, seq: int, hash_: str, starts: Iterable[str]) -> None:
        if not all(hash_.startswith(start) for start in starts):
            self._wrong(log, seq, "is not the entry that a head kept elsewhere names")

    def _head(self, record: Record, body: Body) -> None:
        """An entry that should be signed, or is."""
        signed = record.signature is not None
        if isinstance(body.event, Ended):
            self._ends.setdefault(record.log, (body.seq, record.hash, signed))
        if record.signature is None:
            if record.log == ENVIRONMENT_CHAIN and self._signing:
                self._wrong(record.log, body.seq, "is not signed, though entries before it are: by a process without the key?")
            self._report.unsigned += bool(self.keyring)
        elif not self.keyring:
            self._report.unchecked += 1
        else:
            match self.keyring.check(record.signature, record.log, body.seq, record.hash):
                case Trust.GOOD:
                    self._report.signed += 1
                case Trust.BAD:
                    self._wrong(record.log, body.seq, "has a signature that was not made with the key")
                case Trust.UNKNOWN:
                    name = record.signature.partition(":")[0][:8]
                    text = f"is signed with the key {name!a}, which was not given: give older keys with --key-file"
                    self._wrong(record.log, body.seq, text)
        self._signing |= signed and record.log == ENVIRONMENT_CHAIN
        if isinstance(body.event, RunSealed) and record.log == ENVIRONMENT_CHAIN:
            seal = _Seal(body.seq, body.event.seq, body.event.hash, signed)
            self._seals[body.event.run] = seal
            self._sealed(body.event.run, seal)

    def _sealed(self, run: RunId, seal: _Seal) -> None:
        tip = self._tips.get(run)
        if tip is None or tip[0] < seal.seq:
            self._wanted.setdefault((run, seal.seq), []).append(seal.hash)
        else:
            end = self._ends.get(run, (*tip, False))
            self._meet(run, seal.seq, end[1] if end[0] == seal.seq else "", (seal.hash,))

    def _environment(self, body: Body) -> None:
        match body.event:
            case RunOpened(run=run):
                self._opened.add(run)
            case Trimmed():
                self._trims.append(body.event)
            case _:
                pass

    def _check_beginning(self) -> None:
        """The environment's log begins with its first entry, or right where a checkpoint ends, or was not cut so far yet."""
        seq, previous = self._begins
        trim = self._report.trimmed
        if seq == 1 and not previous:
            return
        if trim is None or seq > trim.seq + 1:
            self._wrong(
                ENVIRONMENT_CHAIN, seq, "is the first that is left: what came before is gone, and no checkpoint says where to"
            )
        elif seq == trim.seq + 1 and previous != trim.hash:
            self._wrong(ENVIRONMENT_CHAIN, seq, f"does not follow the checkpoint of archive segment {trim.segment}")

    def _check_runs(self) -> None:
        trim = self._report.trimmed
        cut = trim.seq if trim else 0
        known = self._opened | set(trim.open if trim else ())
        for run in sorted(known - self._tips.keys() - self._elsewhere):
            seal = self._seals.get(run)
            if seal is None or seal.at > cut:
                self._wrong(run, 0, "is gone, though the environment's log says that it began")
            if seal is not None and (run, seal.seq) not in self._outside:
                self._wanted.pop((run, seal.seq), None)
        for log, (seq, _) in sorted(self._tips.items()):
            if log == ENVIRONMENT_CHAIN:
                continue
            if log not in known:
                self._wrong(log, 0, "was never opened in the environment's log")
            self._check_end(log, seq)

    def _check_end(self, log: str, seq: int) -> None:
        seal, end = self._seals.get(log), self._ends.get(log)
        if seal is None:
            if end is not None:
                self._wrong(log, seq, "ends the run, but the environment's log does not say so")
            return
        if seq > seal.seq:
            self._wrong(log, seal.seq + 1, "was added after the run had ended")
        if end is not None and seal.signed != end[2]:
            # Both were written in one step by one process.
            which = ("is not signed", "is") if seal.signed else ("is signed", "is not")
            self._wrong(log, end[0], f"{which[0]}, though the entry that seals the run {which[1]}")

    def _check_excerpt(self, excerpt: Excerpt) -> None:
        self._report.excerpt = True
        said = {log: (seq, hash_) for log, seq, hash_ in excerpt.heads}
        for log in sorted(said.keys() | self._tips.keys()):
            if log not in self._tips:
                self._wrong(log, 0, "is gone, though the last line of the export names it")
            elif log not in said:
                self._wrong(log, 0, "is not among the runs that the last line of the export names")
            elif said[log] != self._tips[log]:
                self._wrong(
                    log, self._tips[log][0], f"is not the end that the last line of the export names (entry {said[log][0]})"
                )

    def _missing(self, log: str, seq: int) -> None:
        trim = self._report.trimmed
        archived = trim is not None and (seq <= trim.seq if log == ENVIRONMENT_CHAIN else log not in self._tips)
        if archived and self._report.begins > 1:
            self._wrong(log, seq, "is not here and may be in the archive: verify both with `rollbot audit verify ARCHIVE --live`")
        else:
            self._wrong(log, seq, "is missing, though a head kept elsewhere names it")


def verify(records: Iterable[Line], heads: Iterable[Head] = (), keyring: Keyring | None = None) -> Report:
    """What is wrong with these records. `heads` are those that somebody kept outside."""
    verifier = Verifier(heads, keyring)
    for record in records:
        verifier.add(record)
    return verifier.finish()
