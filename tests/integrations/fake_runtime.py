"""A runtime in memory, with state and with faults on demand, held to the same contract as the real ones."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from integrations.errors import Conflict, OutcomeUnknown, Rejected, Unavailable
from integrations.protocols import Finding, Observation, Phase
from planner.facts import Release, Service
from planner.names import ServiceName, Version


class Fault(StrEnum):
    """What can be made to go wrong, for the next `times` calls that it touches."""

    CONFLICT = "conflict"  # apply: somebody else moved it meanwhile (nothing is done)
    REJECTED = "rejected"  # apply: refused
    UNAVAILABLE = "unavailable"  # apply: not reached, nothing done
    UNKNOWN_DONE = "unknown_done"  # apply: done, and the answer lost
    UNKNOWN_NOT_DONE = "unknown_not_done"  # apply: never arrived, and the caller cannot know
    NEVER_CONVERGES = "never_converges"  # apply: taken, but never ready
    WRONG_VERSION = "wrong_version"  # apply: taken, but the old release goes on answering
    DIES = "dies"  # apply: taken, then it ends
    RESTARTS = "restarts"  # observe: one restart more each time
    SILENT = "silent"  # current and observe: not reached


@dataclass(slots=True)
class _State:
    running: str | None
    placed: str | None = None
    key: str | None = None
    fault: Fault | None = None
    restarts: int = 0
    looks_left: int = 0


class FakeRuntime:
    """Runs nothing and remembers everything.

    `effects` are the (service, from, to, key) that really happened, in order. `asked` counts every call of `apply`.
    `looks` is how often `observe` answers "progressing" before it converges.
    """

    def __init__(self, current: Mapping[str, str], *, looks: int = 0) -> None:
        self._states: dict[str, _State] = defaultdict(lambda: _State(running=None))
        self._states.update({name: _State(running=version) for name, version in current.items()})
        self._done: set[tuple[str, str]] = set()
        self._faults: dict[tuple[str, Fault], int] = {}
        self._looks = looks
        self.effects: list[tuple[str, str | None, str, str]] = []
        self.asked = 0

    def fault(self, service: str, kind: Fault | str, times: int = 1) -> None:
        """Make the next `times` calls that this kind touches go wrong for that service."""
        self._faults[service, Fault(kind)] = times

    def move(self, service: str, version: str | None) -> None:
        """Somebody else makes the service run another release, or stops it (`None`)."""
        self._states[service] = _State(running=version)

    def kill(self, service: str) -> None:
        """What runs dies, and stays what should run."""
        self._states[service] = _State(running=None, placed=self._states[service].running)

    def running(self, service: str) -> str | None:
        """What runs."""
        return self._states[service].running

    async def current(self, service: Service) -> Version | None:
        await self._reached(service.name)
        state = self._states[service.name]
        in_place = state.running or state.placed
        return None if in_place is None else Version(in_place)

    async def releases(self, service: Service) -> tuple[Release, ...]:
        await asyncio.sleep(0)
        return ()

    async def preflight(self, service: Service, to: Release) -> tuple[Finding, ...]:
        await asyncio.sleep(0)
        return ()

    async def apply(self, service: Service, to: Release, *, expect: Version | None, key: str) -> None:
        await asyncio.sleep(0)
        self.asked += 1
        name = service.name
        if self._takes(name, Fault.UNAVAILABLE):
            raise Unavailable(f"{name}: the runtime could not be reached")
        if self._takes(name, Fault.REJECTED):
            raise Rejected(f"{name}: the runtime refused to start {to.version}")
        if self._takes(name, Fault.UNKNOWN_NOT_DONE):
            raise OutcomeUnknown(f"{name}: no answer came")
        self._do(name, to.version, expect, key)
        if self._takes(name, Fault.UNKNOWN_DONE):
            raise OutcomeUnknown(f"{name}: no answer came")

    def _do(self, name: ServiceName, to: Version, expect: Version | None, key: str) -> None:
        if (name, key) in self._done:
            return
        state = self._states[name]
        if self._takes(name, Fault.CONFLICT) or expect not in (state.running, state.running or state.placed):
            raise Conflict(f"{name} runs {state.running or 'nothing'}, not {expect or 'nothing'}")
        fault = next((f for f in (Fault.NEVER_CONVERGES, Fault.WRONG_VERSION, Fault.DIES) if self._takes(name, f)), None)
        self._done.add((name, key))
        self.effects.append((name, state.running, to, key))
        runs = state.running if fault is Fault.WRONG_VERSION else None if fault else to
        placed = to if fault is Fault.DIES else None
        self._states[name] = _State(running=runs, placed=placed, key=key, fault=fault, looks_left=self._looks)

    async def observe(self, service: Service, to: Release, *, key: str) -> Observation:
        await self._reached(service.name)
        state = self._states[service.name]
        if self._takes(service.name, Fault.RESTARTS):
            state.restarts += 1
        phase, detail = self._phase(state, to.version)
        return Observation(
            phase=phase,
            running=None if state.running is None else Version(state.running),
            old_left=1 if state.fault is Fault.WRONG_VERSION else 0,
            restarts=state.restarts,
            key=state.key,
            detail=detail,
        )

    def _phase(self, state: _State, to: str) -> tuple[Phase, str]:
        match state.fault:
            case Fault.NEVER_CONVERGES:
                return Phase.PROGRESSING, "not ready yet"
            case Fault.WRONG_VERSION:
                return Phase.PROGRESSING, f"{state.running} still answers"
            case Fault.DIES:
                return Phase.FAILED, "ended with exit code 1"
        if state.running is None:
            return Phase.ABSENT, "nothing runs"
        if state.running != to:
            return Phase.PROGRESSING, f"{state.running} runs"
        if state.looks_left > 0:
            state.looks_left -= 1
            return Phase.PROGRESSING, "starting"
        return Phase.CONVERGED, "ready"

    async def _reached(self, name: ServiceName) -> None:
        await asyncio.sleep(0)
        if self._takes(name, Fault.SILENT):
            raise Unavailable(f"{name}: the runtime could not be reached")

    def _takes(self, name: ServiceName, kind: Fault) -> bool:
        """Whether this call goes wrong in that way; uses one up."""
        left = self._faults.get((name, kind), 0)
        if left:
            self._faults[name, kind] = left - 1
        return left > 0
