"""All facts at one moment: what a plan is made from, and what it is checked against before a run touches anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.facts import NOTHING, Service
from planner.names import ServiceName, Version


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Snapshot:
    """What exists, what runs now, and which versions are remembered as bad.

    `current` has an entry for every service in `services`. `bad` maps a service to the versions that must not be gone back
    to, with the reason somebody gave. `warnings` are things the survey could not settle, in words.
    """

    services: Mapping[ServiceName, Service]
    current: Mapping[ServiceName, Version]
    bad: Mapping[ServiceName, Mapping[Version, str]] = field(default_factory=lambda: NOTHING)
    warnings: tuple[str, ...] = ()
