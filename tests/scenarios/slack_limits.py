"""What Slack documents of a message's limits, checked on its own: nothing here comes from the bot or its workspace."""

from collections.abc import Iterator, Mapping
from typing import Any

BLOCKS = {
    "section",
    "context",
    "divider",
    "actions",
    "header",
    "plan",
    "task_card",
    "rich_text",
    "markdown",
    "table",
    "image",
    "input",
}
STATUSES = {"pending", "in_progress", "complete", "error"}


def findings(arguments: Mapping[str, Any], *, update: bool = False) -> list[str]:
    """Every limit that a message breaks, in words; empty where Slack would take it."""
    return list(_message(arguments, update))


def window_findings(view: Mapping[str, Any]) -> list[str]:
    """Every limit that a modal view breaks, in words."""
    return list(_window(view))


def _window(view: Mapping[str, Any]) -> Iterator[str]:
    for key in ("title", "submit", "close"):
        if key in view or key == "title":
            yield from _text(view[key], 24, only="plain_text")
    blocks = view.get("blocks", [])
    if not 1 <= len(blocks) <= 100:
        yield f"{len(blocks)} blocks"
    if len(view.get("callback_id", "")) > 255 or len(view.get("private_metadata", "")) > 3_000:
        yield "callback_id or private_metadata is too long"
    if "submit" not in view and any(block["type"] == "input" for block in blocks):
        yield "an input and no submit"
    yield from _unique("block_id", [block.get("block_id") for block in blocks])
    for number, block in enumerate(blocks):
        for finding in _block(block):
            yield f"block {number} ({block.get('type')}): {finding}"


def _message(arguments: Mapping[str, Any], update: bool) -> Iterator[str]:
    text, blocks = arguments.get("text"), arguments.get("blocks")
    if not isinstance(text, str) or not text.strip():
        yield "no text: notifications and screen readers have nothing to say"
    elif len(text) > (4_000 if update else 40_000):
        yield f"text of {len(text)} characters"
    if not isinstance(blocks, list) or not blocks:
        yield "no blocks: an update would erase those that are there"
        return
    if len(blocks) > 50:
        yield f"{len(blocks)} blocks"
    yield from _unique("block_id", [block.get("block_id") for block in blocks])
    kinds = [block.get("type") for block in blocks]
    if kinds.count("plan") > 1 or ("plan" in kinds and "task_card" in kinds):
        yield "more than one plan, or a plan beside a task_card"
    if sum(len(block.get("text", "")) for block in blocks if block.get("type") == "markdown") > 12_000:
        yield "markdown over 12,000 characters"
    for number, block in enumerate(blocks):
        for finding in _block(block):
            yield f"block {number} ({block.get('type')}): {finding}"
    if "metadata" in arguments:
        metadata = arguments["metadata"]
        if set(metadata) != {"event_type", "event_payload"} or not isinstance(metadata["event_payload"], dict):
            yield f"metadata of another shape: {metadata}"


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in BLOCKS:
        yield "a type that no message may have"
    if len(block.get("block_id", "")) > 255:
        yield "block_id over 255"
    match kind:
        case "section":
            fields = block.get("fields", [])
            if "text" not in block and not fields:
                yield "neither text nor fields"
            if "text" in block:
                yield from _text(block["text"], 3_000)
            if len(fields) > 10:
                yield f"{len(fields)} fields"
            for field in fields:
                yield from _text(field, 2_000)
            if "accessory" in block:
                yield from _element(block["accessory"])
        case "header":
            yield from _text(block["text"], 150, only="plain_text")
        case "context":
            if not 1 <= len(block["elements"]) <= 10:
                yield f"{len(block['elements'])} elements"
            for element in block["elements"]:
                if element["type"] != "image":
                    yield from _text(element, 2_000)
        case "actions":
            if not 1 <= len(block["elements"]) <= 25:
                yield f"{len(block['elements'])} elements"
            yield from _unique("action_id", [element.get("action_id") for element in block["elements"]])
            for element in block["elements"]:
                yield from _element(element)
        case "input":
            yield from _text(block["label"], 2_000, only="plain_text")
            if "hint" in block:
                yield from _text(block["hint"], 2_000, only="plain_text")
            yield from _element(block["element"])
        case "plan":
            yield from _plan(block)
        case "task_card":
            yield from _task(block)


def _plan(block: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(block.get("title"), str) or not 1 <= len(block["title"]) <= 256:
        yield "the title is no text of at most 256"
    tasks = block.get("tasks", [])
    if not 1 <= len(tasks) <= 50:
        yield f"{len(tasks)} tasks"
    yield from _unique("task_id", [task.get("task_id") for task in tasks])
    for task in tasks:
        yield from _task(task)


def _task(task: Mapping[str, Any]) -> Iterator[str]:
    for key in ("task_id", "title"):
        if not isinstance(task.get(key), str) or not 1 <= len(task[key]) <= 256:
            yield f"a task's {key} is no text of at most 256"
    if task.get("status") not in STATUSES:
        yield f"a task's status is {task.get('status')!r}"
    for key in ("details", "output"):
        if key in task and task[key].get("type") != "rich_text":
            yield f"a task's {key} is no rich_text"


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(element.get("action_id", "")) <= 255:
        yield "an element without an action_id, or one over 255"
    if "placeholder" in element:
        yield from _text(element["placeholder"], 150, only="plain_text")
    options = element.get("options", [])
    if len(options) > {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(element["type"], 100):
        yield f"{len(options)} options"
    for option in options:
        yield from _text(option["text"], 75)
        if len(option.get("value", "")) > 150:
            yield "an option's value is too long"
    if element["type"] != "button":
        return
    yield from _text(element["text"], 75, only="plain_text")
    if len(element.get("value", "")) > 2_000 or len(element.get("url", "")) > 3_000:
        yield "a button's value or url is too long"
    if element.get("style", "primary") not in ("primary", "danger"):
        yield f"a button's style is {element['style']!r}"
    if confirm := element.get("confirm"):
        for key, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _text(confirm[key], most)


def _text(text: Mapping[str, Any], most: int, only: str = "") -> Iterator[str]:
    if text.get("type") not in ((only,) if only else ("mrkdwn", "plain_text")):
        yield f"a text of type {text.get('type')!r}"
    if not 1 <= len(text.get("text", "")) <= most:
        yield f"a text of {len(text.get('text', ''))} characters, {most} are allowed"


def _unique(what: str, found: list[str | None]) -> Iterator[str]:
    given = [one for one in found if one is not None]
    if len(given) != len(set(given)):
        yield f"{what} twice"
