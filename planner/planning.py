"""The one door in: a request and a snapshot become a plan, or a refusal that teaches.

    target      which release the named service goes back to              planner.target
    choice      which services move with it, and how far                  planner.partial, planner.full
    order       waves and lockstep groups, safe at every state            planner.order
    hazards     what going back crosses                                   planner.hazards
    comparison  this plan or another one, and why                         planner.comparing
    reasons     why each of it                                            planner.reasons

Pure: the same request and facts give the same bytes, whatever order they came in.
"""

from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from planner.closure import Choice, Impossible, TooHard
from planner.comparing import compare
from planner.draft import Draft, draft_of
from planner.findings import facts_of, findings
from planner.footing import footing, weighed
from planner.full import NoFull, choose_full, moment_words
from planner.graph import Graph, graph_of
from planner.names import ServiceName
from planner.partial import choose_partial
from planner.plan import Move, OrderEdge, Plan, Request, Strategy, Target
from planner.rates import Rates
from planner.reasons import kept, reasons, tied
from planner.refusal import Refusal
from planner.refusals import crosses, no_full, no_partial, too_hard
from planner.snapshot import Snapshot
from planner.target import choose_target
from planner.wire import sealed

WEIGHED = 200
"""An alternative that would move more services than this is not worked out."""

INSTEAD = 2_000
"""Nor is one that stands in for a partial plan that was too hard offered, where it would move more than this."""

UNWEIGHED = f"More than {WEIGHED} services went live since then: the full rollback was not weighed, but can be asked for."


def make_plan(request: Request, snapshot: Snapshot) -> Plan | Refusal:
    """The plan for a request, or why there is none. Never asks the world, never guesses: a partial plan is proven least."""
    graph = graph_of(snapshot, request.pinned)
    place = choose_target(request, graph)
    if isinstance(place, Refusal):
        return place
    draft: Draft | Impossible | NoFull | TooHard
    match request.strategy:
        case Strategy.PARTIAL | Strategy.AUTO:
            draft = _partial(graph, request, place)
            if request.strategy is Strategy.AUTO and isinstance(draft, TooHard):
                instead = _full(graph, request, place)
                if isinstance(instead, Draft):
                    note = f"Which services must move at least could not be proven ({draft.spent}), so this is the full rollback."
                    draft = replace(instead, warnings=(note, *instead.warnings))
        case Strategy.FULL:
            draft = _full(graph, request, place)
        case _:
            assert_never(request.strategy)
    if isinstance(draft, TooHard):
        return too_hard(graph, request, place, draft, full=isinstance(_full(graph, request, place, INSTEAD), Draft))
    if isinstance(draft, Impossible):
        return no_partial(graph, request, place, draft)
    if isinstance(draft, NoFull):
        return no_full(graph, request, place, draft)
    if draft.hazards and not request.accept_data_loss:
        return crosses(graph, request, place, draft.hazards)
    return _finish(graph, request, place, draft, snapshot.rates)


def why_not(snapshot: Snapshot, request: Request) -> Refusal | None:
    """Why going back to that version would not do; `None` where it would."""
    answer = make_plan(request, snapshot)
    return answer if isinstance(answer, Refusal) else None


def why_stays(snapshot: Snapshot, plan: Plan, service: ServiceName) -> tuple[str, ...]:
    """Why a plan made from this snapshot leaves that service where it is; its own reasons where it moves after all."""
    move, graph = plan.move(service), graph_of(snapshot)
    if service not in graph:
        return (f"no service {service} is known",)
    return move.because if move is not None else kept(graph, plan, service)


