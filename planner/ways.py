"""What to ask for instead: requests that were tried out, and that would give a plan."""

from collections.abc import Sequence

from planner.closure import Choice
from planner.graph import Graph
from planner.hazards import hazards
from planner.history import History
from planner.names import ServiceName, spoken
from planner.partial import choose_partial
from planner.plan import Request

OFFERED = 3
"""How many other requests a refusal offers at most."""

TRIED = 4
"""Other releases that are tried out before a refusal is given."""

REACH = 200
"""Services that trying another release may touch."""


def said(service: ServiceName, history: History, place: int, *extra: str) -> str:
    """The words that ask for that release."""
    return " ".join((f"{spoken(service)} to {history.version(place)}", *extra))


def again(graph: Graph, request: Request, place: int, *extra: str, crossing: bool) -> str:
    """The same request for that release, with data loss accepted where it crosses something."""
    stay = (f"--without {','.join(sorted(request.pinned))}",) if request.pinned else ()
    flags = (*extra, *(("--accept-data-loss",) if crossing else ()), *stay)
    return said(request.service, graph.history(request.service), place, *flags)


def ways(graph: Graph, request: Request, places: Sequence[int], *, crossing: bool = True) -> tuple[str, ...]:
    """Requests for the first of these releases that would give a partial plan; with `crossing`, also such as may lose data."""
    found = []
    for place in places[:TRIED]:
        choice = choose_partial(graph, request.service, place, REACH)
        if not isinstance(choice, Choice):
            continue
        harmful = bool(hazards(graph, choice.places))
        if crossing or not harmful:
            found.append(again(graph, request, place, crossing=harmful))
    return tuple(found[:OFFERED])
