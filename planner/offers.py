"""Other ways that a plan offers besides the other strategy: a point between, and lockstep groups taken apart.

Both obey the rules of a plan (every need of a moved service, in every state on the way). The point between is a full plan that
leaves some out, and is asked for as that. Groups taken apart are asked for step by step: each step is a rollback of one service.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from planner.bridge import Bridge, bridges
from planner.closure import Choice
from planner.curve import LARGEST, between, field_of
from planner.draft import Draft, draft_of
from planner.graph import Graph
from planner.hazards import hazards
from planner.names import ServiceName, Version
from planner.order import Order
from planner.plan import Alternative, Request, Risk, Strategy
from planner.rates import Rates
from planner.risk import risk_of

BETWEEN = "between"
BRIDGE = "bridge"
LEFT_OUT = 20
"""A point between that leaves out more services than this has too long a name to be asked for."""
ASKED = 12
"""More requests than this, one after another, nobody would type."""
NAMED = 5
"""Services and steps that a text names; the rest is in `moves`."""


def point_between(graph: Graph, request: Request, partial: Draft, full: Draft) -> Draft | None:
    """The best bargain between a partial and a full plan, where there is one that is neither."""
    few, all_of_it = partial.choice.places, full.choice.places
    if len(all_of_it) > LARGEST or len(all_of_it) - len(few) < 2:
        return None
    field = field_of(graph, request.service, all_of_it)
    found = between(field)
    names = frozenset() if found is None else frozenset(field.names[member] for member in found)
    if not few.keys() < names < all_of_it.keys():
        return None
    places = {name: all_of_it[name] for name in sorted(names)}
    left = sorted({*request.pinned, *(all_of_it.keys() - names)})
    added = _listed([name for name in places if name not in few])
    text = (
        f"Between the two: also {added}, each to what was live then. By the declared costs (tier, dependents and distance "
        "against hazards and steps back) these are worth moving most. It keeps every need"
    )
    asked = ""
    if len(left) <= LEFT_OUT:
        loss = " --accept-data-loss" if request.accept_data_loss else ""
        to = graph.history(request.service).version(few[request.service])
        asked = f"/rollback plan {request.service} to {to} --strategy full --without {','.join(left)}{loss}"
    return replace(
        draft_of(graph, Strategy.FULL, Choice(places=places)), since=full.since, label=BETWEEN, text=f"{text}.", asked=asked
    )


def single_steps(graph: Graph, request: Request, draft: Draft, rates: Rates) -> tuple[Alternative, ...]:
    """For each lockstep group that can move in single steps by way of releases between, how, and by which requests."""
    choice, found = draft.choice, draft.order
    if not found.groups:
        return ()
    ways = bridges(graph, choice.places, found)
    asked = _requests(graph, request, choice, found, ways)
    return tuple(
        Alternative(
            strategy=draft.strategy,
            services=len(choice.places),
            hazards=len(draft.hazards),
            risk=_risk(graph, _waves(found, bridge), choice.places, rates),
            label=BRIDGE,
            text=_bridge_words(bridge, asked=bool(asked)),
            asked=asked,
            moves=bridge.steps,
        )
        for bridge in ways
    )


def _requests(graph: Graph, request: Request, choice: Choice, found: Order, ways: Sequence[Bridge]) -> str:
    """The requests that carry the whole plan out in single steps, one after another; nothing where there are none, or too many.

    In the state that a step leads to every need of every moved service holds, so the least plan for that step is the step alone.
    """
    bridged = {bridge.group: bridge.steps for bridge in ways}
    steps: list[tuple[ServiceName, Version]] = []
    told: set[str] = set()
    for wave in found.waves:
        for name in wave:
            group = found.groups.get(name)
            if group is None:
                steps.append((name, graph.history(name).version(choice.places[name])))
            elif group not in bridged:
                return ""
            elif group not in told:
                told.add(group)
                steps += bridged[group]
    at = {name: graph.history(name).now for name in choice.places}
    for name, version in steps:
        place = graph.history(name).place(version)
        if place is None or place >= at[name]:
            return ""  # a step forward is no rollback
        at[name] = place
    if len(steps) > ASKED:
        return ""
    loss = " --accept-data-loss" if request.accept_data_loss else ""
    return ", then ".join(f"/rollback plan {name} to {version} --strategy partial{loss}" for name, version in steps)


def _risk(graph: Graph, waves: Sequence[tuple[ServiceName, ...]], places: dict[ServiceName, int], rates: Rates) -> Risk:
    return risk_of(waves, rates, hazards=Counter(hazard.service for hazard in hazards(graph, places)))


def _bridge_words(bridge: Bridge, *, asked: bool) -> str:
    way = _listed([f"{name} to {version}" for name, version in bridge.steps], ", then ")
    more = "as many" if not bridge.extra else f"{bridge.extra} more"
    how = (
        "Each step is a plan of its own, approved and verified before the next."
        if asked
        else "These steps cannot be asked for one by one."
    )
    return (
        f"{bridge.group} need not move in one step: {way}. That is {len(bridge.steps)} single steps, {more} than it has "
        f"services, and every state on the way keeps all needs. {how}"
    )


def _waves(found: Order, bridge: Bridge) -> list[tuple[ServiceName, ...]]:
    waves: list[tuple[ServiceName, ...]] = []
    for wave in found.waves:
        rest = tuple(name for name in wave if name not in bridge.members)
        if rest:
            waves.append(rest)
        if len(rest) < len(wave):
            waves += [(name,) for name, _ in bridge.steps]
    return waves


def _listed(words: list[str], before_last: str = " and ") -> str:
    if len(words) > NAMED:
        return f"{', '.join(words[:NAMED])} and {len(words) - NAMED} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}{before_last}{words[-1]}"
