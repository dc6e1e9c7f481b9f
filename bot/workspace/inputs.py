"""What people chose or typed, in the shape of Slack's `state.values`, from whatever the page or a program sent."""

from collections.abc import Iterator
from typing import Any

from bot.workspace.json_value import Json, as_list, as_object
from bot.workspace.limits import is_stateful
from bot.workspace.page_view import elements_of
from bot.workspace.words import PageError

REQUIRED = "Please complete this required field."

_KEYS = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "overflow": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}


def state_key(element: Json) -> str:
    """Give the key under which an element's choice stands, such as selected_option; `value` for text inputs."""
    return _KEYS.get(str(element.get("type")), "value")


def chosen(element: Json, given: Any) -> Json:
    """Give an element's state for what was chosen: a state object, an option, an option's value, or a plain text.

    PageError for an option that the element does not have.
    """
    key = state_key(element)
    value = given.get(key, given.get("value", given)) if isinstance(given, dict) else given
    if key == "selected_option":
        value = _option(element, value)
    elif key == "selected_options":
        value = [_option(element, one) for one in as_list(value)]
    elif isinstance(value, dict) and key != "rich_text_value":
        value = None
    return {"type": element["type"], key: value}


def initial(element: Json) -> Json:
    """Give an element's state before anybody touched it."""
    key = state_key(element)
    empty: Any = [] if key in {"selected_options", "selected_users", "selected_conversations", "selected_channels"} else None
    return {"type": element["type"], key: element.get(f"initial_{key.removeprefix('selected_')}", empty)}


def stateful_elements(blocks: list[Any]) -> Iterator[tuple[Json, Json]]:
    """Go through (block, element) for every element whose choice belongs to the state."""
    for block in blocks:
        for element in elements_of(as_object(block)):
            if is_stateful(element):
                yield as_object(block), element


def all_values(blocks: list[Any], given: Json) -> Json:
    """Give `state.values` for all blocks: what was given, else the initial choice; PageError for an unknown option."""
    values: Json = {}
    for block, element in stateful_elements(blocks):
        sent = as_object(given.get(str(block["block_id"])))
        name = str(element["action_id"])
        values.setdefault(block["block_id"], {})[name] = chosen(element, sent[name]) if name in sent else initial(element)
    return values


def incomplete(blocks: list[Any], values: Json) -> dict[str, str]:
    """Give block_id -> words for every required input that is empty or too short or long, as Slack's own form says it."""
    errors: dict[str, str] = {}
    for block, element in stateful_elements(blocks):
        if block.get("type") != "input":
            continue
        block_id = str(block["block_id"])
        value = values[block_id][element["action_id"]][state_key(element)]
        if value in (None, "", []):
            if not block.get("optional"):
                errors[block_id] = REQUIRED
        elif isinstance(value, str):
            least, most = int(element.get("min_length") or 0), int(element.get("max_length") or 3_000)
            if not least <= len(value) <= most:
                errors[block_id] = f"Please use {least} to {most} characters; this has {len(value)}."
    return errors


def _option(element: Json, value: Any) -> Json | None:
    if value is None or value == "":
        return None
    groups = [as_object(group).get("options") for group in as_list(element.get("option_groups"))]
    known = [option for options in (element.get("options"), *groups) for option in as_list(options)]
    wanted = value.get("value") if isinstance(value, dict) else value
    for option in known:
        if option.get("value") == wanted:
            return as_object(option)
    if "external" in str(element.get("type")):
        if isinstance(value, dict) and "text" in value:
            return value
        return {"text": {"type": "plain_text", "text": str(wanted), "emoji": True}, "value": str(wanted)}
    offered = ", ".join(str(option.get("value")) for option in known)
    raise PageError(f"There is no option {wanted!r} here; there are: {offered}.")
