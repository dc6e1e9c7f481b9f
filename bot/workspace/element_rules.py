"""Slack's rules for interactive elements: which keys each takes, how long they may be, and where each may stand."""

from collections.abc import Callable

from bot.workspace.composition_rules import check_confirm, check_option, check_option_list, check_options, check_text
from bot.workspace.findings import Findings
from bot.workspace.json_value import Json, as_list

ElementRule = Callable[[Findings, str, Json], None]

_INPUT = {"placeholder", "focus_on_load", "action_id"}
_MENU = _INPUT | {"confirm"}
_TEXT_INPUT = _INPUT | {"initial_value", "dispatch_action_config"}

MENUS = {
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
}
TEXT_INPUTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"}
CHOICES = {"checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker"}
STATEFUL = MENUS | TEXT_INPUTS | CHOICES | {"file_input"}
"""Elements whose choice is part of `state.values`."""

IN_ACTIONS = (MENUS | CHOICES | {"button", "overflow", "workflow_button", "icon_button", "feedback_buttons"}) | {
    "rich_text_input"
}
IN_SECTION = MENUS | CHOICES | {"button", "overflow", "image", "workflow_button"}
IN_INPUT = STATEFUL
IN_CONTEXT_ACTIONS = {"feedback_buttons", "icon_button"}


def check_element(found: Findings, at: str, element: Json, allowed: set[str]) -> None:
    """Check one element that stands where only `allowed` types may."""
    kind = str(element.get("type"))
    if kind not in allowed:
        found.add(f"{at}/type", f"unsupported type: {kind}")
        return
    found.string(f"{at}/action_id", element.get("action_id"), 255)
    if "placeholder" in element:
        check_text(found, f"{at}/placeholder", element["placeholder"], 150, plain_only=True)
    check_confirm(found, f"{at}/confirm", element.get("confirm"))
    _RULES[kind](found, at, element)


def check_image_element(found: Findings, at: str, element: Json) -> None:
    """Check a small image, in a context block or beside a section."""
    if not found.keys(at, element, {"alt_text"}, {"image_url", "slack_file"}):
        return
    if ("image_url" in element) == ("slack_file" in element):
        found.add(at, "must provide either image_url or slack_file")
    found.string(f"{at}/alt_text", element["alt_text"], 2_000)
    found.string(f"{at}/image_url", element.get("image_url"), 3_000)


def _button(found: Findings, at: str, element: Json) -> None:
    if found.keys(at, element, {"text"}, {"action_id", "url", "value", "style", "confirm", "accessibility_label"}):
        check_text(found, f"{at}/text", element["text"], 75, plain_only=True)
    found.string(f"{at}/value", element.get("value"), 2_000)
    found.string(f"{at}/url", element.get("url"), 3_000)
    found.string(f"{at}/accessibility_label", element.get("accessibility_label"), 75)
    found.choice(f"{at}/style", element.get("style"), {"primary", "danger"})


def _static_menu(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, (), _MENU | {"options", "option_groups", "initial_option", "initial_options", "max_selected_items"})
    check_options(found, at, element, 100)
    _initial(found, at, element)


def _external_menu(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, (), _MENU | {"initial_option", "initial_options", "min_query_length", "max_selected_items"})
    _initial(found, at, element)


def _people_menu(found: Findings, at: str, element: Json) -> None:
    found.keys(
        at,
        element,
        (),
        _MENU
        | {f"initial_{what}" for what in ("user", "users", "conversation", "conversations", "channel", "channels")}
        | {"max_selected_items", "response_url_enabled", "default_to_current_conversation", "filter"},
    )


def _choices(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, {"options"}, {"action_id", "initial_option", "initial_options", "confirm", "focus_on_load"})
    check_option_list(found, f"{at}/options", element.get("options", []), 10)
    _initial(found, at, element)


def _overflow(found: Findings, at: str, element: Json) -> None:
    if found.keys(at, element, {"options"}, {"action_id", "confirm"}):
        check_option_list(found, f"{at}/options", element["options"], 5)


def _picker(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, (), _MENU | {"initial_date", "initial_time", "initial_date_time", "timezone"})


def _text_input(found: Findings, at: str, element: Json) -> None:
    found.keys(
        at,
        element,
        (),
        _TEXT_INPUT | {"multiline", "min_length", "max_length", "is_decimal_allowed", "min_value", "max_value"},
    )
    if element["type"] == "number_input" and "is_decimal_allowed" not in element:
        found.add(at, "missing required field: is_decimal_allowed")
    for key in ("min_length", "max_length"):
        size = element.get(key)
        if size is not None and not (isinstance(size, int) and 0 <= size <= 3_000):
            found.add(f"{at}/{key}", "must be a number from 0 to 3000")
    if isinstance(element.get("initial_value"), str):
        found.string(f"{at}/initial_value", element["initial_value"], 3_000, 0)


def _file_input(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, (), {"action_id", "filetypes", "max_files"})


def _workflow_button(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, {"text", "workflow"}, {"action_id", "style", "accessibility_label"})


def _icon_button(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, {"icon", "text"}, {"action_id", "value", "confirm", "accessibility_label", "visible_to_user_ids"})


def _feedback(found: Findings, at: str, element: Json) -> None:
    found.keys(at, element, {"positive_button", "negative_button"}, {"action_id"})


def _initial(found: Findings, at: str, element: Json) -> None:
    if "initial_option" in element:
        check_option(found, f"{at}/initial_option", element["initial_option"])
    for index, option in enumerate(as_list(element.get("initial_options"))):
        check_option(found, f"{at}/initial_options/{index}", option)


_RULES: dict[str, ElementRule] = {
    "button": _button,
    "static_select": _static_menu,
    "multi_static_select": _static_menu,
    "external_select": _external_menu,
    "multi_external_select": _external_menu,
    "overflow": _overflow,
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "file_input": _file_input,
    "image": check_image_element,
    "workflow_button": _workflow_button,
    "icon_button": _icon_button,
    "feedback_buttons": _feedback,
    **dict.fromkeys(("datepicker", "timepicker", "datetimepicker"), _picker),
    **dict.fromkeys(sorted(TEXT_INPUTS), _text_input),
    **dict.fromkeys(sorted(kind for kind in MENUS if "static" not in kind and "external" not in kind), _people_menu),
}
