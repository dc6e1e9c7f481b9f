"""Which service to roll back: a random walk over the dependency graph, from where something fails to what changed lately.

A walker begins at the services where something fails (where nothing is known to, at the services that users reach). At each
service it ends its way there, or goes on: to a service called, likelier where something fails or changed, or, seldom, to a caller
that changed, for a new caller can break what it calls. It ends likelier the younger the running release is. With these as the
transitions of an absorbing chain, how likely it ends at a service is that service's share of the suspicion (`planner.walk`).
The idea is that of MonitorRank (Kim, Sumbaly and Shah, "Root cause detection in a service-oriented architecture", SIGMETRICS
2013); the weights are declared: they rank, they do not predict.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from planner.graph import Graph
from planner.names import ServiceName, Version
from planner.walk import Walk

RECENT = timedelta(days=30)
"""Releases that went live longer ago are suspects only where something fails at their own service."""
_FRESH, _LATELY = (1.0, timedelta(hours=6)), (0.1, timedelta(days=7))
"""Weight of a release, and after how long half of it is left: most faults show within hours, some after days."""
NAMED = 10
"""Suspects that are named with their evidence."""
REGION = 5_000
"""So many services around the failing ones are walked at most."""
_HEALTHY = 0.5
_PASSING, _ENDING, _FAILING, _UPWARD, _KNOWN_BAD, _OLD = 0.02, 0.01, 0.5, 0.2, 1.0, 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """Something that fails at a service, in words fit for the thread."""

    service: ServiceName
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A service that may be at fault: its running release, its share of the suspicion (of 1 in all), and what speaks for it."""

    service: ServiceName
    current: Version
    share: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """The suspects, most suspect first, how many `more` there are, and the share that falls on no release."""

    suspects: tuple[Suspect, ...]
    elsewhere: float
    more: int = 0


def changed(graph: Graph, now: datetime) -> dict[ServiceName, float]:
    """Every service whose running release is young, or remembered as bad, and how suspect that alone makes it."""
    found: dict[ServiceName, float] = {}
    newest_first, _ = graph.by_start()
    for start, name in newest_first:
        if now - start > RECENT:
            break
        age = max(now - start, timedelta(0))
        found[name] = sum(weight * 0.5 ** (age / half) for weight, half in (_FRESH, _LATELY))
    for name in graph.running_bad():
        found[name] = found.get(name, 0.0) + _KNOWN_BAD
    return found


def suspicion(
    graph: Graph, symptoms: Sequence[Symptom], now: datetime, healthy: frozenset[ServiceName] = frozenset()
) -> Suspicion:
    """Who is suspect of these symptoms at that moment; half as much where a service's own checks pass.

    Services that nothing is known of are passed over.
    """
    young = {name: weight * (_HEALTHY if name in healthy else 1.0) for name, weight in changed(graph, now).items()}
    failing: dict[ServiceName, list[str]] = {}
    for symptom in symptoms:
        if symptom.service in graph:
            failing.setdefault(symptom.service, []).append(symptom.words)
    young |= {name: _OLD for name in failing if name not in young and len(graph.choices(name)) > 1}
    if not young:
        return Suspicion(suspects=(), elsewhere=1.0)
    calls = graph.calls()
    starts = [calls.numbers[name] for name in failing] or list(calls.entries_to(frozenset(young)))
    region, edges = _region(graph, starts, young, failing)
    shares = _ends(region, edges, starts, [young.get(calls.names[at], 0.0) for at in region])
    ranked = sorted(
        ((share, calls.names[at]) for at, share in zip(region, shares, strict=True) if calls.names[at] in young),
        key=lambda pair: (-pair[0], pair[1]),
    )
    suspects = []
    for share, name in ranked[:NAMED]:
        well = ("its own checks pass",) if name in healthy else ()
        evidence = (*_evidence(graph, name, failing, now), *well)
        suspects.append(Suspect(service=name, current=graph.history(name).current, share=share, evidence=evidence))
    rest = ranked[NAMED:]
    return Suspicion(
        suspects=tuple(suspects),
        more=len(rest),
        elsewhere=max(1.0 - sum(share for share, _ in ranked), 0.0),
    )


