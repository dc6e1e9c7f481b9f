"""Slack's rules for the small objects inside blocks: texts, options, confirm dialogs, rich text."""

from bot.workspace.findings import Findings
from bot.workspace.json_value import Json, as_object

_RICH_PARTS = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
_RICH_LEAVES = {"text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "color", "date", "team"}


def check_text(found: Findings, at: str, value: object, most: int, *, plain_only: bool = False) -> None:
    """Check a text object of 1 to `most` characters; with `plain_only`, mrkdwn is refused."""
    if not isinstance(value, dict):
        found.add(at, "must provide an object")
        return
    kind = str(value.get("type"))
    if kind == "mrkdwn" and plain_only:
        found.add(f"{at}/type", "must be one of: plain_text")
        return
    if kind not in {"plain_text", "mrkdwn"}:
        found.add(f"{at}/type", f"unsupported type: {kind}")
        return
    if found.keys(at, value, {"text"}, {"emoji"} if kind == "plain_text" else {"verbatim"}):
        found.string(f"{at}/text", value["text"], most)


def check_options(found: Findings, at: str, element: Json, most: int, *, least: int = 1) -> None:
    """Check `options` and `option_groups` of a menu; exactly one of the two must be there."""
    if ("options" in element) == ("option_groups" in element):
        found.add(at, "must provide either options or option_groups")
        return
    if "options" in element:
        check_option_list(found, f"{at}/options", element["options"], most, least=least)
        return
    for index, group in enumerate(found.items(f"{at}/option_groups", element["option_groups"], 100)):
        here = f"{at}/option_groups/{index}"
        if found.keys(here, group, {"label", "options"}):
            check_text(found, f"{here}/label", group["label"], 75, plain_only=True)
            check_option_list(found, f"{here}/options", group["options"], most)


def check_option_list(found: Findings, at: str, options: object, most: int, *, least: int = 1) -> None:
    """Check a list of options and that their values differ."""
    values: list[object] = []
    for index, option in enumerate(found.items(at, options, most, least)):
        check_option(found, f"{at}/{index}", option)
        values.append(option.get("value"))
    for value in sorted({str(value) for value in values if values.count(value) > 1}):
        found.add(at, f"option values must be unique, and this one is not: {value[:50]}")


def check_option(found: Findings, at: str, option: object) -> None:
    """Check one option: text of 75 characters, value of 150."""
    value = as_object(option)
    if found.keys(at, value, {"text", "value"}, {"description", "url"}):
        check_text(found, f"{at}/text", value["text"], 75)
        found.string(f"{at}/value", value["value"], 150)
    if "description" in value:
        check_text(found, f"{at}/description", value["description"], 75)


def check_confirm(found: Findings, at: str, value: object) -> None:
    """Check a confirmation dialog; None counts as absent."""
    if value is None:
        return
    dialog = as_object(value)
    if not found.keys(at, dialog, {"title", "text"}, {"confirm", "deny", "style"}):
        return
    check_text(found, f"{at}/title", dialog["title"], 100, plain_only=True)
    check_text(found, f"{at}/text", dialog["text"], 300)
    for key in ("confirm", "deny"):
        if key in dialog:
            check_text(found, f"{at}/{key}", dialog[key], 30, plain_only=True)
    found.choice(f"{at}/style", dialog.get("style"), {"primary", "danger"})


def check_rich_text(found: Findings, at: str, value: object) -> None:
    """Check a rich_text object: its parts and leaves must be of types that Slack knows."""
    block = as_object(value)
    if block.get("type") != "rich_text":
        found.add(f"{at}/type", "must be one of: rich_text")
        return
    if not found.keys(at, block, {"elements"}, {"block_id"}):
        return
    for index, part in enumerate(found.items(f"{at}/elements", block["elements"], 500, 0)):
        _check_rich_part(found, f"{at}/elements/{index}", part)


def _check_rich_part(found: Findings, at: str, part: Json) -> None:
    kind = str(part.get("type"))
    if kind not in _RICH_PARTS:
        found.add(f"{at}/type", f"unsupported type: {kind}")
        return
    if not found.keys(at, part, {"elements"}, {"style", "indent", "offset", "border", "language"}):
        return
    for index, leaf in enumerate(found.items(f"{at}/elements", part["elements"], 500, 0)):
        here = f"{at}/elements/{index}"
        if kind == "rich_text_list":
            _check_rich_part(found, here, leaf)
        elif str(leaf.get("type")) not in _RICH_LEAVES:
            found.add(f"{here}/type", f"unsupported type: {leaf.get('type')}")
        elif leaf["type"] == "text":
            found.string(f"{here}/text", leaf.get("text", ""), 40_000)
        elif leaf["type"] == "link":
            found.string(f"{here}/url", leaf.get("url", ""), 3_000)
