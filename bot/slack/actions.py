"""What a button says when it is pressed: which verb, and which run as it looked when the button was drawn.

The verb is the constant action id; the value carries the run, the beginning of its plan's digest, and how many decisions had been
taken. Nothing in it grants anything: rights and state are looked up at the press.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from planner.events import Choice
from planner.names import RunId
from planner.run import Run

SHORT = 16
"""Hex digits of the digest that a button carries."""
_VALUE = re.compile(r"(r[1-9][0-9]{0,15}) ([0-9a-f]{1,64}) ([0-9]{1,6})", re.ASCII)


class ActionId(StrEnum):
    """Every button there is."""

    APPROVE = "rollbot:approve"
    REJECT = "rollbot:reject"
    CANCEL = "rollbot:cancel"
    RETRY = "rollbot:retry"
    SKIP = "rollbot:skip"
    UNDO = "rollbot:undo"
    LEAVE = "rollbot:leave"
    FULL = "rollbot:full"
    PARTIAL = "rollbot:partial"
    VERSION = "rollbot:version"
    SHOW = "rollbot:show"
    AGAIN = "rollbot:again"
    DRY_RUN = "rollbot:dry-run"
    PICTURE = "rollbot:picture"
    START = "rollbot:start"

    @property
    def choice(self) -> Choice | None:
        """The choice for a halted run that this button is, if it is one."""
        return _CHOICES.get(self.value.removeprefix("rollbot:"))


WAIT, SMALLER, ASK, BREAK = "rollbot:wait", "rollbot:ask", "rollbot:ask-holder", "rollbot:break"
RELEASE, CANCEL = "rollbot:release", "rollbot:cancel-run"
TYPED = {WAIT: "wait ", SMALLER: "plan ", ASK: "ask ", BREAK: "unlock ", RELEASE: "unlock ", CANCEL: "cancel "}
"""Buttons that stand for typed words: what those must begin with. Their value is the words after `/rollback`."""
_CHOICES = {choice.value: choice for choice in Choice}
_ACTIONS = {action.value: action for action in ActionId}
ACTIONS = re.compile(r"rollbot:.*")
"""Everything that may be a button of ours, of any age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button's value. `digest` is the beginning of the plan's digest, `decisions` how many had been taken."""

    run: RunId
    digest: str
    decisions: int = 0


def encode(run: Run) -> str:
    """The value of a button drawn on this run."""
    return f"{run.id} {run.plan.digest.removeprefix('sha256:')[:SHORT]} {len(run.decisions)}"


def decode(value: str) -> Press | None:
    """What the value says; `None` for anything that we never wrote."""
    found = _VALUE.fullmatch(value)
    if found is None:
        return None
    return Press(run=RunId(found.group(1)), digest=found.group(2), decisions=int(found.group(3)))


def action_id(text: str) -> ActionId | None:
    """The button with that action id; `None` where there is none (any more)."""
    return _ACTIONS.get(text)
