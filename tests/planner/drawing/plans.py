"""Plans of any size to draw."""

import random
from dataclasses import replace

from planner.facts import MigrationKind
from planner.plan import Hazard, OrderEdge, Plan
from tests.making import plan

NAMES = (
    *("order", "payment", "ledger", "inventory", "web-front", "checkout-session", "notification-dispatcher", "shipping"),
    *("fraud-scoring-engine", "search-indexer", "recommendation", "customer-profile-aggregator", "pricing", "a"),
    *("tax-calculation-service-eu", "w23456789012345678901234567890123456789012345678901234567890wwww"),
)
VERSIONS = ("2.0.0", "2.0.0-rc.12+build.20261123.deadbeefdeadbeefdeadbeef", "v7", "build<77>&co", "W" * 60)


def drawn(services: int, waves: int, *, groups: int = 0, staying: int = 3, seed: int = 4) -> Plan:
    """A plan of so many services in so many waves, with order edges of all lengths and hazards."""
    chance = random.Random(seed)
    names = [NAMES[at] if at < len(NAMES) else f"{NAMES[at % len(NAMES)][:50]}-{at}" for at in range(services)]
    parts = [[] for _ in range(waves)]
    for at, name in enumerate(names):
        parts[at if at < waves else chance.randrange(waves)].append(name)
    together = {name: f"g{k}" for k in range(groups) for name in parts[k % waves][:3]}
    made = plan(*[{name: (chance.choice(VERSIONS), chance.choice(VERSIONS)) for name in wave} for wave in parts], groups=together)
    order = tuple(
        OrderEdge(before=name, after=chance.choice(parts[later]), because=f"{name} <2 & more")
        for early in range(waves - 1)
        for name in parts[early]
        for later in [chance.randrange(early + 1, min(waves, early + 6))]
    )
    facts = {**made.facts, **{f"neighbour-number-{k}": chance.choice(VERSIONS) for k in range(staying)}}
    hazards = tuple(Hazard(service=name, release="2.0.0", migration="m", kind=MigrationKind.CONTRACT) for name in names[1:3])
    return replace(made, order=order, facts=facts, hazards=hazards)
