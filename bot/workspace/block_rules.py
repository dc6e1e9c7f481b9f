"""Slack's rules for each kind of block: its keys, its limits, and the surfaces on which it may stand."""

from collections.abc import Callable
from enum import StrEnum

from bot.workspace.composition_rules import check_rich_text, check_text
from bot.workspace.element_rules import IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION, check_element, check_image_element
from bot.workspace.findings import Findings
from bot.workspace.json_value import Json, as_list, as_object

BlockRule = Callable[[Findings, str, Json], None]

TASK_STATUSES = {"pending", "in_progress", "complete", "error"}
_TASK_KEYS = {"block_id", "details", "output", "sources"}


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


def check_block(found: Findings, at: str, block: Json, surface: Surface) -> None:
    """Check one block by the rule of its type; an unknown type, or one not for this surface, is a fault."""
    kind = str(block.get("type"))
    rule = _RULES.get(kind)
    elsewhere = (surface is not Surface.MESSAGE and kind in MESSAGES_ONLY) or (surface is not Surface.MODAL and kind == "alert")
    if rule is None or elsewhere:
        found.add(f"{at}/type", f"unsupported type: {kind}")
    else:
        found.string(f"{at}/block_id", block.get("block_id"), 255)
        rule(found, at, block)


def _section(found: Findings, at: str, block: Json) -> None:
    found.keys(at, block, (), {"block_id", "text", "fields", "accessory", "expand"})
    if block.get("text") is None and block.get("fields") is None:
        found.add(at, "must provide either text or fields")
    if block.get("text") is not None:
        check_text(found, f"{at}/text", block["text"], 3_000)
    if block.get("fields") is not None:
        for index, field in enumerate(found.items(f"{at}/fields", block["fields"], 10)):
            check_text(found, f"{at}/fields/{index}", field, 2_000)
    if block.get("accessory") is not None:
        check_element(found, f"{at}/accessory", as_object(block["accessory"]), IN_SECTION)


def _header(found: Findings, at: str, block: Json) -> None:
    if found.keys(at, block, {"text"}, {"block_id", "level"}):
        check_text(found, f"{at}/text", block["text"], 150, plain_only=True)


def _divider(found: Findings, at: str, block: Json) -> None:
    found.keys(at, block, (), {"block_id"})


def _context(found: Findings, at: str, block: Json) -> None:
    if not found.keys(at, block, {"elements"}, {"block_id"}):
        return
    for index, element in enumerate(found.items(f"{at}/elements", block["elements"], 10)):
        here = f"{at}/elements/{index}"
        if element.get("type") == "image":
            check_image_element(found, here, element)
        else:
            check_text(found, here, element, 3_000)


def _actions(found: Findings, at: str, block: Json) -> None:
    if found.keys(at, block, {"elements"}, {"block_id"}):
        _elements(found, f"{at}/elements", block["elements"], 25, IN_ACTIONS)


def _context_actions(found: Findings, at: str, block: Json) -> None:
    if found.keys(at, block, {"elements"}, {"block_id"}):
        _elements(found, f"{at}/elements", block["elements"], 5, IN_CONTEXT_ACTIONS)


def _elements(found: Findings, at: str, value: object, most: int, allowed: set[str]) -> None:
    names: list[str] = []
    for index, element in enumerate(found.items(at, value, most)):
        check_element(found, f"{at}/{index}", element, allowed)
        if "action_id" in element:
            names.append(str(element["action_id"]))
    for name in sorted({name for name in names if names.count(name) > 1}):
        found.add(at, f"`action_id` {name} already exists in this block")


def _input(found: Findings, at: str, block: Json) -> None:
    if not found.keys(at, block, {"label", "element"}, {"block_id", "hint", "optional", "dispatch_action"}):
        return
    check_text(found, f"{at}/label", block["label"], 2_000, plain_only=True)
    if "hint" in block:
        check_text(found, f"{at}/hint", block["hint"], 2_000, plain_only=True)
    check_element(found, f"{at}/element", as_object(block["element"]), IN_INPUT)


def _image(found: Findings, at: str, block: Json) -> None:
    kept = {key: value for key, value in block.items() if key not in {"block_id", "title"}}
    check_image_element(found, at, kept)
    if "title" in block:
        check_text(found, f"{at}/title", block["title"], 2_000, plain_only=True)


def _markdown(found: Findings, at: str, block: Json) -> None:
    if found.keys(at, block, {"text"}, {"block_id"}):
        found.string(f"{at}/text", block["text"], 12_000)


