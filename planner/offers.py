"""Other ways that a plan offers besides the other strategy: a point between, and lockstep groups taken apart.

Both obey the rules of a plan (every need of a moved service, in every state on the way). The point between is a full plan that
leaves some out, and is asked for as that. Groups taken apart are asked for step by step: each is a rollback of one service.
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

Steps = tuple[tuple[ServiceName, Version], ...]
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
    """For each lockstep group that can move in single steps by way of releases between, how, and what to ask for first."""
    choice, found = draft.choice, draft.order
    if not found.groups:
        return ()
    ways = bridges(graph, choice.places, found)
    steps = single_moves(graph, choice, found, ways)
    loss = " --accept-data-loss" if request.accept_data_loss else ""
    asked = f"/rollback plan {steps[0][0]} to {steps[0][1]} --strategy partial{loss}" if steps else ""
    return tuple(
        Alternative(
            strategy=draft.strategy,
            services=len(choice.places),
            hazards=len(draft.hazards),
            risk=_risk(graph, _waves(found, bridge), choice.places, rates),
            label=BRIDGE,
            text=_bridge_words(bridge, steps),
            asked=asked,
            moves=bridge.steps,
        )
        for bridge in ways
    )


def single_moves(graph: Graph, choice: Choice, found: Order, ways: Sequence[Bridge]) -> Steps:
    """The whole plan as moves of one service each, in order; none where a group cannot be taken apart, or there are too many.

    In the state that a step leads to every need of every moved service holds. So the least plan for that step is the step alone:
    whoever asks for one after another is led through the same states.
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
                return ()
            elif group not in told:
                told.add(group)
                steps += bridged[group]
    at = {name: graph.history(name).now for name in choice.places}
    for name, version in steps:
        place = graph.history(name).place(version)
        if place is None or place >= at[name]:
            return ()  # a step forward is no rollback
        at[name] = place
    return tuple(steps) if len(steps) <= ASKED else ()


def _risk(graph: Graph, waves: Sequence[tuple[ServiceName, ...]], places: dict[ServiceName, int], rates: Rates) -> Risk:
    return risk_of(waves, rates, hazards=Counter(hazard.service for hazard in hazards(graph, places)))


def _bridge_words(bridge: Bridge, steps: Steps) -> str:
    way = _listed([f"{name} to {version}" for name, version in bridge.steps], ", then ")
    more = "as many" if not bridge.extra else f"{bridge.extra} more"
    how = "These steps cannot be asked for one by one."
    if steps:
        whole = ", then ".join(f"{name} to {version}" for name, version in steps)
        named = "" if steps == bridge.steps else f" The whole plan that way: {whole}."
        how = f"Each step is a plan of its own, to be asked for when the one before is done.{named}"
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
