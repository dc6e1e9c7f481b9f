"""What a plan stands on, and what people should know besides: warnings that are nobody's fault here."""

from collections.abc import Iterable, Iterator

from planner.closure import Choice
from planner.footing import Weighed, stale
from planner.graph import Graph
from planner.names import ServiceName, Version

WHOLE = 2_000
"""Catalogs up to this size are searched whole for needs that are broken already; of larger ones only what the plan stands on."""

SHOWN = 20
"""Warnings of one sort that are listed one by one."""


def facts_of(graph: Graph, choice: Choice) -> dict[ServiceName, Version]:
    """The running release of every moved service, and of every one that needs, or is needed by, a moved one before or after."""
    names = set(choice.places)
    for name, place in choice.places.items():
        names.update(graph.needs(name, place), graph.needs(name, graph.history(name).now))
        for wish in graph.wishes(name):
            names.update(wish.of)
    return {name: graph.current(name) for name in sorted(names)}


def findings(
    graph: Graph, choice: Choice, own: tuple[str, ...], facts: Iterable[ServiceName], stands: Weighed
) -> tuple[str, ...]:
    """Warnings about a plan that stands on these `facts` and weighed these dependencies.

    Of the survey, of the strategy (`own`), of what is not known or old, of needs that were broken before and stay so.
    """
    found: dict[str, None] = {}
    first = map(_counted, (graph.warnings, own, _unlisted(graph, choice)))
    last = map(_counted, (stale(stands, graph.taken_at), _broken_already(graph, choice, facts)))
    for lines, count in (*first, _unknown(graph, choice), *last):
        found.update(dict.fromkeys(lines[:SHOWN]))
        if count > SHOWN:
            found[f"and {count - SHOWN} more like: {lines[SHOWN]}"] = None
    return tuple(found)


def _counted(sort: Iterable[str]) -> tuple[list[str], int]:
    lines = list(dict.fromkeys(sort))
    return lines, len(lines)


def _unlisted(graph: Graph, choice: Choice) -> Iterator[str]:
    for name in sorted(choice.places):
        history = graph.history(name)
        if not history.listed:
            yield (
                f"{name} runs {history.current}, which is not in its list of releases: it is taken as the newest, and what it "
                "needs and migrates is not known"
            )


def _unknown(graph: Graph, choice: Choice) -> tuple[list[str], int]:
    """Needs that touch a moved service after the plan, as far as nobody knows them; only the first of very many in words."""
    lines: list[str] = []
    count = 0
    for name in sorted(choice.places):
        history, place = graph.history(name), choice.places[name]
        here, declared = f"{name} {history.version(place)}", history.releases[place].requires
        untold = sorted(graph.among.depends_on(name).union(declared).difference(graph.needs(name, place), (name,)))
        silent = [other for other in graph.silent(name) if other not in choice.places]
        count += len(untold) + len(silent)
        for other in untold[: SHOWN + 1 - len(lines)]:
            wanted = f" {declared[other].text.strip() or '*'}" if other in declared else ""
            missing = f"{here} needs {other}{wanted}, but no such service is known: not checked"
            lines.append(_untold(here, other) if other in graph else missing)
        lines += [_untold(f"{other} {graph.current(other)}", name) for other in silent[: SHOWN + 1 - len(lines)]]
    return lines, count


def _untold(here: str, other: ServiceName) -> str:
    return f"{here} depends on {other} without saying which versions, and history does not tell: any version is taken as fine"


def _broken_already(graph: Graph, choice: Choice, facts: Iterable[ServiceName]) -> Iterator[str]:
    moved = choice.places
    for name in graph.names() if len(graph) <= WHOLE else facts:
        if name in moved:
            continue
        for other in graph.broken_now(name):
            if other in moved:
                continue
            need = graph.need(name, graph.history(name).now, other)
            words = "" if need is None else need.words
            needs = f"{name} {graph.current(name)} needs {other} {words}, but {graph.current(other)} runs"
            yield f"{needs}: it was so before, and this plan leaves it so"
