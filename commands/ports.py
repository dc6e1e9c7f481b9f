"""What the verbs need from the process around them. `bot.store` and `bot.app` provide it; tests provide their own.

Other people's systems are not here: their Protocols are in `integrations.protocols`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from integrations.protocols import Finding
from integrations.symptoms import Examined
from planner.approval import Actor
from planner.duty_events import DutyClosed, DutyReminded
from planner.events import Entry, EnvironmentEvent, Person, Place, RunEvent
from planner.facts import Service
from planner.lock_events import LockBroken, Locked, ReleaseAsked, Unlocked, WaitAsked
from planner.names import RunId, ServiceName, Version
from planner.obligations import Obligation
from planner.plan import Plan
from planner.policy import Policy
from planner.run import Run
from planner.snapshot import Snapshot


class Moved(Exception):
    """The log has grown since the run was read: read it again and decide again. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a service, and since when: a run, or a person by hand (`person`, with the reason and where it was taken).

    Without `until` a hold does not end by itself.
    """

    service: ServiceName
    since: datetime
    run: RunId | None = None
    person: Person | None = None
    reason: str = ""
    until: datetime | None = None
    place: Place | None = None

    @property
    def owner(self) -> str:
        """What tells this hold from every other hold on the service."""
        return self.run or owner_by_hand(self.person, self.since)

    @property
    def who(self) -> str:
        """Whose it is, in two words."""
        return f"run {self.run}" if self.run else self.person.name if self.person else "somebody"


def owner_by_hand(person: Person | None, since: datetime) -> str:
    """The `owner` of a hold by hand."""
    return f"{person.id if person else ''}@{since.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadVersion:
    """A version that must not be gone back to, nor shipped again; `run` is the rollback that went away from it."""

    service: ServiceName
    version: Version
    reason: str
    run: RunId | None = None
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployHold:
    """Forward deploys of a service are locked since this run went back from them."""

    service: ServiceName
    run: RunId
    since: datetime
    reason: str = ""
    asked_by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """Where ended runs went that are no longer in the store: the file, and when its last entry was written."""

    place: str
    until: datetime


class Runs(Protocol):
    """The run log. Every write is a compare-and-set on the run as it was read."""

    async def open(self, events: Sequence[RunEvent]) -> Run:
        """A new run whose log begins with these events."""
        ...

    async def read(self, run: RunId) -> Run | None:
        """The run as its log tells it now; `None` where there is none of that name."""
        ...

    async def entries(self, run: RunId) -> tuple[Entry, ...]:
        """The whole log of a run, oldest first; empty where there is none."""
        ...

    async def archived(self, run: RunId | None = None) -> Archived | None:
        """Where this run went, or the newest that went at all; `None` where none did."""
        ...

    async def append(self, run: Run, events: Sequence[RunEvent]) -> Run:
        """The run after these events. Raises `Moved` where the log has grown since `run` was read."""
        ...

    async def recent(self, limit: int, service: ServiceName | None = None) -> tuple[RunId, ...]:
        """The newest runs, newest first, of all services or of those that moved this one."""
        ...

    async def open_runs(self) -> tuple[RunId, ...]:
        """The runs that have not ended, oldest first."""
        ...

    async def note(self, event: EnvironmentEvent) -> None:
        """Write an event that belongs to no run."""
        ...

    async def holders(self, services: Sequence[ServiceName]) -> tuple[Holder, ...]:
        """Who holds which of these services; empty where all are free."""
        ...

    async def all_holders(self) -> tuple[Holder, ...]:
        """Every hold there is, a run's and a person's."""
        ...

    async def hold(self, event: Locked) -> tuple[Holder, ...]:
        """Hold a service by hand; one's own hold takes the new terms. Who has it, where another does: nothing is written then."""
        ...

    async def release(self, event: Unlocked | LockBroken, hold: Holder) -> bool:
        """End that hold by hand. `False` where it was not there any more: nothing was written then."""
        ...

    async def wait(self, event: WaitAsked) -> tuple[Holder, ...]:
        """Put somebody among those who are told when these services are free. Empty where they are: nothing was written then."""
        ...

    async def ask(self, event: ReleaseAsked, hold: Holder) -> bool:
        """Write down that somebody asks for that hold. `False` where they did so minutes ago: nothing was written then."""
        ...

    async def second_looks(self) -> tuple[RunId, ...]:
        """The runs that were started past their approvals and that nobody has looked at since."""
        ...

    async def bad_versions(self) -> tuple[BadVersion, ...]:
        """Every version remembered as bad."""
        ...

    async def bad_version(self, service: ServiceName, version: Version) -> BadVersion | None:
        """What is remembered of this version; `None` where it is not remembered as bad."""
        ...

    async def deploy_holds(self) -> tuple[DeployHold, ...]:
        """The services whose forward deploys are locked."""
        ...

    async def obligations(self) -> tuple[Obligation, ...]:
        """Everything that runs left to be done and that is not done yet, oldest first."""
        ...

    async def note_duty(self, event: DutyReminded | DutyClosed) -> bool:
        """Write what became of an obligation. `False` where it is not open any more: nothing was written then."""
        ...

    async def afterwards(self, run: RunId) -> tuple[Entry, ...]:
        """What goes on with this run's story after its end: entries of the environment's log, oldest first."""
        ...


class Wake(Protocol):
    """Gets a worker to look at a run, now or later. A wake-up lost or doubled does no harm."""

    async def wake(self, run: RunId) -> None:
        """Soon."""
        ...

    async def wake_at(self, run: RunId, when: datetime) -> None:
        """Not before `when`."""
        ...


class Preflight(Protocol):
    """Asks the systems that would carry a plan out what stands against it."""

    async def __call__(self, plan: Plan, world: Snapshot) -> tuple[Finding, ...]:
        """What people should know before they approve, found without changing anything; a system that does not answer is one."""
        ...


async def no_preflight(plan: Plan, world: Snapshot) -> tuple[Finding, ...]:
    """For a desk without systems: nothing is known, so nothing stands against it."""
    return ()


class Examine(Protocol):
    """Measures the checks of some services, once each, in a short time."""

    async def __call__(self, services: Sequence[Service]) -> Examined:
        """What fails now. Never raises: what could not be measured is counted."""
        ...


async def no_checks(services: Sequence[Service]) -> Examined:
    """For a desk without probes: nothing was measured."""
    return Examined(symptoms=())


class Surveyor(Protocol):
    """Looks at the world."""

    async def __call__(self) -> Snapshot:
        """All facts now. Raises `integrations.errors.IntegrationError` where even the catalog cannot be had."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a verb works with; one for the whole process. A `read_only` one begins nothing."""

    runs: Runs
    wake: Wake
    survey: Surveyor
    preflight: Preflight = no_preflight
    examine: Examine = no_checks
    policy: Policy
    now: Callable[[], datetime]
    environment: str
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command or press: who, where, and in which words."""

    actor: Actor
    place: Place | None
    words: str
