"""Obligations that are open: when each is seen to be done, and when somebody is reminded of it. Pure."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from planner.duty_events import Duty, DutyReminded, Owed
from planner.facts import NOTHING, Service
from planner.names import RunId, ServiceName, Version
from planner.people import Person
from planner.run import Run

AGAIN = timedelta(hours=24)
"""How long after one reminder the next one comes."""
MOST_REMINDERS = 5
"""After these nobody is called any more; the list and the Home tab go on showing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One thing that a run left to be done. `number` counts from 1 within the run; `whom` is called where it has no owner."""

    run: RunId
    number: int
    words: str
    owed: Owed
    whom: Person | None = None
    reminded: int = 0
    reminded_at: datetime | None = None

    @property
    def id(self) -> str:
        """What people type to name it."""
        return f"{self.run}.{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What can be seen at one moment. A service missing in `current` or `leaves` was not seen; everything else is complete.

    `held` names the run for which forward deploys of a service are locked, `leaves` what its runtime still says it leaves, `kept`
    the reasons for which instances of it are kept out of discovery; missing there, too, was not seen.
    """

    held: Mapping[ServiceName, RunId] = field(default_factory=lambda: NOTHING)
    bad: AbstractSet[tuple[ServiceName, Version]] = frozenset()
    looks: AbstractSet[RunId] = frozenset()
    current: Mapping[ServiceName, Version] = field(default_factory=lambda: NOTHING)
    services: Mapping[ServiceName, Service] = field(default_factory=lambda: NOTHING)
    leaves: Mapping[ServiceName, AbstractSet[Duty]] = field(default_factory=lambda: NOTHING)
    kept: Mapping[ServiceName, AbstractSet[str]] = field(default_factory=lambda: NOTHING)


def obligations_of(run: Run) -> tuple[Obligation, ...]:
    """What this run left to be done when it ended; logs from before owners and times were kept tell only the words."""
    if run.ended is None:
        return ()
    words, owed = run.ended.obligations, run.ended.owed
    whom = run.asked.by if run.asked else None
    return tuple(
        Obligation(
            run=run.id,
            number=number,
            words=text,
            owed=owed[number - 1] if number <= len(owed) else Owed(duty=Duty.OTHER),
            whom=whom,
        )
        for number, text in enumerate(words, start=1)
    )


def seen_done(one: Obligation, sight: Sight) -> str | None:
    """What was seen that closes it, in words; `None` while nothing was. What nobody can see is closed by people alone."""
    service, version = one.owed.service, one.owed.version
    match one.owed.duty:
        case Duty.SECOND_LOOK:
            return None if one.run in sight.looks else "somebody else looked at the run"
        case Duty.DEPLOY_LOCK if service is not None:
            holder = sight.held.get(service)
            if holder == one.run:
                return None
            return f"run {holder} holds forward deploys of {service} now" if holder else f"forward deploys of {service} go again"
        case Duty.BAD_VERSION if service is not None and version is not None:
            return _cleared(service, version, sight)
        case Duty.FIX if service is not None and version is not None:
            return _newer(service, version, sight) or _cleared(service, version, sight)
        case Duty.GIT | Duty.AUTO_SYNC | Duty.AUTOSCALER | Duty.SILENCE if service is not None:
            seen = sight.leaves.get(service)
            if seen is not None and one.owed.duty not in seen:
                return f"what runs {service} no longer speaks of it"
            return _newer(service, version, sight) if version is not None and one.owed.duty is Duty.GIT else None
        case Duty.DISCOVERY if service is not None:
            reasons = sight.kept.get(service)
            if reasons is None or any(f"{one.run} {service} " in f"{reason} " for reason in reasons):
                return None
            return f"no instance of {service} is kept out of discovery for run {one.run} any more"
        case _:
            return None


def reminder(one: Obligation, now: datetime) -> DutyReminded | None:
    """The reminder that is due by now, or `None`."""
    due = one.owed.due_at
    if due is None or now < due or one.reminded >= MOST_REMINDERS:
        return None
    if one.reminded_at is not None and now < one.reminded_at + AGAIN:
        return None
    return DutyReminded(
        run=one.run,
        number=one.number,
        words=one.words,
        owner=one.owed.owner,
        due_at=due,
        times=one.reminded + 1,
        whom=one.whom,
    )


def _cleared(service: ServiceName, version: Version, sight: Sight) -> str | None:
    return None if (service, version) in sight.bad else f"{service} {version} is no longer remembered as bad"


def _newer(service: ServiceName, version: Version, sight: Sight) -> str | None:
    """Whether a release that went live after this version runs by now."""
    current, known = sight.current.get(service), sight.services.get(service)
    if current is None or known is None:
        return None
    order = {release.version: place for place, release in enumerate(known.releases)}
    if version not in order or current not in order:
        return None
    one, other = known.releases[order[version]].deployed_at, known.releases[order[current]].deployed_at
    if one is not None and other is not None and (one.tzinfo is None) is (other.tzinfo is None):
        came_after = other > one
    else:
        came_after = order[current] > order[version]
    return f"{service} runs {current} now, which came after {version}" if came_after else None
