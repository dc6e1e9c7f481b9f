"""The plans that answer one request, compared: which of them it should be, what to expect of each, and why in a sentence."""

from collections import Counter
from dataclasses import dataclass, replace

from planner.draft import Draft
from planner.graph import Graph
from planner.offers import point_between, single_steps
from planner.plan import Alternative, Request, Risk, Strategy
from planner.rates import Rates
from planner.risk import risk_of
from planner.users import Users, users_of
from planner.weighing import Weighed, numbers, pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The draft that it should be, what to expect of it, the others, and why; the last two are empty where there is no other."""

    draft: Draft
    risk: Risk
    alternatives: tuple[Alternative, ...]
    advice: str
    compared: tuple[str, ...]


def compare(graph: Graph, request: Request, draft: Draft, other: Draft | None, rates: Rates) -> Comparison:
    """What was asked for beside the other strategy, where it differs, and a point between the two.

    Only `auto` lets another plan take the place of the first, and none that crosses hazards which were not accepted.
    """
    drafts = [draft, *([] if other is None else [other])]
    if other is not None:
        partial, full = (draft, other) if draft.strategy is Strategy.PARTIAL else (other, draft)
        middle = point_between(graph, request, partial, full)
        drafts += [middle] if middle is not None else []
    weighed = _weigh(drafts, users_of(graph, request.service), rates)
    best, advice = pick(weighed)
    if best.label is not None:
        # It must be asked for by name: what `auto` may give is one of the two that everybody knows.
        best, _ = pick([one for one in weighed if one.label is None])
    at = weighed.index(best) if request.strategy is Strategy.AUTO and (request.accept_data_loss or not best.hazards) else 0
    chosen = drafts[at]
    rest = tuple(_alternative(graph, drafts[beside], weighed[beside]) for beside in range(len(drafts)) if beside != at)
    apart = single_steps(graph, request, chosen, rates)
    compared = tuple(numbers(one) for one in weighed) if advice else ()
    return Comparison(draft=chosen, risk=weighed[at].risk, alternatives=(*rest, *apart), advice=advice, compared=compared)


def _weigh(drafts: list[Draft], users: Users | None, rates: Rates) -> list[Weighed]:
    """What to expect of each; all but the full plan can be escalated to it."""
    whole = next((one for one in drafts if one.strategy is Strategy.FULL and one.label is None), None)
    full = None if whole is None else _risk(whole, users, rates, None)
    return [
        Weighed(
            strategy=one.strategy,
            services=len(one.choice.places),
            hazards=len(one.hazards),
            risk=full if full is not None and one is whole else _risk(one, users, rates, full),
            label=one.label,
        )
        for one in drafts
    ]


def _risk(draft: Draft, users: Users | None, rates: Rates, full: Risk | None) -> Risk:
    crossed = Counter(hazard.service for hazard in draft.hazards)
    risk = risk_of(draft.order.waves, rates, hazards=crossed, full=full)
    if users is None:
        return risk
    return replace(risk, reliable_now=round(users.now, 6), reliable_after=round(users.after(draft.choice.places), 6))


def _alternative(graph: Graph, draft: Draft, weighed: Weighed) -> Alternative:
    moves = [(name, graph.history(name).version(place)) for name, place in draft.choice.places.items()]
    return Alternative(
        strategy=draft.strategy,
        services=weighed.services,
        hazards=weighed.hazards,
        risk=weighed.risk,
        label=draft.label,
        text=draft.text,
        asked=draft.asked,
        moves=() if draft.label is None else tuple(moves),
    )
