"""Block Kit in small: the few blocks that Rollbot uses, each inside Slack's limits whatever it is given.

`escape` makes anybody's words safe for mrkdwn and for a message's `text`; `bare` does so for plain text and rich text, where
entities would be shown as they are. Everything that people or other systems wrote goes through one of the two: `<!channel>` in
a version pings nobody.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planner.events import Person

Block = dict[str, Any]

SECTION = 3000
HEADER = 150
BUTTON = 75
VALUE = 2000
TITLE = 250
RICH = 1500
TEXT = 3500
BLOCKS = 50
TASKS = 50
BUTTONS = 25

_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_MENTION = re.compile(r"&lt;(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|#[CGD][A-Z0-9]+)&gt;")
_CHANNEL = re.compile(r"&lt;(#[CGD][A-Z0-9]+)&gt;")
_CUT_SHORT = re.compile(r"(?:<[^<>]*|&[a-z]{0,4})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message for Slack: `text` says everything that matters without the blocks, for screen readers and notifications."""

    text: str
    blocks: tuple[Block, ...] = ()


def escape(text: str) -> str:
    """Anybody's words, safe in mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bare(text: str) -> str:
    """Anybody's words, safe where Slack reads no markup: what looks like a mention is broken by an invisible character."""
    return re.sub(r"<(?=[!@#])", "<\u200b", text)


def with_mentions(text: str) -> str:
    """Like `escape`, but mentions of people, groups and channels stay. Only for answers that one person sees."""
    return _MENTION.sub(r"<\1>", escape(text))


def with_channels(text: str) -> str:
    """Like `escape`, but channels stay links: they lead somewhere and ping nobody."""
    return _CHANNEL.sub(r"<\1>", escape(text))


def code(text: str) -> str:
    """A name or version, set apart."""
    return f"`{escape(text).replace('`', '´')}`"


def who(person: Person, *, ping: bool = False) -> str:
    """A person: by a mention, which pings, or by name."""
    return f"<@{person.id}>" if ping and _USER.fullmatch(person.id) else escape(person.name)


def moment(at: datetime, form: str = "{time}") -> str:
    """A moment in the reader's own time zone."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%H:%M} UTC>"


def clip(text: str, most: int) -> str:
    """The text cut to a length, never in the middle of an entity or a mention."""
    if len(text) <= most:
        return text
    return _CUT_SHORT.sub("", text[: most - 1]).rstrip() + "…"


def listing(lines: Iterable[str], most: int, *, length: int = SECTION, more: str = "…and {count} more") -> str:
    """As many lines as fit, in order; the last says how many were left out."""
    rest = [clip(line, length // 2) for line in lines]
    note = len(more) + 10
    shown: list[str] = []
    used = 0
    for position, line in enumerate(rest):
        last = position == len(rest) - 1
        if position == most or used + len(line) + 1 > length - (0 if last else note):
            return "\n".join([*shown, more.format(count=len(rest) - position)])
        shown.append(line)
        used += len(line) + 1
    return "\n".join(shown)


def section(text: str) -> Block:
    """A paragraph of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": clip(text, SECTION) or " "}}


def context(*texts: str) -> Block:
    """Small print, at most ten pieces."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": clip(text, SECTION)} for text in texts[:10] if text]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def button(label: str, action: str, value: str, style: str | None = None, *, sure: Block | None = None) -> Block:
    """A button. Its label begins with its verb; `style` is `primary` or `danger`, and says nothing that the label does not.

    `sure` is the dialog that says what it would do, before it does it.
    """
    text = {"type": "plain_text", "text": clip(bare(label), BUTTON), "emoji": True}
    found: Block = {"type": "button", "text": text, "action_id": action, "value": clip(value, VALUE)}
    if sure is not None:
        found["confirm"] = sure
    return {**found, "style": style} if style else found


def sure(title: str, text: str, yes: str, no: str = "Not now") -> Block:
    """The dialog in front of a button: what it would do, in plain text."""

    def words(said: str, most: int) -> Block:
        return {"type": "plain_text", "text": clip(bare(said), most) or " ", "emoji": True}

    return {"title": words(title, 100), "text": words(text, 300), "confirm": words(yes, 30), "deny": words(no, 30)}


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons[:BUTTONS])}


def rich(text: str) -> Block:
    """A paragraph of rich text."""
    words = {"type": "text", "text": clip(bare(text), RICH) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [words]}]}


def task(name: str, title: str, status: str, *, details: str = "", output: str = "") -> Block:
    """One card of a plan. `status` is pending, in_progress, complete or error."""
    card: Block = {"task_id": clip(name, TITLE), "title": clip(bare(title), TITLE), "status": status}
    if details:
        card["details"] = rich(details)
    if output:
        card["output"] = rich(output)
    return card


def plan(title: str, tasks: Sequence[Block]) -> Block:
    """A plan with a card for each task, at most fifty."""
    return {"type": "plan", "title": clip(bare(title), TITLE), "tasks": list(tasks[:TASKS])}


def message(text: str, *blocks: Block) -> Message:
    """A message inside the limits: the text cut, the blocks counted."""
    return Message(text=clip(text, TEXT), blocks=tuple(block for block in blocks if block)[:BLOCKS])


def plainly(given: Message) -> Message:
    """The same without anything new-fashioned: its text and its buttons. For a Slack that refuses the blocks."""
    buttons = tuple(block for block in given.blocks if block["type"] == "actions")
    return Message(text=given.text, blocks=(section(given.text), *buttons))


def seconds(amount: float) -> str:
    """A length of time as people say it."""
    if amount < 10:
        return f"{amount:.1f} s"
    if amount < 120:
        return f"{amount:.0f} s"
    if amount < 7200:
        return f"{amount / 60:.0f} min"
    return f"{amount / 3600:.1f} h"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
