"""Slack's limits for whole messages and views, checked when they are posted.

Every fault is found at once and told as Slack tells it: `invalid_blocks` with a JSON pointer for each. The numbers are
those that Slack documents for Block Kit and for chat.* and views.* methods.
"""

import json

from bot.workspace.block_rules import Surface, check_block
from bot.workspace.composition_rules import check_text
from bot.workspace.element_rules import STATEFUL
from bot.workspace.errors import SlackError
from bot.workspace.findings import Findings
from bot.workspace.json_value import Json, as_list, as_object

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
POST_TEXT = 40_000
UPDATE_TEXT = 4_000
MARKDOWN = 12_000
ATTACHMENTS = 100
VIEW_BYTES = 250_000
METADATA_BYTES = 16_384
"""Slack publishes no number for metadata; this one is ours, so that nobody keeps a database there."""


def check_blocks(blocks: object, surface: Surface) -> list[str]:
    """Give everything that is wrong with these blocks, in Slack's words; empty when Slack would take them."""
    found = Findings()
    most = MESSAGE_BLOCKS if surface is Surface.MESSAGE else VIEW_BLOCKS
    items = found.items("/blocks", blocks, most, 0)
    for index, block in enumerate(as_list(blocks)):
        if isinstance(block, dict):
            check_block(found, f"/blocks/{index}", block, surface)
    names = [str(block["block_id"]) for block in items if block.get("block_id") is not None]
    for name in sorted({name for name in names if names.count(name) > 1}):
        found.add("/blocks", f"`block_id` {name} already exists in this {surface.value}")
    if surface is Surface.MESSAGE:
        _check_together(found, items)
    return found.messages


def check_message(*, blocks: object, attachments: object) -> None:
    """Raise SlackError (invalid_blocks, too_many_attachments …) for what Slack would not post."""
    if blocks is not None:
        if not isinstance(blocks, list):
            raise SlackError("invalid_blocks_format")
        if faults := check_blocks(blocks, Surface.MESSAGE):
            raise SlackError.explained("invalid_blocks", faults)
    if attachments is not None:
        if not isinstance(attachments, list):
            raise SlackError("invalid_attachments")
        if len(attachments) > ATTACHMENTS:
            raise SlackError("too_many_attachments")
        for attachment in attachments:
            nested = as_object(attachment).get("blocks")
            if nested is not None and (faults := check_blocks(nested, Surface.MESSAGE)):
                raise SlackError.explained("invalid_attachments", faults)


def check_metadata(metadata: object) -> Json | None:
    """Give valid message metadata, `{}` to clear it, None for none; SlackError for what Slack would not store."""
    if metadata is None or metadata == {}:
        return as_object(metadata) if metadata is not None else None
    value = as_object(metadata)
    if not isinstance(value.get("event_type"), str) or not isinstance(value.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(value).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return value


def check_view(view: Json) -> None:
    """Raise SlackError (invalid_arguments, view_too_large) for a modal or a Home tab that Slack would not show."""
    kind = view.get("type")
    if kind not in {"modal", "home"}:
        raise SlackError.explained("invalid_arguments", [f"[ERROR] unsupported type: {kind} [json-pointer:/view/type]"])
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    found = Findings()
    for key, most in (("private_metadata", 3_000), ("callback_id", 255), ("external_id", 255)):
        found.string(f"/view/{key}", view.get(key), most, 0)
    if "blocks" not in view:
        found.add("/view", "missing required field: blocks")
    if kind == "modal":
        _check_modal(found, view)
    faults = found.messages + check_blocks(view.get("blocks", []), Surface(str(kind)))
    if faults:
        raise SlackError.explained("invalid_arguments", faults)


def _check_modal(found: Findings, view: Json) -> None:
    if "title" in view:
        check_text(found, "/view/title", view["title"], 24, plain_only=True)
    else:
        found.add("/view", "missing required field: title")
    for key in ("submit", "close"):
        if view.get(key) is not None:
            check_text(found, f"/view/{key}", view[key], 24, plain_only=True)
    has_input = any(as_object(block).get("type") == "input" for block in as_list(view.get("blocks")))
    if has_input and view.get("submit") is None:
        found.add("/view", "missing required field: submit")


def _check_together(found: Findings, blocks: list[Json]) -> None:
    kinds = [str(block.get("type")) for block in blocks]
    if "plan" in kinds and "task_card" in kinds:
        found.add("/blocks", "plan and task_card blocks cannot be in the same message")
    if kinds.count("table") > 1:
        found.add("/blocks", "only_one_table_allowed")
    words = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if words > MARKDOWN:
        found.add("/blocks", f"markdown blocks together must be less than {MARKDOWN + 1} characters")


def is_stateful(element: Json) -> bool:
    """Tell whether this element's choice belongs to `state.values`."""
    return element.get("type") in STATEFUL
