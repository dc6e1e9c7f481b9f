"""What a command answers, as values: whoever draws them (Slack, a terminal) decides how they look.

Every reply is for the person who asked, and for nobody else. `Opened` is the exception in effect: the plan of that run goes to
the channel, posted by whatever follows the run log, so that a restart never posts it twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from commands.ports import BadVersion, DeployHold, Holder
from planner.events import Entry
from planner.names import RunId, ServiceName, Version
from planner.plan import Plan
from planner.refusal import Refusal
from planner.run import Run
from planner.suspects import Suspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How a verb is used: its line in the help, and three examples that can be copied."""

    name: str
    usage: str
    line: str
    examples: tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A run was opened and waits for approval. `replaced` are older waiting runs that it took the place of; `notes` say so."""

    run: Run
    replaced: tuple[RunId, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The plan as it would be, from a dry run. Nothing was opened."""

    plan: Plan
    approvals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A short answer: one sentence, and lines that add to it."""

    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """Somebody who holds a service, and the command that asks them for it.

    `breaks` is the command that ends their hold, less its reason; empty where it is a run's.
    """

    name: str
    ask: str
    breaks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No, and why.

    `blocked` are held services that one can wait for; `smaller` the command for a plan that does without them; `holders` can be
    asked to give them back.
    """

    refusal: Refusal
    blocked: tuple[ServiceName, ...] = ()
    smaller: str = ""
    holders: tuple[Askable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """Runs, newest first. `empty` is what to say where there are none, `older` where others went that are no longer here."""

    title: str
    runs: tuple[Run, ...]
    empty: str
    older: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """One run with its whole log, and `after`, what the environment's log says of it since its end.

    `explained` says in plain text how its chances were reckoned; empty where it has no plan.
    """

    run: Run
    entries: tuple[Entry, ...]
    explained: str = ""
    after: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """One run with its whole log, for the review after an incident. `placed` says where it was put; empty where nowhere yet."""

    run: Run
    entries: tuple[Entry, ...]
    placed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What goes on in the environment: runs that have not ended, everything that is held, runs that somebody must look at."""

    environment: str
    open: tuple[Run, ...]
    held: tuple[Holder, ...]
    second_looks: tuple[RunId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service: what runs, what it could go back to, what stands in the way. `releases` are the newest first."""

    service: ServiceName
    owner: str | None
    current: Version
    releases: tuple[tuple[Version, datetime | None, str], ...]
    bad: Mapping[Version, str]
    holder: Holder | None
    open: tuple[Run, ...]
    last: Run | None
    deploys: DeployHold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldList:
    """Every hold, with the run that has it where its log can be read, and the locks on forward deploys."""

    held: tuple[tuple[Holder, Run | None], ...]
    deploys: tuple[DeployHold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadList:
    """The versions remembered as bad."""

    bad: tuple[BadVersion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suspect, what rolling it back would take, and the command for it; empty where it cannot be rolled back."""

    suspect: Suspect
    words: str
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """What may be at fault, most suspect first, `more` that are not named, and the share of suspicion (of 1) on none of them."""

    suggestions: tuple[Suggestion, ...]
    more: int
    elsewhere: float
    looked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The verbs, in the order of the table; one alone is shown with its examples."""

    verbs: tuple[Usage, ...]


Reply = (
    Opened
    | Preview
    | Said
    | Refused
    | RunList
    | RunDetail
    | Packed
    | Overview
    | ServiceStatus
    | HoldList
    | BadList
    | Suggested
    | Help
)
"""Everything a command can answer."""
