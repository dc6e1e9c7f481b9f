"""What a plan stands on, and what people should know besides: warnings that are nobody's fault here."""

from collections.abc import Iterator

from planner.closure import Choice
from planner.footing import stale
from planner.graph import Graph
from planner.names import ServiceName, Version

WHOLE = 2_000
"""Catalogs up to this size are searched whole for needs that are broken already; of larger ones only the plan's surroundings."""

SHOWN = 20
"""Warnings of one sort that are listed one by one."""


def facts_of(graph: Graph, choice: Choice) -> dict[ServiceName, Version]:
    """The running release of every moved service, and of every one that needs, or is needed by, a moved one before or after."""
    names = set(choice.places)
    for name, place in choice.places.items():
        names.update(graph.needs(name, place), graph.needs(name, graph.history(name).now))
        names.update(other for other in graph.consumers(name) if graph.need(other, graph.history(other).now, name) is not None)
    return {name: graph.history(name).current for name in sorted(names)}


def findings(graph: Graph, choice: Choice, own: tuple[str, ...]) -> tuple[str, ...]:
    """Warnings: of the survey, of the strategy (`own`), of what is not known or old, of needs broken before that stay so."""
    found: dict[str, None] = {}
    sorts = (graph.warnings, own, _unlisted(graph, choice), _unknown(graph, choice), stale(graph, choice))
    for sort in (*sorts, _broken_already(graph, choice)):
        lines = list(dict.fromkeys(sort))
        found.update(dict.fromkeys(lines[:SHOWN]))
        if len(lines) > SHOWN:
            found[f"and {len(lines) - SHOWN} more like: {lines[SHOWN]}"] = None
    return tuple(found)


def _unlisted(graph: Graph, choice: Choice) -> Iterator[str]:
    for name in sorted(choice.places):
        history = graph.history(name)
        if not history.listed:
            yield (
                f"{name} runs {history.current}, which is not in its list of releases: it is taken as the newest, and what it "
                "needs and migrates is not known"
            )


def _unknown(graph: Graph, choice: Choice) -> Iterator[str]:
    """Needs that touch a moved service after the plan, as far as nobody knows them."""
    for name in sorted(choice.places):
        yield from graph.unknown(name, choice.places[name])
        for other in graph.consumers(name):
            if other not in choice.places:
                line = graph.unknown_of(other, graph.history(other).now, name)
                if line is not None:
                    yield line


def _broken_already(graph: Graph, choice: Choice) -> Iterator[str]:
    moved = choice.places
    names: set[ServiceName] | list[ServiceName]
    names = graph.names() if len(graph) <= WHOLE else {other for name in moved for other in graph.neighbours(name)}
    for name in sorted(names):
        if name in moved:
            continue
        for other in graph.broken_now(name):
            if other in moved:
                continue
            current = graph.history(name).current
            need = graph.need(name, graph.history(name).now, other)
            words = "" if need is None else need.words
            runs = graph.history(other).current
            yield f"{name} {current} needs {other} {words}, but {runs} runs: it was so before, and this plan leaves it so"
