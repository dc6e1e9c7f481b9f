"""A choice of services with all that follows from it, before it is put into words."""

from dataclasses import dataclass

from planner.closure import Choice
from planner.graph import Graph
from planner.hazards import hazards
from planner.order import Order, order
from planner.plan import Hazard, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A plan in the making. `since` is the moment that a full one goes back to.

    `label` is set on one that stands between partial and full, `text` explains it, and
    `asked` is the command that asks for it, if it is not too long.
    """

    strategy: Strategy
    choice: Choice
    order: Order
    hazards: tuple[Hazard, ...]
    since: str | None = None
    warnings: tuple[str, ...] = ()
    label: str | None = None
    text: str = ""
    asked: str = ""


def draft_of(graph: Graph, strategy: Strategy, choice: Choice) -> Draft:
    """The draft of that choice."""
    places = choice.places
    return Draft(strategy=strategy, choice=choice, order=order(graph, places), hazards=hazards(graph, places))