def way_forward(plan: Plan) -> Plan:
    """The plan back from the state after: the same moves reversed, last wave first.

    It meets the same states in the other direction, so it is as safe as the plan. It leads to the state before, with whatever
    was wrong in it, and crosses no hazard: migrations are brought again by the releases that brought them.
    """
    count = len(plan.waves)
    moves = [
        Move(
            service=move.service,
            from_version=move.to_version,
            to_version=move.from_version,
            wave=count + 1 - move.wave,
            group=move.group,
            because=(f"{move.service} goes forward again to {move.from_version}, which ran before the rollback",),
        )
        for move in plan.moves
    ]
    target = Target(service=plan.target.service, from_version=plan.target.to_version, to_version=plan.target.from_version)
    after = {move.service: move.to_version for move in plan.moves}
    edges = [OrderEdge(before=edge.after, after=edge.before, because=edge.because) for edge in plan.order]
    back = Plan(
        digest="",
        strategy=plan.strategy,
        target=target,
        moves=tuple(sorted(moves, key=lambda move: (move.wave, move.service))),
        waves=tuple(reversed(plan.waves)),
        order=tuple(sorted(edges, key=lambda edge: (edge.before, edge.after))),
        risk=plan.risk,
        facts=MappingProxyType({**plan.facts, **after}),
        policy=plan.policy,
    )
    return sealed(back)


def _partial(graph: Graph, request: Request, place: int) -> Draft | Impossible | TooHard:
    choice = choose_partial(graph, request.service, place)
    return draft_of(graph, Strategy.PARTIAL, choice) if isinstance(choice, Choice) else choice


def _full(graph: Graph, request: Request, place: int, limit: int | None = None) -> Draft | NoFull | TooHard:
    full = choose_full(graph, request.service, place, limit)
    if full is None:
        return TooHard(spent=f"more than {limit} services")
    if isinstance(full, NoFull):
        return full
    return replace(draft_of(graph, Strategy.FULL, full.choice), since=moment_words(full.since), warnings=full.warnings)


def _finish(graph: Graph, request: Request, place: int, draft: Draft, rates: Rates) -> Plan:
    history = graph.history(request.service)
    other = _other(graph, request, place, draft)
    found = compare(graph, request, draft, other if isinstance(other, Draft) else None, rates)
    chosen = found.draft
    facts, stands = facts_of(graph, chosen.choice), weighed(graph, chosen.choice)
    return sealed(
        Plan(
            digest="",
            strategy=chosen.strategy,
            target=Target(service=request.service, from_version=history.current, to_version=history.version(place)),
            moves=_moves(graph, request, chosen),
            waves=chosen.order.waves,
            order=chosen.order.edges,
            hazards=chosen.hazards,
            warnings=findings(graph, chosen.choice, chosen.warnings, facts, stands),
            risk=found.risk,
            alternatives=found.alternatives,
            advice=UNWEIGHED if isinstance(other, TooHard) else found.advice,
            compared=found.compared,
            facts=MappingProxyType(facts),
            stands_on=footing(stands),
            data_loss_accepted=request.accept_data_loss,
            policy=request.policy,
        )
    )


def _moves(graph: Graph, request: Request, draft: Draft) -> tuple[Move, ...]:
    chains, ties = reasons(graph, request, draft.choice, draft.since), tied(draft.order)

    def move(name: ServiceName, wave: int) -> Move:
        history = graph.history(name)
        return Move(
            service=name,
            from_version=history.current,
            to_version=history.version(draft.choice.places[name]),
            wave=wave,
            group=draft.order.groups.get(name),
            because=(*chains[name], *((ties[name],) if name in ties else ())),
        )

    return tuple(move(name, number) for number, wave in enumerate(draft.order.waves, start=1) for name in wave)


def _other(graph: Graph, request: Request, place: int, draft: Draft) -> Draft | TooHard | None:
    """The other strategy, where there is one and it does something else; `TooHard` where a full one is too large to weigh."""
    other: Draft | None = None
    if draft.strategy is Strategy.FULL and request.strategy is Strategy.AUTO:
        return None  # the full rollback stands in for a partial one that was too hard
    if draft.strategy is Strategy.FULL:
        choice = choose_partial(graph, request.service, place, WEIGHED)
        other = draft_of(graph, Strategy.PARTIAL, choice) if isinstance(choice, Choice) else None
    else:
        full = _full(graph, request, place, WEIGHED)
        if isinstance(full, TooHard):
            return full
        other = full if isinstance(full, Draft) else None
    return None if other is None or other.choice == draft.choice else other
