"""The change itself: stop the old, start the new, in small steps that each leave a record, so that a crash in between is no harm.

    nothing begun → intent written → old one gone → new one started and recorded

A crash before the last arrow is found by the next call with the same key: the intent is still there. A process that was
started and not recorded any more is found by its mark in the system's process table, and taken over.
"""

import asyncio
import hashlib
import time

from integrations.errors import OutcomeUnknown, Rejected, Unavailable
from integrations.local_process import children
from integrations.local_process.ask import is_open
from integrations.local_process.launch import MARKER, Launch
from integrations.local_process.output import fresh
from integrations.local_process.process_table import find_marked, group_of
from integrations.local_process.record import Exit, Intent, Record, Shelf, Started
from integrations.local_process.settings import LocalProcessSettings
from planner.facts import Release, Service
from planner.names import ServiceName

_PORT_PATIENCE = 2.0
_POLL = 0.02


def begin(shelf: Shelf, service: ServiceName, record: Record, to: Release, key: str) -> Record:
    """Write down what is going to happen, before anything does."""
    # The folder belongs to it: another Rollbot on this machine may have a run of the same name.
    mark = hashlib.sha256(f"{shelf.folder(service).resolve()}\0{key}".encode()).hexdigest()[:24]
    begun = record.model_copy(update={"intent": Intent(key=key, to=to.version, artifact=to.artifact, mark=mark)})
    shelf.write(service, begun)
    return begun


async def take_over(shelf: Shelf, service: ServiceName, record: Record) -> Record:
    """The record with a process that was started right before a crash, if there is one."""
    if record.intent is None:
        return record
    found = await asyncio.to_thread(find_marked, MARKER, record.intent.mark)
    if found is None:
        return record
    started = Started(pid=found.pid, born=found.born, version=record.intent.to, artifact=record.intent.artifact, at=time.time())
    settled = record.ended(record.intent.key, started)
    shelf.write(service, settled)
    return settled


async def carry_out(shelf: Shelf, service: Service, settings: LocalProcessSettings, launch: Launch, record: Record) -> None:
    """Do what the record's intent says. Safe to call again after a crash anywhere inside.

    Raises `Rejected` where the new one cannot be started, and `OutcomeUnknown` where the old one does not end or the new one
    could not be recorded.
    """
    intent = record.intent
    if intent is None:
        return
    if record.process is not None:
        await children.stop(record.process.pid, record.process.born, settings.stop_timeout)
    await _port_free(service, settings, record)
    # No waiting from here to the record: a cancelled task cannot leave a process that nobody wrote down.
    folder = shelf.folder(service.name)

    def ended(pid: int, born: str, code: int) -> None:
        shelf.note_exit(service.name, Exit(pid=pid, born=born, code=code))

    try:
        log = fresh(folder)
    except OSError as error:
        raise Rejected(f"{service.name}: {folder} cannot be written: {error.strerror}") from error
    pid, born = children.start(launch, log, intent.mark, ended)
    started = Started(pid=pid, born=born, version=intent.to, artifact=intent.artifact, at=time.time())
    try:
        shelf.write(service.name, record.ended(intent.key, started))
    except Unavailable as error:
        raise OutcomeUnknown(f"{intent.to} was started, but that could not be written down: {error}") from error


async def is_left(process: Started) -> int:
    """How many processes are left of the group that this one leads or led."""
    return len(await asyncio.to_thread(group_of, process.pid, process.born))


async def _port_free(service: Service, settings: LocalProcessSettings, record: Record) -> None:
    deadline = time.monotonic() + _PORT_PATIENCE
    while await is_open(settings):
        if time.monotonic() >= deadline:
            stopped = f"{record.process.version} is stopped, but " if record.process else ""
            raise Rejected(
                f"{service.name}: {stopped}port {settings.port} is held by a process that Rollbot did not start; "
                "free the port and try again"
            )
        await asyncio.sleep(_POLL)
