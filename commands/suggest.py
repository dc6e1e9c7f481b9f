"""`suggest [SERVICE…]`: which service to roll back, from what changed lately, what fails now, and who depends on whom."""

import asyncio
from dataclasses import dataclass

from commands.grammar import arguments, service_name
from commands.ports import Call, Desk
from commands.reply import Refused, Reply, Suggested, Suggestion
from commands.status import unknown_service
from commands.words import Word
from planner.graph import Graph, graph_of
from planner.names import ServiceName
from planner.plan import Request
from planner.planning import make_plan
from planner.refusal import Refusal
from planner.snapshot import Snapshot
from planner.suspects import Suspect, Suspicion, Symptom, changed, suspicion

USAGE = "/rollback suggest [SERVICE…]"
SHOWN = 3
"""Suspects that are named: whoever is in a hurry reads no more."""
EXAMINED = 40
"""Services whose checks are measured at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggest:
    """Suggest what to roll back; `failing` are services where the person sees something fail."""

    failing: tuple[ServiceName, ...] = ()


def read(words: tuple[Word, ...]) -> Suggest | Refusal:
    """`[SERVICE…]`."""
    found = arguments(words, {}, USAGE)
    if isinstance(found, Refusal):
        return found
    names: list[ServiceName] = []
    for text in found.places:
        name = service_name(text, USAGE)
        if isinstance(name, Refusal):
            return name
        names.append(name)
    return Suggest(failing=tuple(dict.fromkeys(names)))


async def act(desk: Desk, call: Call, intent: Suggest) -> Reply:
    """The suspects with what speaks for them. Measures checks; changes nothing."""
    snapshot, now = await desk.survey(), desk.now()
    for name in intent.failing:
        if name not in snapshot.services:
            return Refused(refusal=unknown_service(name, snapshot))
    graph = graph_of(snapshot)
    near = await asyncio.to_thread(_near, graph, intent.failing, tuple(changed(graph, now)))
    seen = await desk.examine([snapshot.services[name] for name in near])
    by_hand = [Symptom(service=name, words=f"{call.actor.person.name} sees it fail") for name in intent.failing]
    found = await asyncio.to_thread(suspicion, graph, [*by_hand, *seen.symptoms], now, seen.healthy)
    suggestions = [await asyncio.to_thread(_suggestion, snapshot, one) for one in found.suspects[:SHOWN]]
    return Suggested(
        suggestions=tuple(suggestions),
        more=len(found.suspects) - len(suggestions) + found.more,
        elsewhere=found.elsewhere,
        looked=_looked(intent, found, len(seen.symptoms), seen.measured, seen.unknown),
    )


def _near(graph: Graph, failing: tuple[ServiceName, ...], young: tuple[ServiceName, ...]) -> list[ServiceName]:
    """The services worth measuring: those named, those that changed lately, their neighbours, and what is most important."""
    beside = (other for name in (*failing, *young) for other in graph.neighbours(name))
    return list(dict.fromkeys((*failing, *young, *beside, *graph.by_tier())))[:EXAMINED]


def _suggestion(snapshot: Snapshot, suspect: Suspect) -> Suggestion:
    """What rolling it back would take."""
    plan = make_plan(Request(service=suspect.service), snapshot)
    if isinstance(plan, Refusal):
        return Suggestion(suspect=suspect, words=plan.message)
    others = len(plan.moves) - 1
    beside = f" with {others} more service{'' if others == 1 else 's'}" if others else " alone"
    words = f"It would go back to {plan.target.to_version}{beside}, {plan.risk.success:.0%} likely to go through."
    return Suggestion(suspect=suspect, words=words, command=f"/rollback plan {suspect.service} to {plan.target.to_version}")


def _looked(intent: Suggest, found: Suspicion, failing: int, measured: int, unknown: int) -> str:
    """What this rests on, in a sentence."""
    began = f"from {', '.join(intent.failing)}, " if intent.failing else ""
    tried = f"{failing} of {measured} checks fail now" if measured else "no check could be measured"
    blind = f", {unknown} gave no answer" if unknown else ""
    young = (
        f"{len(found.suspects) + found.more} releases are within reach" if found.suspects else "no young release is within reach"
    )
    return f"Looked {began}at releases, checks and who depends on whom: {young}; {tried}{blind}."
