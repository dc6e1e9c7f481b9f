"""Whom and what an event is about: what indexes, filters and tables ask of every event alike."""

from planner.events import Event, Person
from planner.names import RunId, ServiceName
from planner.plan import Plan


def doer(event: Event) -> Person | None:
    """Who did it; `None` where no person did."""
    by = getattr(event, "by", None)
    return by if isinstance(by, Person) else None


def services(event: Event) -> tuple[ServiceName, ...]:
    """The services that the event names, each once, in its own order; empty where it names none."""
    found: list[ServiceName] = []
    plan = getattr(event, "plan", None)
    if isinstance(plan, Plan):
        found += [move.service for move in plan.moves]
    found += getattr(event, "services", ())
    service = getattr(event, "service", None)
    if service is not None:
        found.append(service)
    step = getattr(event, "step", None)
    if step is not None:
        found.append(ServiceName(step.removeprefix("undo:")))
    return tuple(dict.fromkeys(found))


def run_named(event: Event) -> RunId | None:
    """The run that an event of the environment's log is about."""
    return getattr(event, "run", None)
