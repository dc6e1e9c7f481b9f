"""What users feel: the share of requests from outside that end well, now and after services go back (Cheung's model).

    R = e' x                                      e: where requests come in; x and V as in `planner.walk`
    R_i = R + d V_i x_i / (1 - d (N_ii - 1))      service i alone serves 1 + d times as well (Sherman and Morrison, 1950)

So two solutions, x and V, score the rollback of every single service. N_ii is 1 where no request comes back to a service, and
taken as 1 everywhere: on a cycle the gain is off by the share d (N_ii - 1), which is small where releases serve well. A set of
services that go back is solved anew.

How well a release serves is declared until it is measured: `SERVES`, by what is known of it. The release that somebody
wants to roll back counts as bad.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planner.calls import CallGraph
from planner.facts import Service, Verified
from planner.names import ServiceName, Version

SERVES = {Verified.GOOD: 0.999, Verified.UNKNOWN: 0.995, Verified.BAD: 0.9}
"""How likely a release serves a request, by what somebody learned of it."""

Bad = Mapping[ServiceName, Mapping[Version, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One service rolled back alone: to which release, and the share of requests that would end well then."""

    service: ServiceName
    to: Version
    after: float


def serves(service: Service, version: Version, bad: Bad) -> float:
    """How likely that release serves a request."""
    if version in bad.get(service.name, ()):
        return SERVES[Verified.BAD]
    for release in reversed(service.releases):
        if release.version == version:
            return SERVES[release.verified]
    return SERVES[Verified.UNKNOWN]


def entering(calls: CallGraph, at: Sequence[int]) -> list[float]:
    """Requests that come in at these services, equally often at each."""
    found = [0.0] * len(calls.names)
    for number in at:
        found[number] = 1.0 / len(at)
    return found


def reliability(calls: CallGraph, serving: Sequence[float], entry: Sequence[float]) -> float:
    """The share of requests that end well. One solution."""
    onward = calls.walk.onward(serving)
    return sum([part * onward[at] for at, part in enumerate(entry) if part])


def alone(
    calls: CallGraph, serving: Sequence[float], entry: Sequence[float], better: Mapping[int, float]
) -> tuple[float, dict[int, float]]:
    """The share now, and for each service in `better` the share if it alone served that well. Two solutions for all of them."""
    onward, visits = calls.walk.onward(serving), calls.walk.visits(serving, entry)
    now = sum([part * onward[at] for at, part in enumerate(entry) if part])
    return now, {at: now + (served / serving[at] - 1) * visits[at] * onward[at] for at, served in better.items()}
