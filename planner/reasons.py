"""Why: for every move the chain from the service that was named to it, and for a service that stays, why it may.

In a least choice every moved service is reached from the target by steps of one kind: A is back, and with B where it runs
now, a need between the two would be broken. (Were some services not reached so, they could all stay, at a lower cost.) The
shortest such chain is the reason. Moves of a full rollback may have no chain; their reason is when their release went live.
"""

from collections import deque

from planner.closure import Choice
from planner.facts import Verified
from planner.full import moment_words
from planner.graph import Graph
from planner.names import ServiceName
from planner.order import Order, broken
from planner.plan import OrderEdge, Plan, Request


def reasons(graph: Graph, request: Request, choice: Choice, since: str | None) -> dict[ServiceName, tuple[str, ...]]:
    """For each move its chain of sentences, from the target on. `since` is the moment of a full rollback, in words."""
    chains: dict[ServiceName, tuple[str, ...]] = {request.service: (_target(graph, request, choice.places[request.service]),)}
    queue = deque([request.service])
    while queue:
        name = queue.popleft()
        for other in sorted(set(graph.at_odds(name, choice.places[name]))):
            if other not in choice.places or other in chains:
                continue
            history = graph.history(other)
            why = broken(graph, name, choice.places[name], other, history.now)
            chains[other] = (*chains[name], f"{why}, so {other} goes back to {history.version(choice.places[other])}")
            queue.append(other)
    for name in sorted(set(choice.places) - set(chains)):
        history = graph.history(name)
        back = history.version(choice.places[name])
        target = graph.history(request.service).version(choice.places[request.service])
        start = history.times[history.now]
        went_live = "" if start is None else f" went live at {moment_words(start)}, which is not before {since}"
        words = f"{name} {history.current}{went_live}, when {request.service} {target} was replaced; {name} {back} was live then"
        chains[name] = (*chains[request.service], words)
    return chains


def tied(order: Order) -> dict[ServiceName, str]:
    """For each member of a lockstep group, why it cannot move before or after the others."""
    members: dict[str, list[ServiceName]] = {}
    for name in sorted(order.groups):
        members.setdefault(order.groups[name], []).append(name)
    first: dict[ServiceName, OrderEdge] = {}
    for edge in order.ties:
        first.setdefault(edge.after, edge)
    words = {}
    for group, names in members.items():
        for name in names:
            others = [other for other in names if other != name]
            shown = ", ".join(others[:4]) + (f" and {len(others) - 4} more" if len(others) > 4 else "")
            why = first[name].because
            words[name] = f"{name} moves in one step with {shown} ({group}): {why[0].lower()}{why[1:]}"
    return words


def kept(graph: Graph, plan: Plan, service: ServiceName) -> tuple[str, ...]:
    """Why a plan leaves a service where it is, one sentence for each need it has or meets; for people who expected it to move."""
    history = graph.history(service)
    found = []
    for other in graph.neighbours(service):
        move = plan.move(other)
        place = None if move is None else graph.history(other).place(move.to_version)
        if place is None:
            continue
        version = graph.history(other).version(place)
        own, theirs = graph.need(service, history.now, other), graph.need(other, place, service)
        if own is not None:
            found.append(f"{service} {history.current} needs {other} {own.words}, and {version} is")
        if theirs is not None:
            found.append(f"{other} {version} needs {service} {theirs.words}, and {history.current} is")
    return tuple(found) or (f"nothing that moves needs anything of {service} {history.current}, nor the other way round",)


def _target(graph: Graph, request: Request, place: int) -> str:
    history = graph.history(request.service)
    words = f"{request.service} goes back to {history.version(place)}"
    if request.to is not None:
        return f"{words}, as asked"
    passed = [
        f"{history.version(other)} " + (history.barred[other].words if other in history.barred else "is not verified good")
        for other in range(history.now - 1, place, -1)
    ]
    if not passed:
        return f"{words}, the release before"
    shown = ", ".join(passed[:3]) + (f", and {len(passed) - 3} more were passed over" if len(passed) > 3 else "")
    why = "is verified good" if history.releases[place].verified is Verified.GOOD else "may be used"
    return f"{words}, the newest earlier release that {why} ({shown})"
