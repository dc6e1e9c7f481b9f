"""Faults that tests and the page can switch on, each for a number of times."""

from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What may go wrong on purpose.

    rate_limit: the next calls answer 429. drop_answer: the next calls are carried out and their answer is lost.
    duplicate: the next envelopes arrive twice. late: the next clicks and commands reach the bot only after the person was
    told that they failed. disconnect: every connection is told to reconnect. drop_socket: every connection breaks without a
    word.
    """

    RATE_LIMIT = "rate_limit"
    DROP_ANSWER = "drop_answer"
    DUPLICATE = "duplicate"
    LATE = "late"
    DISCONNECT = "disconnect"
    DROP_SOCKET = "drop_socket"


@dataclass(slots=True)
class Faults:
    """What is switched on: (fault, method or "" for any) -> how many times more."""

    armed: dict[tuple[Fault, str], int] = field(default_factory=dict)

    def arm(self, fault: Fault, method: str, times: int) -> None:
        """Switch a fault on for the next `times` occasions; 0 switches it off."""
        self.armed[(fault, method)] = times

    def strikes(self, fault: Fault, method: str = "") -> bool:
        """Tell whether the fault happens now, and count it."""
        for key in ((fault, method), (fault, "")):
            left = self.armed.get(key, 0)
            if left > 0:
                self.armed[key] = left - 1
                return True
        return False
