"""The releases that a service could go back to, as a list to choose from: newest first, each with what is known of it."""

from dataclasses import dataclass
from datetime import datetime

from planner.facts import Verified
from planner.history import BarKind, history_of, moment_of
from planner.names import ServiceName, Version
from planner.plan import Request
from planner.snapshot import Snapshot
from planner.target import other_targets


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChoice:
    """One earlier release. `barred` says in words why it may not be gone back to; empty where it may."""

    version: Version
    deployed_at: datetime | None
    verified: Verified
    barred: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChoices:
    """A service with everything that ran before `current`, newest first. `likely` is what would be chosen by itself."""

    service: ServiceName
    owner: str | None
    current: Version
    likely: Version | None
    earlier: tuple[VersionChoice, ...]


def choices(snapshot: Snapshot, name: ServiceName) -> ServiceChoices | None:
    """What that service could go back to; `None` where the snapshot has no such service."""
    service = snapshot.services.get(name)
    if service is None:
        return None
    history = history_of(service, snapshot.current[name], dict(snapshot.bad.get(name, {})))
    earlier = []
    for place in range(history.now - 1, -1, -1):
        release, bar = history.releases[place], history.barred.get(place)
        earlier.append(
            VersionChoice(
                version=release.version,
                deployed_at=moment_of(release),
                verified=release.verified,
                barred=bar.words if bar else "",
                bad=bar is not None and bar.kind is not BarKind.FLOOR,
            )
        )
    allowed = other_targets(Request(service=name), history)
    return ServiceChoices(
        service=name,
        owner=service.owner,
        current=history.current,
        likely=history.version(allowed[0]) if allowed else None,
        earlier=tuple(earlier),
    )


def search(names: list[ServiceName], query: str, most: int = 100) -> list[ServiceName]:
    """The names that answer a query, best first: the name itself, its beginning, the beginning of a part, anywhere inside.

    `names` must be sorted; within each rank their order stays. Words may stand apart: `order svc` finds order-eu-svc.
    """
    parts = query.lower().replace("_", "-").split()
    if not parts:
        return names[:most]
    wanted = "-".join(parts)
    ranks: tuple[list[ServiceName], ...] = ([], [], [], [], [])
    for name in names:
        if name == wanted:
            ranks[0].append(name)
        elif name.startswith(wanted):
            ranks[1].append(name)
        elif f"-{wanted}" in name:
            ranks[2].append(name)
        elif wanted in name:
            ranks[3].append(name)
        elif len(parts) > 1 and all(part in name for part in parts):
            ranks[4].append(name)
        if len(ranks[1]) >= most:
            break
    return [name for rank in ranks for name in rank][:most]
