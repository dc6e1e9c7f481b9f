"""Services that are plain processes of this machine, as a `Runtime`."""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from integrations.errors import Conflict, Rejected, Unavailable
from integrations.local_process import change, children
from integrations.local_process.ask import Answer, Answers, Nobody, Unclear, readiness, who_answers
from integrations.local_process.launch import prepare
from integrations.local_process.output import last_lines
from integrations.local_process.process_table import is_alive
from integrations.local_process.record import Record, Shelf, Started
from integrations.local_process.settings import LocalProcessSettings, read_settings
from integrations.masking import secrets_of
from integrations.protocols import Finding, FindingLevel, Observation, Phase
from planner.facts import Release, Service
from planner.names import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """Everything that can be seen of a service at one moment. `process` is the recorded one if it still lives."""

    record: Record
    process: Started | None
    answer: Answer

    @property
    def running(self) -> Version | None:
        """What answers; where nothing says a version, what was started and lives."""
        if isinstance(self.answer, Answers):
            return self.answer.version
        return Version(self.process.version) if self.process is not None else None

    @property
    def in_place(self) -> Version | None:
        """What runs; where it has died and nobody has begun to put another in its place, what was started last."""
        last = self.record.process if self.record.intent is None else None
        if last is not None and self.running is None and isinstance(self.answer, Nobody):
            return Version(last.version)
        return self.running


class LocalProcessRuntime:
    """Starts, stops and looks at processes that outlive the bot; remembers them below `state_dir`.

    A process that Rollbot did not start is never stopped, and a process number used again is never taken for the old one.
    """

    def __init__(self, state_dir: Path) -> None:
        self._shelf = Shelf(state_dir / "processes")

    async def current(self, service: Service) -> Version | None:
        """The release that answers, else the one that was started last, whether it lives or has died; else `None`.

        Raises `Unavailable` where a stranger holds the port, and `Rejected` for settings that cannot be used.
        """
        sight = await self._look(service, read_settings(service))
        if sight.running is None and isinstance(sight.answer, Unclear):
            raise Unavailable(f"{service.name}: {sight.answer.why}, and Rollbot did not start it")
        return sight.in_place

    async def releases(self, service: Service) -> tuple[Release, ...]:
        """None: the system keeps no history of processes."""
        read_settings(service)
        return ()

    async def preflight(self, service: Service, to: Release) -> tuple[Finding, ...]:
        """Whether it could be started, and whether what runs now is ours to stop."""
        try:
            settings = read_settings(service)
            prepare(settings, service, to)
        except Rejected as error:
            return (Finding(level=FindingLevel.BLOCK, text=str(error)),)
        stranger = _stranger(service, settings, await self._look(service, settings))
        return () if stranger is None else (Finding(level=FindingLevel.BLOCK, text=stranger),)

    async def apply(self, service: Service, to: Release, *, expect: Version | None, key: str) -> None:
        """Stop what runs and start `to`; returns once it is started. See `Runtime.apply`."""
        settings = read_settings(service)
        name = service.name
        async with self._shelf.locked(name):
            record = await change.take_over(self._shelf, name, self._shelf.read(name))
            if key in record.done:
                return
            launch = prepare(settings, service, to)
            if record.intent is None or record.intent.key != key:
                sight = await self._look(service, settings, record)
                if expect not in (sight.running, sight.in_place):
                    raise Conflict(f"{name} runs {sight.running or 'nothing'}, not {expect or 'nothing'}")
                if (stranger := _stranger(service, settings, sight)) is not None:
                    raise Rejected(stranger)
                if sight.process is not None and sight.running == sight.process.version == to.version:
                    self._shelf.write(name, record.ended(key, record.process))
                    return
                record = change.begin(self._shelf, name, record, to, key)
            await change.carry_out(self._shelf, service, settings, launch, record)

    async def observe(self, service: Service, to: Release, *, key: str) -> Observation:
        """How far it is, asked of the process table and of the service itself. See `Runtime.observe`.

        A change that was begun and not ended does not show its key: only calling `apply` with it again goes on.
        """
        settings = read_settings(service)
        sight = await self._look(service, settings)
        phase, detail = await self._phase(service, settings, sight, to)
        process = sight.record.process
        foreign = process is not None and process.version != to.version
        left = await change.is_left(process) if process is not None and foreign else 0
        if isinstance(sight.answer, Answers) and sight.answer.version != to.version:
            left = max(left, 1)
        return Observation(phase=phase, running=sight.running, old_left=left, key=sight.record.key, detail=detail)

    async def stop(self, service: Service) -> None:
        """Stop the service's process and everything it started, if Rollbot started it; a stranger is left alone."""
        settings = read_settings(service)
        name = service.name
        async with self._shelf.locked(name):
            record = await change.take_over(self._shelf, name, self._shelf.read(name))
            if record.process is not None:
                await children.stop(record.process.pid, record.process.born, settings.stop_timeout)
            self._shelf.write(name, record.model_copy(update={"process": None, "intent": None}))

    async def _look(self, service: Service, settings: LocalProcessSettings, record: Record | None = None) -> _Sight:
        record = self._shelf.read(service.name) if record is None else record
        process = record.process
        alive = process is not None and await asyncio.to_thread(is_alive, process.pid, process.born)
        return _Sight(record=record, process=process if alive else None, answer=await who_answers(service, settings))

    async def _phase(self, service: Service, settings: LocalProcessSettings, sight: _Sight, to: Release) -> tuple[Phase, str]:
        process = sight.record.process
        if sight.record.intent is not None and sight.record.intent.to == to.version and sight.process is None:
            return Phase.ABSENT, f"on the way to {to.version}: the one before is stopped, {to.version} is not started yet"
        if process is None or process.version != to.version:
            return _of_another(sight, to)
        if sight.process is None:
            await children.end_is_noted(process.pid, process.born)
            return Phase.FAILED, self._words(service, settings, self._ending(service, process))
        return await self._of_ours(service, settings, sight, to, process)

    async def _of_ours(
        self, service: Service, settings: LocalProcessSettings, sight: _Sight, to: Release, process: Started
    ) -> tuple[Phase, str]:
        missing = await readiness(settings)
        missing = missing or _misnamed(settings, sight, to)
        if missing is None:
            return Phase.CONVERGED, "ready"
        seconds = time.time() - process.at
        if seconds < settings.ready_timeout:
            return Phase.PROGRESSING, f"not ready yet: {missing}"
        return Phase.FAILED, self._words(service, settings, f"not ready within {settings.ready_timeout:g} s: {missing}")

    def _ending(self, service: Service, process: Started) -> str:
        seen = self._shelf.read_exit(service.name, process)
        if seen is None:
            return f"{process.version} has ended; its exit code was not seen"
        how = f"was ended by signal {-seen.code}" if seen.code < 0 else f"ended with exit code {seen.code}"
        return f"{process.version} {how}"

    def _words(self, service: Service, settings: LocalProcessSettings, what: str) -> str:
        lines = last_lines(self._shelf.folder(service.name), secrets_of({**os.environ, **settings.env}))
        return what + (". Its last lines:\n" + "\n".join(lines) if lines else ". It printed nothing")


