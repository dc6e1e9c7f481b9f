"""Windows in small: a modal and the inputs in it, each inside Slack's limits whatever it is given."""

from collections.abc import Sequence
from typing import Any

from bot.slack.render.kit import Block, Message, bare, clip, section

WINDOW_TITLE = 24
OPTION = 75
OPTIONS = 100
METADATA = 3000
MOST_BLOCKS = 100
LABEL = 2000
_SHOWN_IN_WINDOWS = {"section", "context", "divider", "header", "image", "actions", "input", "rich_text"}


def plain(text: str, most: int) -> Block:
    """Plain text of bounded length, never empty."""
    return {"type": "plain_text", "text": clip(bare(text), most) or " ", "emoji": True}


def window(
    title: str, blocks: Sequence[Block], *, callback: str = "", submit: str = "", close: str = "Close", metadata: str = ""
) -> dict[str, Any]:
    """A modal. `submit` empty: it only shows something. `metadata` comes back with the submission."""
    view: dict[str, Any] = {
        "type": "modal",
        "title": plain(title, WINDOW_TITLE),
        "close": plain(close, WINDOW_TITLE),
        "blocks": list(blocks[:MOST_BLOCKS]),
    }
    if callback:
        view["callback_id"] = callback
    if submit:
        view["submit"] = plain(submit, WINDOW_TITLE)
    if len(metadata) <= METADATA:
        view["private_metadata"] = metadata
    return view


def saying(title: str, message: Message) -> dict[str, Any]:
    """A window that says what a private message would say. What only messages can show is told by its text."""
    kept = [block for block in message.blocks if block["type"] in _SHOWN_IN_WINDOWS]
    return window(title, kept or [section(message.text)])


def field(block_id: str, label: str, element: Block, *, optional: bool = False, dispatch: bool = False, hint: str = "") -> Block:
    """An input with its label. `dispatch` tells the bot at once when something was chosen."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, LABEL),
        "element": element,
        "optional": optional,
    }
    if dispatch:
        block["dispatch_action"] = True
    if hint:
        block["hint"] = plain(hint, LABEL)
    return block


def option(text: str, value: str, description: str = "") -> Block:
    """One thing to choose."""
    found: Block = {"text": plain(text, OPTION), "value": value}
    return {**found, "description": plain(description, OPTION)} if description else found


def menu(action: str, options: Sequence[Block], chosen: Block | None = None) -> Block:
    """One of a few, or of a hundred."""
    found: Block = {"type": "static_select", "action_id": action, "options": list(options[:OPTIONS])}
    return {**found, "initial_option": chosen} if chosen else found


def search_box(action: str, placeholder: str, chosen: Block | None = None) -> Block:
    """One of thousands, found by typing: Slack asks the bot for what fits."""
    found: Block = {
        "type": "external_select",
        "action_id": action,
        "min_query_length": 0,
        "placeholder": plain(placeholder, 150),
    }
    return {**found, "initial_option": chosen} if chosen else found


def ticks(action: str, options: Sequence[Block], chosen: Sequence[Block] = ()) -> Block:
    """Any of a few."""
    found: Block = {"type": "checkboxes", "action_id": action, "options": list(options[:10])}
    return {**found, "initial_options": list(chosen)} if chosen else found


def text_box(action: str, placeholder: str, *, most: int, lines: bool = False, given: str = "") -> Block:
    """Something to write into."""
    found: Block = {
        "type": "plain_text_input",
        "action_id": action,
        "max_length": most,
        "multiline": lines,
        "placeholder": plain(placeholder, 150),
    }
    return {**found, "initial_value": given[:most]} if given else found
