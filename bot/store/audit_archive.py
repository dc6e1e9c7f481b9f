"""An archive of old logs: a directory of sealed segments, each a compressed export and a manifest that says what is in it.

    segment-000001.ndjson.gz   the environment's entries of a stretch, then the whole logs of the runs that ended in it
    segment-000001.json        first and last entry, counts, hashes, the hash of the manifest before, a signature

The manifests are a chain, and the log in the store records each one's hash: a segment changed, removed or put in is found.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.store.audit import Verifier
from bot.store.audit_files import ExportError, read_lines
from bot.store.audit_lines import Finding, Record, Report
from bot.store.audit_signing import Signer, Trust
from bot.store.keys import ENVIRONMENT_CHAIN
from planner.wire import canonical

SCHEMA: Literal["rollbot/audit-segment/v1"] = "rollbot/audit-segment/v1"


class ArchiveError(Exception):
    """The archive cannot be used; the message says why and what to do."""


class Manifest(BaseModel):
    """What a segment holds. `first` to `last` are entries of the environment's log, `hash` is that of the last one.

    `before` is the hash of the entry before the first, `previous` the SHA-256 of the manifest before, `sha256` that of the
    compressed file. `since` and `until` are the times of the first and the last entry. `open` are the runs that had begun by then
    and went on; `runs` those that are in it, with their last entry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_: Literal["rollbot/audit-segment/v1"] = Field(default=SCHEMA, alias="schema")
    environment: str
    segment: int
    first: int
    last: int
    before: str
    hash: str
    entries: int
    since: str
    until: str
    runs: tuple[tuple[str, int, str], ...]
    open: tuple[str, ...]
    sha256: str
    previous: str
    signature: str | None = None

    def signed(self, signer: Signer | None) -> "Manifest":
        """The same with a signature."""
        return self if signer is None else self.model_copy(update={"signature": signer.sign_bytes(self.signed_bytes())})

    def signed_bytes(self) -> bytes:
        """What is signed."""
        return canonical(self.model_dump(mode="json", exclude={"signature"}))


@dataclass(slots=True)
class Segments:
    """What was met in an archive: up to which entry of the environment's log it goes, and which runs are in it."""

    last: int = 0
    runs: set[str] = field(default_factory=set)
    manifests: dict[int, tuple[str, Manifest]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    signed: int = 0
    unchecked: int = 0

    def finish(self, verifier: Verifier, *, live: bool) -> Report:
        """The whole report, with what the log says of the archive held against the archive."""
        for trim in verifier.trims:
            name = _name(trim.segment)
            found = self.manifests.get(trim.segment)
            if found is None:
                if live or trim.segment <= max(self.manifests, default=0):
                    self.wrong(name, "is gone, though the log says that entries went there")
            elif (found[0], found[1].last, found[1].hash) != (trim.manifest, trim.seq, trim.hash):
                self.wrong(name, "is not the segment that the log names")
        report = verifier.finish()
        report.findings[:0] = self.findings
        report.signed += self.signed
        report.unchecked += self.unchecked
        return report

    def wrong(self, name: str, text: str) -> None:
        """One more finding about a file."""
        self.findings.append(Finding(log=name, seq=0, text=text))


class Archive:
    """The segments in a directory. Reading never changes anything."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def data(self, segment: int) -> Path:
        """The file with a segment's entries."""
        return self.directory / f"{_name(segment)}.ndjson.gz"

    def manifest(self, segment: int) -> Path:
        """The file that says what is in it."""
        return self.directory / f"{_name(segment)}.json"

    def read_manifest(self, segment: int) -> tuple[str, Manifest]:
        """A manifest and the SHA-256 of its bytes. Raises `ArchiveError`."""
        path = self.manifest(segment)
        try:
            text = path.read_bytes()
            return hashlib.sha256(text).hexdigest(), Manifest.model_validate_json(text)
        except (OSError, ValidationError) as error:
            raise ArchiveError(f"{path}: not a manifest that can be read ({type(error).__name__})") from error

    def records(self, segment: int) -> Iterator[Record]:
        """The entries of a segment. Raises `ArchiveError`."""
        path = self.data(segment)
        try:
            with gzip.open(path, "rb") as lines:
                yield from (record for record in read_lines(lines, str(path)) if isinstance(record, Record))
        except (OSError, EOFError, zlib.error, ExportError) as error:
            raise ArchiveError(f"{path}: cannot be read: {error}") from error

    def check(self, verifier: Verifier) -> Segments:
        """Put every segment before the verifier. Raises `ArchiveError` where there is none at all."""
        found = Segments()
        numbers = sorted(int(path.stem[8:]) for path in self.directory.glob("segment-*.json") if path.stem[8:].isdecimal())
        if not numbers:
            raise ArchiveError(f"{self.directory}: no segment here; expected files as `rollbot audit trim --archive` writes them")
        previous = ""
        for expected, number in enumerate(numbers, start=1):
            if number != expected:
                found.wrong(_name(number - 1), "is missing")
                break
            previous = self.check_one(verifier, found, number, previous)
        verifier.elsewhere(found.manifests[max(found.manifests)][1].open if found.manifests else ())
        return found

    def check_one(self, verifier: Verifier, found: Segments, number: int, previous: str) -> str:
        """Put one segment before the verifier; the hash of its manifest."""
        name = _name(number)
        try:
            digest, manifest = self.read_manifest(number)
        except ArchiveError as error:
            found.wrong(name, str(error))
            return previous
        if manifest.previous != previous:
            found.wrong(name, "does not follow the manifest before it")
        self._check_signature(verifier, found, manifest)
        if _sha256(self.data(number)) != manifest.sha256:
            found.wrong(name, "was changed: its data does not match the manifest")
        verifier.expect([(ENVIRONMENT_CHAIN, manifest.last, manifest.hash), *manifest.runs])
        count = 0
        try:
            for record in self.records(number):
                count += 1
                verifier.add(record)
        except ArchiveError as error:
            found.wrong(name, str(error))
        if count != manifest.entries:
            found.wrong(name, f"holds {count} entries, and its manifest says {manifest.entries}")
        found.manifests[number] = (digest, manifest)
        found.last = manifest.last
        found.runs |= {run for run, _, _ in manifest.runs}
        return digest

    def _check_signature(self, verifier: Verifier, found: Segments, manifest: Manifest) -> None:
        name = _name(manifest.segment)
        if manifest.signature is None:
            return
        if not verifier.keyring:
            found.unchecked += 1
            return
        match verifier.keyring.check_bytes(manifest.signature, manifest.signed_bytes()):
            case Trust.GOOD:
                found.signed += 1
            case Trust.BAD:
                found.wrong(name, "has a signature that was not made with the key")
            case Trust.UNKNOWN:
                found.wrong(name, "is signed with a key that was not given: give older keys with --key-file")


def write_manifest(path: Path, manifest: Manifest) -> str:
    """Write a manifest so that it is whole or not there, even after a power cut; the SHA-256 of its bytes."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1).encode() + b"\n"
    with written(path) as part:
        part.write_bytes(text)
    return hashlib.sha256(text).hexdigest()


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file to write that appears under its name only when it is whole and on disk."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(part)
    part.replace(path)
    _sync(path.parent)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def packed(path: Path) -> Iterator[Callable[[str], None]]:
    """Writes lines into a compressed file; the same lines give the same bytes."""
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:

        def write(line: str) -> None:
            file.write(line.encode("utf-8", "surrogatepass") + b"\n")

        yield write


def _sha256(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError:
        return ""


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(segment: int) -> str:
    return f"segment-{segment:06}"