def _of_another(sight: _Sight, to: Release) -> tuple[Phase, str]:
    """The phase where not `to` was started last."""
    match sight.answer:
        case Answers(version=version) if version == to.version:
            return Phase.CONVERGED, f"{version} answers"
        case Answers(version=version):
            return Phase.PROGRESSING, f"{version} runs"
        case Unclear(why=why):
            return Phase.PROGRESSING, f"{sight.running} runs: {why}" if sight.running else why
        case Nobody():
            return (Phase.PROGRESSING, f"{sight.running} runs") if sight.running else (Phase.ABSENT, "nothing runs")
    assert_never(sight.answer)


def _misnamed(settings: LocalProcessSettings, sight: _Sight, to: Release) -> str | None:
    """What is wrong with the version that answers; `None` where it is the right one, or nobody is meant to say one."""
    match sight.answer:
        case Answers(version=version):
            return None if version == to.version else f"{version} answers instead of {to.version}"
        case Unclear(why=why):
            return why if settings.version_url else None
        case Nobody():
            return f"nobody answers at {settings.version_url}" if settings.version_url else None
    assert_never(sight.answer)


def _stranger(service: Service, settings: LocalProcessSettings, sight: _Sight) -> str | None:
    """Who else holds the service's place, in words; `None` where nobody does or Rollbot started what is there."""
    if sight.process is not None:
        return None
    match sight.answer:
        case Nobody():
            return None
        case Answers(version=version):
            return f"{service.name} {version} runs, but Rollbot did not start it: stop it yourself, or start it through Rollbot"
        case Unclear(why=why):
            return f"{service.name}: port {settings.port} is held by a process that Rollbot did not start ({why}): free the port"
    assert_never(sight.answer)
