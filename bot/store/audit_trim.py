"""Moves old ended runs to an archive so that archive and store stay one chain: written, read again and verified, noted, removed.

Each step may be the last before a power cut; doing it again goes on from there. What is written to the archive but not noted in
the log is written anew; what is noted but not removed is removed first. Only whole logs of ended runs leave, with the stretch of
the environment's log that seals them; a checkpoint stays behind.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from bot.store.archives import note
from bot.store.audit import Verifier
from bot.store.audit_archive import Archive, ArchiveError, Manifest, Segments, digest_of, packed, write_manifest, written
from bot.store.audit_files import write_export
from bot.store.audit_lines import CutShort, Finding, Record
from bot.store.audit_reader import Reader
from bot.store.audit_signing import Keyring, Signer
from bot.store.codec import BrokenEntry, parse
from bot.store.connect import Store
from bot.store.keys import ENVIRONMENT_CHAIN, Keys
from bot.store.runlog import RunLog
from planner.events import Person, Planned, RunOpened, RunSealed, Trimmed
from planner.involved import doer, services
from planner.names import RunId

_SCRIPT = (Path(__file__).parent / "scripts" / "trim.lua").read_text("utf-8")
_MOST = 200_000
"""Entries of one segment, more or less: so much is held to be removed at once, and so much is lost if one file is."""
_AT_ONCE = 100
"""Runs that are removed in one go."""


class NotTrimmed(Exception):
    """Nothing was removed; the message says why and what to do. `findings` are what is wrong with the log, if that is why."""

    def __init__(self, text: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(text)
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Up to where the environment's log has left the store, in which segment, and the runs that had begun by then and went on."""

    segment: int = 0
    seq: int = 0
    hash: str = ""
    manifest: str = ""
    open: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Stretch:
    """The part of the environment's log that leaves next."""

    lines: list[Record] = field(default_factory=list)
    last: int = 0
    since: str = ""
    until: str = ""
    open: dict[str, None] = field(default_factory=dict)
    sealed: dict[str, RunSealed] = field(default_factory=dict)
    more: bool = False

    @property
    def entries(self) -> int:
        """Entries with those of the runs."""
        return len(self.lines) + sum(seal.seq for seal in self.sealed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One segment that is in the archive now and no longer in the store."""

    segment: int
    entries: int
    runs: int
    path: Path
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmer:
    """Moves runs that ended before a moment out of one environment's store."""

    store: Store
    keys: Keys
    log: RunLog
    archive: Archive
    by: Person
    signer: Signer | None
    keyring: Keyring

    async def trim(self, before: datetime) -> AsyncIterator[Moved]:
        """Each segment, once it has left the store. Raises `NotTrimmed`, `ArchiveError`, `OSError` or `STORE_DOWN`'s."""
        await self._finish_earlier()
        more = True
        while more:
            checkpoint = await self._checkpoint()
            stretch = await self._stretch(checkpoint, before)
            if not stretch.sealed:
                return
            digest, manifest = await self._write(checkpoint, stretch)
            # Seconds of work without a pause: whoever else waits in this process must not wait for it.
            await asyncio.to_thread(self._read_again, checkpoint, manifest)
            await self._note(checkpoint, digest, manifest)
            await self._remove(manifest)
            path = self.archive.data(manifest.segment)
            yield Moved(
                segment=manifest.segment,
                entries=manifest.entries,
                runs=len(manifest.runs),
                path=path,
                bytes=path.stat().st_size,
            )
            more = stretch.more

    async def _checkpoint(self) -> Checkpoint:
        stored = await self.store.hgetall(self.keys.trimmed)
        if not stored:
            return Checkpoint()
        return Checkpoint(
            segment=int(stored["segment"]),
            seq=int(stored["seq"]),
            hash=stored["hash"],
            manifest=stored["manifest"],
            open=tuple(json.loads(stored["open"])),
        )

    async def _finish_earlier(self) -> None:
        """Remove what an earlier trim noted and had no time to remove."""
        checkpoint = await self._checkpoint()
        if not checkpoint.segment:
            return
        first = await self.store.xrange(self.keys.log(ENVIRONMENT_CHAIN), count=1)
        if not first or int(first[0][0].partition("-")[0]) > checkpoint.seq:
            return
        try:
            digest, manifest = self.archive.read_manifest(checkpoint.segment)
        except ArchiveError as error:
            raise NotTrimmed(
                f"an earlier trim into segment {checkpoint.segment} did not finish: give its directory with --archive ({error})"
            ) from error
        if digest != checkpoint.manifest or digest_of(self.archive.data(manifest.segment)) != manifest.sha256:
            raise NotTrimmed(f"segment {checkpoint.segment} here is not the one that the log names: nothing is removed")
        await self._remove(manifest)

    async def _stretch(self, checkpoint: Checkpoint, before: datetime) -> Stretch:
        """From the checkpoint to the last entry before `before`, or to where it is enough for one segment."""
        stretch = Stretch(last=checkpoint.seq, open=dict.fromkeys(checkpoint.open))
        async for batch in Reader(self.store, self.keys, after=checkpoint.seq).environment():
            for record in batch:
                if isinstance(record, CutShort):
                    raise NotTrimmed("the end of the environment's log was cut off: run `rollbot audit verify`")
                if stretch.entries >= _MOST:
                    stretch.more = True
                    return stretch
                try:
                    body = parse(record.body)
                except BrokenEntry as error:
                    raise NotTrimmed(f"the environment's log is broken: run `rollbot audit verify` ({error})") from error
                if body.at >= before:
                    return stretch
                if record.signature is not None and self.signer is None:
                    raise NotTrimmed("the log is signed, and the checkpoint would not be: set ROLLBOT_AUDIT_KEY")
                stretch.lines.append(record)
                stretch.last, stretch.until = body.seq, body.at.isoformat()
                stretch.since = stretch.since or stretch.until
                if isinstance(body.event, RunOpened):
                    stretch.open[body.event.run] = None
                elif isinstance(body.event, RunSealed):
                    stretch.open.pop(body.event.run, None)
                    stretch.sealed[body.event.run] = body.event
        return stretch

    async def _write(self, checkpoint: Checkpoint, stretch: Stretch) -> tuple[str, Manifest]:
        """The segment's two files; the hash of the manifest, and the manifest."""
        number = checkpoint.segment + 1
        self.archive.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        entries = 0
        with written(self.archive.data(number)) as part, packed(part) as write:
            for record in stretch.lines:
                write(write_export(record))
                entries += 1
            async for batch in Reader(self.store, self.keys).runs(stretch.sealed):
                for line in batch:
                    if isinstance(line, CutShort):
                        raise NotTrimmed(f"the log of run {line.log} was cut short: run `rollbot audit verify`")
                    write(write_export(line))
                    entries += 1
        manifest = Manifest(
            environment=self.keys.environment,
            segment=number,
            first=checkpoint.seq + 1,
            last=stretch.last,
            before=checkpoint.hash,
            hash=stretch.lines[-1].hash,
            entries=entries,
            since=stretch.since,
            until=stretch.until,
            runs=tuple((run, seal.seq, seal.hash) for run, seal in stretch.sealed.items()),
            open=tuple(stretch.open),
            sha256=digest_of(self.archive.data(number)),
            previous=checkpoint.manifest,
        ).signed(self.signer)
        return write_manifest(self.archive.manifest(number), manifest), manifest

    def _read_again(self, checkpoint: Checkpoint, manifest: Manifest) -> None:
        """Verify what is on disk now as if nobody had written it just before. Raises `NotTrimmed`."""
        verifier = Verifier(keyring=self.keyring)
        verifier.begin(checkpoint.seq, checkpoint.hash, checkpoint.open)
        verifier.elsewhere(manifest.open)
        found = Segments()
        self.archive.check_one(verifier, found, manifest.segment, checkpoint.manifest)
        report = verifier.finish()
        findings = (*found.findings, *report.findings)
        if findings:
            raise NotTrimmed("what would leave the store does not verify, so nothing was removed", findings)

    async def _note(self, checkpoint: Checkpoint, digest: str, manifest: Manifest) -> None:
        if await self._checkpoint() != checkpoint:
            raise NotTrimmed("somebody else trims at the same time: let them finish, then try again")
        await self.log.trimmed(
            Trimmed(
                by=self.by,
                segment=manifest.segment,
                seq=manifest.last,
                hash=manifest.hash,
                manifest=digest,
                runs=len(manifest.runs),
                open=tuple(RunId(run) for run in manifest.open),
            ),
            note(
                (run for run, _, _ in manifest.runs),
                f"{self.archive.data(manifest.segment).resolve()} of {socket.gethostname()}",
                datetime.fromisoformat(manifest.until),
            ),
        )

    async def _remove(self, manifest: Manifest) -> None:
        """Remove from the store what is in this segment: runs first, so that the log never names less than what is there."""
        sets = await asyncio.to_thread(self._indexes, manifest)
        script = self.store.register_script(_SCRIPT)
        waiting = iter(manifest.runs)
        while some := list(islice(waiting, _AT_ONCE)):
            async with self.store.pipeline(transaction=False) as pipeline:
                for run, _, hash_ in some:
                    name = RunId(run)
                    others = [self.keys.view(name), self.keys.viewer(name), self.keys.lease(name), self.keys.after(name)]
                    keys = [self.keys.log(run), self.keys.head(run), *others, self.keys.runs, *sets.get(run, ())]
                    await script(keys=keys, args=[run, hash_, str(len(others))], client=pipeline)
                answers = await pipeline.execute()
            changed = [run for (run, _, _), answer in zip(some, answers, strict=True) if answer != ["gone"]]
            if changed:
                raise NotTrimmed(f"{', '.join(changed)} changed after being archived and stay: run `rollbot audit verify`")
        async with self.store.pipeline(transaction=False) as pipeline:
            pipeline.xtrim(self.keys.log(ENVIRONMENT_CHAIN), minid=f"{manifest.last + 1}-0", approximate=False)
            await pipeline.execute()

    def _indexes(self, manifest: Manifest) -> dict[str, set[str]]:
        """The sorted sets in which each run stands."""
        sets: dict[str, set[str]] = {}
        for record in self.archive.records(manifest.segment):
            if record.log == ENVIRONMENT_CHAIN:
                continue
            event = parse(record.body).event
            mine = sets.setdefault(record.log, set())
            if person := doer(event):
                mine.add(self.keys.runs_by(person.id))
            if isinstance(event, Planned):
                mine |= {self.keys.runs_of(service) for service in services(event)}
        return sets
