"""Which release the service that was named goes back to, and why that one."""

from difflib import get_close_matches
from typing import assert_never

from planner.facts import Verified
from planner.graph import Graph
from planner.history import BarKind, History
from planner.names import ServiceName, Version, spoken
from planner.plan import Request
from planner.refusal import Code, Refusal
from planner.ways import OFFERED, TRIED, ways


def choose_target(request: Request, graph: Graph) -> int | Refusal:
    """The place, in the service's history, of the release it goes back to."""
    if request.service not in graph:
        return _unknown_service(request.service, graph)
    history = graph.history(request.service)
    if request.to is None:
        return _newest(request, history)
    place = history.place(request.to)
    if place is None:
        return _unknown_version(request, graph)
    if place >= history.now:
        return _not_earlier(request, graph, place)
    if place in history.barred:
        return _barred(request, graph, place)
    return place


def other_targets(request: Request, history: History) -> list[int]:
    """Every release that rule 1 allows, those newest first that the planner would choose by itself."""
    allowed = list(history.candidates[1:])
    if request.prefer_verified:
        allowed.sort(key=lambda place: history.releases[place].verified is not Verified.GOOD)
    return allowed


def _newest(request: Request, history: History) -> int | Refusal:
    allowed = other_targets(request, history)
    if allowed:
        return allowed[0]
    name, current = request.service, history.current
    if history.now == 0:
        message = f"{name} has no release before {current}, which runs now, so there is nothing to go back to."
        return Refusal(code=Code.NO_EARLIER_RELEASE, message=message, nearest=(f"/rollback status {name}",))
    facts = tuple(f"{name} {history.version(place)} {history.barred[place].words}" for place in range(history.now - 1, -1, -1))
    message = f"None of the {history.now} releases of {name} before {current} may be gone back to."
    if history.now == 1:
        message = f"The only release of {name} before {current} may not be gone back to."
    return Refusal(code=Code.NO_EARLIER_RELEASE, message=message, facts=facts, nearest=("/rollback bad list",))


def _unknown_service(name: ServiceName, graph: Graph) -> Refusal:
    names = graph.names()
    close = get_close_matches(name, _likely(name, names), n=OFFERED, cutoff=0.6)
    hint = (
        f" Did you mean {close[0]}?"
        if close
        else " `/rollback status` lists what is known."
        if names
        else " The catalog is empty."
    )
    return Refusal(
        code=Code.UNKNOWN_SERVICE,
        message=f"There is no service {name!r} in the catalog.{hint}",
        facts=(f"{len(names)} services are known",),
        nearest=tuple(spoken(other) for other in close),
    )


def _likely(name: str, names: list[ServiceName]) -> list[ServiceName]:
    """Comparing letter by letter is slow over a large catalog: there, only names that share three letters in a row are."""
    if len(names) <= 2000:
        return names
    parts = {name[at : at + 3] for at in range(max(1, len(name) - 2))}
    return [other for other in names if abs(len(other) - len(name)) <= 4 and any(part in other for part in parts)][:2000]


def _unknown_version(request: Request, graph: Graph) -> Refusal:
    history = graph.history(request.service)
    known = {history.version(place): place for place in history.candidates[1:]}
    close = list(map(Version, get_close_matches(str(request.to), known, n=TRIED, cutoff=0.5))) or list(known)[:TRIED]
    return Refusal(
        code=Code.UNKNOWN_VERSION,
        message=f"{request.service} never ran a release {request.to!r}." + (f" Did you mean {close[0]}?" if close else ""),
        facts=(_known(request.service, history),),
        nearest=ways(graph, request, [known[version] for version in close]),
    )


def _not_earlier(request: Request, graph: Graph, place: int) -> Refusal:
    name, history = request.service, graph.history(request.service)
    current = history.current
    if place == history.now:
        message = f"{name} already runs {request.to}."
    else:
        message = f"{name} {request.to} went live after {current}, which runs now: that would be a way forward, not a rollback."
    nearest = ways(graph, request, other_targets(request, history))
    return Refusal(code=Code.NOT_EARLIER, message=message, facts=(_known(name, history),), nearest=nearest)


def _barred(request: Request, graph: Graph, place: int) -> Refusal:
    history = graph.history(request.service)
    bar = history.barred[place]
    match bar.kind:
        case BarKind.BAD | BarKind.REMEMBERED:
            code = Code.BAD_VERSION
        case BarKind.FLOOR:
            code = Code.BELOW_FLOOR
        case BarKind.PINNED:
            code = Code.NO_SAFE_PLAN
        case _:
            assert_never(bar.kind)
    near = sorted(history.candidates[1:], key=lambda other: (abs(other - place), -other))
    return Refusal(
        code=code,
        message=f"{request.service} {request.to} {bar.words}, so it is not gone back to.",
        facts=(f"{request.service} {request.to} {bar.words}", _known(request.service, history)),
        nearest=ways(graph, request, near),
    )


def _known(name: ServiceName, history: History) -> str:
    earlier = [history.version(place) for place in history.candidates[1:]]
    if not earlier:
        return f"{name} runs {history.current} and has no earlier release that may be gone back to"
    shown = ", ".join(earlier[:8]) + (f" and {len(earlier) - 8} older" if len(earlier) > 8 else "")
    return f"{name} runs {history.current}; it can go back to {shown}"
