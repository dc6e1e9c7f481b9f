"""What going back crosses: migrations after which an older release may lose data or misread it.

The rule is that of two-phase deployments: a release must be able to work with what the next one has written, so a
contraction, a change of data, or a change nobody classified makes the way back a one-way street until a person says
otherwise.
"""

from planner.facts import MigrationKind
from planner.graph import Graph
from planner.names import ServiceName
from planner.plan import Hazard


def hazards(graph: Graph, places: dict[ServiceName, int]) -> tuple[Hazard, ...]:
    """Every hazard these moves cross, by service and then newest release first."""
    found = []
    for name in sorted(places):
        history = graph.history(name)
        if not history.hazards_to(places[name]):
            continue
        for place in range(history.now, places[name], -1):
            release = history.releases[place]
            found += [
                Hazard(service=name, release=release.version, migration=migration.id, kind=migration.kind)
                for migration in release.migrations
                if migration.kind.is_hazard
            ]
    return tuple(found)


def hazard_words(hazard: Hazard) -> str:
    """One sentence on what the migration did."""
    match hazard.kind:
        case MigrationKind.CONTRACT:
            did = "removed something that older releases use"
        case MigrationKind.DATA:
            did = "rewrote data"
        case _:
            did = "changed data in a way nobody described"
    return f"{hazard.service} {hazard.release} {did} (migration {hazard.migration}, {hazard.kind.value})"
