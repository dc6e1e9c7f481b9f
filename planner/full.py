"""Full rollback: everything that went live since the target release was replaced goes back to what was live then.

Services that are to stay at any cost are left out, with a warning each, where all needs still hold.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from planner.closure import Choice
from planner.graph import Graph
from planner.names import ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """The choice, the moment it goes back to, and what could not be known on the way."""

    choice: Choice
    since: datetime
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFull:
    """There is no full rollback that keeps to the rules; `facts` are a minimal conflict, in words."""

    facts: tuple[str, ...]


def choose_full(graph: Graph, target: ServiceName, place: int, limit: int | None = None) -> Full | NoFull | None:
    """The full choice. `None` where more than `limit` services went live since; no limit by default."""
    since = graph.history(target).times[place + 1]
    goal = f"{target} goes back to {graph.history(target).version(place)}"
    if since is None:
        after = graph.history(target).version(place + 1)
        return NoFull(facts=(goal, f"nobody recorded when {target} {after} replaced it, so what went live since is not known"))
    newest_first, _ = graph.by_start()
    count = bisect_right(newest_first, -since.timestamp(), key=lambda pair: -pair[0].timestamp())
    if limit is not None and count > limit:
        return None
    places, warnings = _places(graph, target, place, since)
    moment = moment_words(since)
    for name in sorted(places):
        history, back = graph.history(name), places[name]
        if name != target and back in history.barred:
            return NoFull(facts=(goal, f"{name} {history.version(back)} was live at {moment}, but {history.barred[back].words}"))
        if not graph.met(name, back, name, back):
            return NoFull(facts=(goal, f"{name} {history.version(back)} contradicts itself"))
    broken = _broken(graph, places)
    if broken:
        return NoFull(facts=(goal, *_state(graph, target, broken[:2], places, moment), broken[2]))
    return Full(choice=Choice(places=places), since=since, warnings=tuple(warnings))


def moment_words(moment: datetime) -> str:
    """A moment as people read it in a chat; UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _places(graph: Graph, target: ServiceName, place: int, since: datetime) -> tuple[dict[ServiceName, int], list[str]]:
    places, warnings = {target: place}, []
    newest_first, timeless = graph.by_start()
    for name in timeless:
        if name != target:
            current = graph.history(name).current
            warnings.append(f"{name} stays at {current}: nobody recorded when it went live")
    for start, name in newest_first:
        if start < since:
            break
        if name == target:
            continue
        history = graph.history(name)
        if graph.pinned(name):
            warnings.append(f"{name} stays at {history.current}: it was to be left out")
            continue
        for back in range(history.now - 1, -1, -1):
            time = history.times[back]
            if time is None:
                warnings.append(f"{name} stays at {history.current}: nobody recorded what was live at {moment_words(since)}")
                break
            if time < since:
                places[name] = back
                break
    return places, warnings


def _broken(graph: Graph, places: dict[ServiceName, int]) -> tuple[ServiceName, ServiceName, str] | None:
    """A need that a full rollback would break: who needs, of whom, and in words."""
    for name in sorted(places):
        # Needs of moved services are asked about from their own side, so that each is looked at once.
        for other in sorted({*graph.unmet(name, places[name], places), *graph.missed(name, places[name], places)}):
            beside = places.get(other, graph.history(other).now)
            for needy, at, needed, there in ((name, places[name], other, beside), (other, beside, name, places[name])):
                need = graph.need(needy, at, needed)
                if need is not None and not graph.met(needy, at, needed, there):
                    words = f"{needy} {graph.history(needy).version(at)} needs {needed} {need.words}"
                    return needy, needed, words
    return None


def _state(
    graph: Graph, target: ServiceName, pair: tuple[str, ...], places: dict[ServiceName, int], moment: str
) -> tuple[str, ...]:
    words = []
    for name in map(ServiceName, pair):
        history = graph.history(name)
        if name in places and name != target:
            words.append(f"{name} {history.version(places[name])} was live at {moment}")
        elif name not in places:
            words.append(f"{name} {history.current} went live before {moment} and stays")
    return tuple(words)
