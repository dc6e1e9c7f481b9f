"""A hold on a service as the fields of its lock, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime

from commands.ports import Holder
from planner.events import Person, Place
from planner.names import ActorId, RunId, ServiceName


def stored(holder: Holder) -> dict[str, str]:
    """The fields of the lock that this hold is."""
    fields = {"owner": holder.owner, "since": holder.since.isoformat()}
    if holder.run is not None:
        return {**fields, "run": holder.run}
    person, place = holder.person, holder.place
    return {
        **fields,
        "by": person.id if person else "",
        "name": person.name if person else "",
        "reason": holder.reason,
        "until": "" if holder.until is None else milliseconds(holder.until),
        "channel": place.channel if place else "",
        "thread": (place.thread or "") if place else "",
    }


def read_holder(service: ServiceName, fields: Mapping[str, str]) -> Holder | None:
    """The hold that these fields say; `None` where they say none."""
    if not fields.get("owner") or not fields.get("since"):
        return None
    since = datetime.fromisoformat(fields["since"])
    if fields.get("run"):
        return Holder(service=service, since=since, run=RunId(fields["run"]))
    until, channel = fields.get("until"), fields.get("channel")
    return Holder(
        service=service,
        since=since,
        person=Person(id=ActorId(fields.get("by", "")), name=fields.get("name", "")),
        reason=fields.get("reason", ""),
        until=datetime.fromtimestamp(int(until) / 1000, UTC) if until else None,
        place=Place(channel=channel, thread=fields.get("thread") or None) if channel else None,
    )


def milliseconds(at: datetime) -> str:
    """A moment as the store counts it."""
    return str(int(at.timestamp() * 1000))
