"""Windows that ask something before a button does its work: a reason, or a version. Each says first what would be done."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.actions import ActionId
from bot.slack.render.form import version_options
from bot.slack.render.kit import Block, clip, code, context, escape, section
from bot.slack.render.plan import title
from bot.slack.render.view import field, menu, text_box, window
from bot.slack.render.would import would
from commands.choices import ServiceChoices
from commands.grammar import LONGEST_REASON
from planner.events import Choice
from planner.run import Run

REASON_CALLBACK = "rollbot:reason"
VERSION_CALLBACK = "rollbot:version"
WORDS_CALLBACK = "rollbot:words"
REASON, VERSION = "reason", "version"
_HINTS = {
    ActionId.REJECT: "The migration is not ready",
    ActionId.UNDO: "It did not help",
    ActionId.LEAVE: "Finishing by hand with the database team",
    ActionId.SKIP: "The check is wrong: it asks the old port",
}
ASKING = frozenset(_HINTS)
"""The buttons that ask for a reason first."""


def reason(run: Run, button: ActionId, metadata: str) -> dict[str, Any]:
    """Why? And what it would do."""
    verb = button.value.removeprefix("rollbot:")
    needed = button is ActionId.SKIP
    blocks: list[Block] = [section("\n".join(_lines(run, button)))]
    blocks.append(
        field(
            REASON,
            "Why" if needed else "Why (may be left empty)",
            text_box(REASON, _HINTS[button], most=LONGEST_REASON, lines=True),
            optional=not needed,
            hint="Everybody in the thread reads it, and it stays in the audit.",
        )
    )
    blocks.append(context(f"The same by keyboard: {code(f'/rollback {verb} {run.id} REASON')}"))
    label = verb.capitalize()
    return window(f"{label} run {run.id}", blocks, callback=REASON_CALLBACK, submit=label, close="Not now", metadata=metadata)


def version(run: Run, choices: ServiceChoices | None, metadata: str) -> dict[str, Any]:
    """Back to which release instead? Without choices: wait."""
    head = section(f"{title(run.plan)} is planned now. Another version makes a new plan, which takes the place of this one.")
    if choices is None:
        return window("Set version", [head, context("Looking at what there is…")], metadata=metadata)
    options = version_options(choices)
    target = run.plan.target.to_version
    initial = next((one for one in options if one["value"] == target), options[0])
    blocks: Sequence[Block] = (
        head,
        field(VERSION, f"{choices.service} back to", menu(VERSION, options, initial)),
        context(f"The same by keyboard: {code(f'/rollback {choices.service} to VERSION')}"),
    )
    return window("Set version", blocks, callback=VERSION_CALLBACK, submit="Plan again", close="Not now", metadata=metadata)


def break_lock(words: str, metadata: str) -> dict[str, Any]:
    """Why somebody's lock is ended. `words` are those that the button stands for: `unlock SERVICE --break`."""
    _, _, rest = words.partition(" ")
    service = rest.removesuffix(" --break")
    lines = [
        f"*Break the lock on {code(service)}*",
        "Its holder is told by whom and why; whoever waits for the service is told that it is free. Rollbacks may move it then.",
        "Only approvers may do this. Ask the holder first, if there is time.",
    ]
    why = text_box(REASON, "Ana does not answer and checkouts fail", most=LONGEST_REASON, lines=True)
    blocks: list[Block] = [
        section("\n".join(lines)),
        field(REASON, "Why", why, hint="The holder reads it; it stays in the audit."),
    ]
    blocks.append(context(f"The same by keyboard: {code(f'/rollback {words} REASON')}"))
    return window("Break a lock", blocks, callback=WORDS_CALLBACK, submit="Break it", close="Not now", metadata=metadata)


def said(values: Mapping[str, Any]) -> str:
    """The reason in a view's `state.values`; empty where there is none."""
    state = _state(values, REASON)
    return str(state.get("value") or "").strip()


def picked(values: Mapping[str, Any]) -> str:
    """The version chosen in a view's `state.values`; empty where there is none."""
    option = _state(values, VERSION).get("selected_option")
    return str(option.get("value") or "") if isinstance(option, dict) else ""


def _state(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = values.get(name)
    state = block.get(name) if isinstance(block, dict) else None
    return state if isinstance(state, dict) else {}


def _lines(run: Run, button: ActionId) -> list[str]:
    choice: Choice | None = button.choice
    head = f"*{title(run.plan)}*, run {run.id}"
    if choice is None:
        return [head, "Rejecting ends the plan. Nothing was touched, and nothing will be."]
    return [head, *(escape(clip(line, 1200)) for line in would(run, choice))]
