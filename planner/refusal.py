"""An expected "no", as a value: why, on which facts, and what would work instead."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Every reason for which Rollbot says no; programs may rely on these words."""

    BAD_COMMAND = "bad_command"
    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_RUN = "unknown_run"
    ARCHIVED = "archived"
    NOT_EARLIER = "not_earlier"
    NO_EARLIER_RELEASE = "no_earlier_release"
    BAD_VERSION = "bad_version"
    BELOW_FLOOR = "below_floor"
    DATA_LOSS = "data_loss"
    NO_SAFE_PLAN = "no_safe_plan"
    TOO_HARD = "too_hard"
    NOT_RUNNABLE = "not_runnable"
    LOCKED = "locked"
    FROZEN = "frozen"
    NOT_ALLOWED = "not_allowed"
    OWN_REQUEST = "own_request"
    ALREADY_APPROVED = "already_approved"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    STALE = "stale"
    ENDED = "ended"
    WRONG_PLACE = "wrong_place"
    READ_ONLY = "read_only"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A "no" that teaches: `message` is one sentence for people, `facts` the evidence, `nearest` what would do instead."""

    code: Code
    message: str
    facts: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