def _region(
    graph: Graph, starts: Sequence[int], young: Mapping[ServiceName, float], failing: Mapping[ServiceName, list[str]]
) -> tuple[list[int], dict[int, list[tuple[int, float]]]]:
    """The services that the walker can come to, nearest first, and with which weight it goes from each to which."""
    calls = graph.calls()
    first, to, callers = calls.walk.first, calls.walk.to, calls.callers()
    names, seen, region = calls.names, set(starts), list(dict.fromkeys(starts))
    edges: dict[int, list[tuple[int, float]]] = {}
    for at in region:  # grows while it is read
        ways: list[tuple[int, float]] = []
        for other in to[first[at] : first[at + 1]]:
            name = names[other]
            ways.append((other, _PASSING + young.get(name, 0.0) + (_FAILING if name in failing else 0.0)))
        ways += [(other, _UPWARD * young[names[other]]) for other in callers[at] if names[other] in young]
        edges[at] = ways
        for other, _ in ways:
            if other not in seen and len(seen) < REGION:
                seen.add(other)
                region.append(other)
    return region, edges


def _ends(
    region: Sequence[int], edges: Mapping[int, list[tuple[int, float]]], starts: Sequence[int], own: Sequence[float]
) -> list[float]:
    """How likely the walker ends at each service of the region because of what that released, and not of something else there."""
    place = {at: number for number, at in enumerate(region)}
    first, to, share, ends = array("q", [0]), array("q"), array("d"), array("d")
    for number, at in enumerate(region):
        ways = [(place[other], weight) for other, weight in edges[at] if other in place]
        here = _ENDING + own[number]
        whole = here + sum(weight for _, weight in ways)
        for other, weight in ways:
            to.append(other)
            share.append(weight / whole)
        first.append(len(to))
        ends.append(here / whole)
    entry = [0.0] * len(region)
    for at in starts:
        entry[place[at]] += 1.0 / len(starts)
    visits = Walk(first=first, to=to, share=share, ends=ends).visits([1.0] * len(region), entry)
    return [count * ends[number] * own[number] / (_ENDING + own[number]) for number, count in enumerate(visits)]


def _evidence(graph: Graph, name: ServiceName, failing: Mapping[ServiceName, list[str]], now: datetime) -> list[str]:
    history = graph.history(name)
    live, found = history.times[history.now], []
    if live is not None:
        found.append(f"{history.current} went live {_ago(now - live)} ({live:%Y-%m-%d %H:%M} UTC)")
    why = graph.running_bad().get(name)
    if why is not None:
        found.append(f"{history.current} is known as bad: {why}")
    found += failing.get(name, [])
    through = [other for other in sorted(failing) if other != name and _reaches(graph, other, name)]
    if through:
        more = f" and {len(through) - 3} more" if len(through) > 3 else ""
        verb = "depends" if len(through) == 1 else "depend"
        found.append(f"{', '.join(through[:3])}{more}, where something fails, {verb} on it")
    return found


def _reaches(graph: Graph, one: ServiceName, other: ServiceName) -> bool:
    calls = graph.calls()
    first, to, goal = calls.walk.first, calls.walk.to, calls.numbers[other]
    seen, todo = {calls.numbers[one]}, [calls.numbers[one]]
    while todo and len(seen) < REGION:
        at = todo.pop()
        for beside in to[first[at] : first[at + 1]]:
            if beside == goal:
                return True
            if beside not in seen:
                seen.add(beside)
                todo.append(beside)
    return False


def _ago(age: timedelta) -> str:
    minutes = max(int(age.total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min ago" if minutes else "less than a minute ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"