def _table(found: Findings, at: str, block: Json) -> None:
    if not found.keys(at, block, {"rows"}, {"block_id", "column_settings"}):
        return
    rows = as_list(block["rows"])
    if not rows or len(rows) > 100:
        found.add(f"{at}/rows", "no more than 100 items allowed" if rows else "must provide at least 1 item")
    for index, row in enumerate(rows):
        for column, cell in enumerate(found.items(f"{at}/rows/{index}", row, 20)):
            _cell(found, f"{at}/rows/{index}/{column}", cell)
    if len(as_list(block.get("column_settings"))) > 20:
        found.add(f"{at}/column_settings", "no more than 20 items allowed")


def _cell(found: Findings, at: str, cell: Json) -> None:
    match cell.get("type"):
        case "raw_text":
            if found.keys(at, cell, {"text"}):
                found.string(f"{at}/text", cell["text"], 3_000)
        case "raw_number":
            found.keys(at, cell, {"value"}, {"text"})
        case "rich_text":
            check_rich_text(found, at, cell)
        case kind:
            found.add(f"{at}/type", f"unsupported type: {kind}")


def _plan(found: Findings, at: str, block: Json) -> None:
    if not found.keys(at, block, {"title"}, {"block_id", "tasks"}):
        return
    found.string(f"{at}/title", block["title"], 256)
    names: list[str] = []
    for index, task in enumerate(found.items(f"{at}/tasks", block.get("tasks", []), 50, 0)):
        _task(found, f"{at}/tasks/{index}", task)
        names.append(str(task.get("task_id")))
    for name in sorted({name for name in names if names.count(name) > 1}):
        found.add(f"{at}/tasks", f"`task_id` {name} already exists in this plan")


def _task_card(found: Findings, at: str, block: Json) -> None:
    _task(found, at, block)
    if block.get("status") == "pending":
        found.add(f"{at}/status", "must be one of: complete, error, in_progress")


def _task(found: Findings, at: str, task: Json) -> None:
    if task.get("type", "task_card") != "task_card":
        found.add(f"{at}/type", f"unsupported type: {task['type']}")
    if not found.keys(at, task, {"task_id", "title", "status"}, _TASK_KEYS):
        return
    found.string(f"{at}/task_id", task["task_id"], 255)
    found.string(f"{at}/title", task["title"], 256)
    found.choice(f"{at}/status", task["status"], TASK_STATUSES)
    for key in ("details", "output"):
        if task.get(key) is not None:
            check_rich_text(found, f"{at}/{key}", task[key])
    for index, source in enumerate(as_list(task.get("sources"))):
        found.keys(f"{at}/sources/{index}", as_object(source), {"url", "text"}, {"icon_url"})


def _card(found: Findings, at: str, block: Json) -> None:
    found.keys(at, block, (), {"block_id", "hero_image", "icon", "title", "subtitle", "body", "subtext", "actions"})
    for key, most in (("title", 150), ("subtitle", 150), ("body", 200), ("subtext", 200)):
        if block.get(key) is not None:
            check_text(found, f"{at}/{key}", block[key], most)
    if block.get("actions") is not None:
        _elements(found, f"{at}/actions", block["actions"], 3, {"button"})


def _carousel(found: Findings, at: str, block: Json) -> None:
    if found.keys(at, block, {"elements"}, {"block_id"}):
        for index, card in enumerate(found.items(f"{at}/elements", block["elements"], 10)):
            _card(found, f"{at}/elements/{index}", card)


def _alert(found: Findings, at: str, block: Json) -> None:
    if found.keys(at, block, {"text"}, {"block_id", "level"}):
        check_text(found, f"{at}/text", block["text"], 200)
    found.choice(f"{at}/level", block.get("level"), {"default", "info", "warning", "error", "success"})


def _container(found: Findings, at: str, block: Json) -> None:
    shape = {"width", "icon", "is_collapsible", "default_collapsed", "has_header_divider"}
    titles = {"title", "rich_text_title", "subtitle"}
    if not found.keys(at, block, {"child_blocks"}, {"block_id"} | titles | shape):
        return
    for key in ("title", "subtitle"):
        if block.get(key) is not None:
            check_text(found, f"{at}/{key}", block[key], 150)
    for index, child in enumerate(found.items(f"{at}/child_blocks", block["child_blocks"], 10)):
        check_block(found, f"{at}/child_blocks/{index}", child, Surface.MESSAGE)


def _video(found: Findings, at: str, block: Json) -> None:
    more = {"title_url", "description", "provider_icon_url", "provider_name", "author_name", "block_id"}
    found.keys(at, block, {"alt_text", "title", "thumbnail_url", "video_url"}, more)


MESSAGES_ONLY = {"plan", "task_card", "table", "markdown", "context_actions", "card", "carousel", "container"}

_RULES: dict[str, BlockRule] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "context_actions": _context_actions,
    "input": _input,
    "image": _image,
    "markdown": _markdown,
    "rich_text": check_rich_text,
    "table": _table,
    "plan": _plan,
    "task_card": _task_card,
    "card": _card,
    "carousel": _carousel,
    "alert": _alert,
    "container": _container,
    "video": _video,
}
