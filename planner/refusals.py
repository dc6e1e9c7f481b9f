"""Why there is no plan, and what would do instead: the words of the planner's refusals."""

from dataclasses import replace

from planner.closure import Choice, Impossible, TooHard
from planner.full import NoFull
from planner.graph import Graph
from planner.hazards import hazard_words, hazards
from planner.partial import choose_partial
from planner.plan import Hazard, Request, Strategy
from planner.refusal import Code, Refusal
from planner.target import other_targets
from planner.ways import REACH, TRIED, again, said, ways

TOLD = 200
"""Facts that a refusal holds one by one; the rest is counted."""


def no_partial(graph: Graph, request: Request, place: int, found: Impossible) -> Refusal:
    """No choice keeps every need: the conflict, and releases to which there is a way."""
    from planner.conflict import conflict, fact_words

    facts = conflict(graph, request.service, place, found)
    if facts is None:
        words: tuple[str, ...] = (f"the conflict runs through {len(found.among)} services, too many to name the few that matter",)
    else:
        words = tuple(fact_words(graph, fact) for fact in facts)
    return Refusal(
        code=Code.NO_SAFE_PLAN,
        message=f"No releases that may be used go together with {_named(graph, request, place)}, so nothing is planned.",
        facts=_some(words),
        nearest=(*_released(graph, request, place, found), *_other_ways(graph, request, place)),
    )


def no_full(graph: Graph, request: Request, place: int, found: NoFull) -> Refusal:
    """A full rollback would break something; a partial one may not."""
    nearest: tuple[str, ...] = ()
    choice = choose_partial(graph, request.service, place, REACH)
    if isinstance(choice, Choice):
        nearest = (again(graph, request, place, "--strategy partial", crossing=bool(hazards(graph, choice.places))),)
    return Refusal(
        code=Code.NO_SAFE_PLAN,
        message=f"A full rollback to {_named(graph, request, place)} would not keep to the rules.",
        facts=found.facts,
        nearest=nearest or _other_ways(graph, request, place),
    )


def crosses(graph: Graph, request: Request, place: int, found: tuple[Hazard, ...]) -> Refusal:
    """Even the least plan may lose data, and nobody has accepted that."""
    number = "one migration" if len(found) == 1 else f"{len(found)} migrations"
    least = "The full rollback" if request.strategy is Strategy.FULL else "Even the least rollback"
    message = (
        f"{least} to {_named(graph, request, place)} goes back across {number} after which older releases "
        "may lose or misread data; it needs --accept-data-loss and one approval more."
    )
    accept = again(graph, request, place, *(("--strategy full",) if request.strategy is Strategy.FULL else ()), crossing=True)
    return Refusal(
        code=Code.DATA_LOSS,
        message=message,
        facts=_some(tuple(hazard_words(hazard) for hazard in found)),
        nearest=(accept, *_other_ways(graph, request, place, crossing=False)),
    )


def too_hard(graph: Graph, request: Request, place: int, found: TooHard, *, full: bool) -> Refusal:
    """The effort limit was reached; nothing is shown that is not proven."""
    return Refusal(
        code=Code.TOO_HARD,
        message=f"Which services must at least go back with {_named(graph, request, place)} could not be proven within the "
        f"effort limit ({found.spent}), and nothing is shown that is not proven.",
        facts=(
            f"the limit: {found.spent}",
            "many ranges here let a newer release work with older ones only, which makes the search hard",
        ),
        nearest=(said(request.service, graph.history(request.service), place, "--strategy full"),) if full else (),
    )


def _some(facts: tuple[str, ...]) -> tuple[str, ...]:
    return facts if len(facts) <= TOLD else (*facts[:TOLD], f"and {len(facts) - TOLD} more")


def _released(graph: Graph, request: Request, place: int, found: Impossible) -> tuple[str, ...]:
    """The same request with one service fewer that must stay where it is, where that is enough."""
    ways = []
    for name in sorted(request.pinned & found.among)[:TRIED]:
        freed = graph.releasing(name)
        choice = choose_partial(freed, request.service, place, REACH)
        if isinstance(choice, Choice):
            less = replace(request, pinned=request.pinned - {name})
            ways.append(again(freed, less, place, crossing=bool(hazards(freed, choice.places))))
    return tuple(ways)


def _named(graph: Graph, request: Request, place: int) -> str:
    """The named service with that version."""
    return f"{request.service} {graph.history(request.service).version(place)}"


def _other_ways(graph: Graph, request: Request, place: int, crossing: bool = True) -> tuple[str, ...]:
    """Requests for another release of the service that would give a partial plan; with `crossing`, also such as may lose data."""
    targets = other_targets(request, graph.history(request.service))
    return ways(graph, request, [other for other in targets if other != place], crossing=crossing)
