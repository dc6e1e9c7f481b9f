"""What users see of a plan: the share of requests that end well now, after it, and after each service went back alone.

Asked are the services, called by nobody, from which a request can come to the one that is to be rolled back: they are where
somebody noticed. A catalog in which nobody calls anybody says nothing about users.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from planner.calls import CallGraph
from planner.facts import Verified
from planner.graph import Graph
from planner.names import ServiceName
from planner.plan import Plan
from planner.reliability import SERVES, Single, alone, entering, reliability
from planner.walk import SMALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Where requests come in that can come to `target`, and how well each running release serves, the target's counted as bad."""

    graph: Graph
    calls: CallGraph
    target: ServiceName
    entry: tuple[float, ...]
    serving: tuple[float, ...]
    now: float

    def after(self, places: Mapping[ServiceName, int]) -> float:
        """The share of requests that end well when these services have gone back."""
        changed = list(self.serving)
        for name, place in places.items():
            changed[self.calls.numbers[name]] = self.graph.serves(name, self.graph.history(name).version(place))
        return reliability(self.calls, changed, self.entry)

    def after_plan(self, plan: Plan) -> float:
        """The same after that plan."""
        return self.after({move.service: self.graph.history(move.service).place(move.to_version) or 0 for move in plan.moves})

    def singles(self) -> list[Single]:
        """Each service that could go back, alone, to the newest release that rule 1 allows; best first."""
        back = {}
        for at, name in enumerate(self.calls.names):
            earlier = self.graph.choices(name)[1:2]
            if earlier:
                back[at] = self.graph.history(name).version(earlier[0])
        better = {at: self.graph.serves(self.calls.names[at], version) for at, version in back.items()}
        _, found = alone(self.calls, self.serving, self.entry, better)
        ranked = sorted(found.items(), key=lambda item: (-item[1], self.calls.names[item[0]]))
        return [Single(service=self.calls.names[at], to=back[at], after=share) for at, share in ranked]


def users_of(graph: Graph, target: ServiceName, *, most: float = SMALL) -> Users | None:
    """What users see of that service; `None` where nobody calls anybody near it, or there are more than `most` calls."""
    if graph.among.calls_among() > most:
        return None
    calls = graph.calls()
    if target not in calls.numbers or not calls.touches(target):
        return None
    entry = entering(calls, calls.entries_to(frozenset({target})))
    serving = list(graph.serving())
    serving[calls.numbers[target]] = SERVES[Verified.BAD]
    return Users(
        graph=graph,
        calls=calls,
        target=target,
        entry=tuple(entry),
        serving=tuple(serving),
        now=reliability(calls, serving, entry),
    )
