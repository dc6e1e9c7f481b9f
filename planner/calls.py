"""Who calls whom, as a walk that can be solved: how a request from outside goes on from each service.

Counted are dependencies that a request waits for: `calls` and `stores`, not `publishes`. How it goes on from a service:

- where nothing was observed, to each service called or to its end, all equally likely;
- where calls were observed (`Edge.rate`), in proportion to them. A dependency without a rate counts as the mean of its
  neighbours. The walk ends here in proportion to what comes in beyond what goes out; where what comes in is not known, as
  often as it goes to one of the services called. A walk is in one place at a time: where a service makes more calls than it
  gets requests, each request goes on to one of them.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from planner.facts import EdgeKind, Service
from planner.names import ServiceName
from planner.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGraph:
    """Services by number, the walk over them, and which of them nobody calls. `observed` says whether any rate was seen."""

    names: tuple[ServiceName, ...]
    numbers: Mapping[ServiceName, int]
    walk: Walk
    outermost: tuple[int, ...]
    observed: bool

    def touches(self, name: ServiceName) -> bool:
        """Whether that service calls another or is called."""
        at, first = self.numbers[name], self.walk.first
        return first[at] < first[at + 1] or at not in self.outermost

    def callers(self) -> list[list[int]]:
        """For each service those that call it."""
        return self.walk.callers

    def entries_to(self, names: frozenset[ServiceName]) -> tuple[int, ...]:
        """The services that nobody calls and from which a request can come to one of these; these, where a cycle hides all."""
        callers, todo = self.callers(), [self.numbers[name] for name in sorted(names) if name in self.numbers]
        seen = set(todo)
        while todo:
            for other in callers[todo.pop()]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        found = tuple(at for at in self.outermost if at in seen)
        return found or tuple(sorted(self.numbers[name] for name in names if name in self.numbers))


def calls_among(services: Mapping[ServiceName, Service]) -> int:
    """How many dependencies there are; quick, and never less than the calls that `call_graph` would count."""
    return sum([len(service.depends_on) for service in services.values()])


def call_graph(services: Mapping[ServiceName, Service]) -> CallGraph:
    """The call graph of these services, numbered in their order. A dependency on one that is not among them is passed over."""
    names = tuple(services)
    numbers = {name: at for at, name in enumerate(names)}
    first, to, rates = array("q", [0]), array("q"), array("d")
    called, incoming = bytearray(len(names)), dict[int, float]()
    for name, service in services.items():
        told: dict[int, float] = {}
        for edge in service.depends_on:
            other = numbers.get(edge.service)
            if other is not None and edge.kind is not EdgeKind.PUBLISHES and edge.service != name:
                told[other] = max(told.get(other, 0.0), edge.rate or 0.0)
                called[other] = 1
        told = dict(sorted(told.items()))  # the same sums, whatever order the catalog has
        to.extend(told)
        rates.extend(told.values())
        first.append(len(to))
        for other, rate in told.items():
            if rate:
                incoming[other] = incoming.get(other, 0.0) + rate
    share, ends = _shares(first, rates, incoming)
    return CallGraph(
        names=names,
        numbers=numbers,
        walk=Walk(first=first, to=to, share=share, ends=ends),
        outermost=tuple(at for at, by in enumerate(called) if not by),
        observed=bool(incoming),
    )


def _shares(first: "array[int]", rates: "array[float]", incoming: Mapping[int, float]) -> tuple["array[float]", "array[float]"]:
    share, ends = array("d"), array("d")
    for at in range(len(first) - 1):
        mine = rates[first[at] : first[at + 1]]
        seen = [rate for rate in mine if rate]
        if not seen:
            even = 1.0 / (len(mine) + 1)
            share.extend([even] * len(mine))
            ends.append(even)
            continue
        usual = sum(seen) / len(seen)
        weights = [rate or usual for rate in mine]
        out = sum(weights)
        here = max(incoming[at] - out, 0.0) if at in incoming else usual
        whole = out + here
        share.extend([weight / whole for weight in weights])
        ends.append(here / whole)
    return share, ends
