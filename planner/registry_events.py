"""What a step does to who can find its service: instances taken out of discovery before their processes stop, and put back.

`key` is the reason under which the registry keeps them out, the same for every attempt of a run at a service and for taking it
back: whoever comes next finds them by it. Nobody is sent to an instance that is out; so none is ever forgotten.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainIntended:
    """Written before the effect: these instances are about to be taken out of discovery."""

    kind: Literal["drain_intended"] = "drain_intended"
    step: str
    key: str
    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """Seen: no instance of another release than the step's can be found any more; `instances` are those taken out for it."""

    kind: Literal["drained"] = "drained"
    step: str
    key: str
    instances: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreIntended:
    """Written before the effect: these instances are about to be put back into discovery."""

    kind: Literal["restore_intended"] = "restore_intended"
    step: str
    key: str
    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """Seen: what was to be put back is no longer kept out. `left` are instances of another release that stay out, for good."""

    kind: Literal["restored"] = "restored"
    step: str
    key: str
    instances: tuple[str, ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFailed:
    """These instances, or some of them, are still out of discovery, and why."""

    kind: Literal["restore_failed"] = "restore_failed"
    step: str
    key: str
    instances: tuple[str, ...]
    because: str


RegistryEvent = DrainIntended | Drained | RestoreIntended | Restored | RestoreFailed
"""What a run's log says of the registry."""
