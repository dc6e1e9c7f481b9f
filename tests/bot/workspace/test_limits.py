"""What Slack would refuse is refused, at the right place and in its words; what it takes is taken."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ContextBlock, HeaderBlock, MarkdownTextObject, SectionBlock
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.block_rules import Surface
from bot.workspace.errors import SlackError
from bot.workspace.limits import check_blocks, check_view

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(number: int = 0, **more: Any) -> Json:
    return {"type": "button", "action_id": f"a{number}", "text": plain("Approve"), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def rich(text: str) -> Json:
    leaf = {"type": "text", "text": text}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}


def task(number: int = 0, status: str = "complete", **more: Any) -> Json:
    return {"task_id": f"t{number}", "title": "Move", "status": status, **more}


def plan(*tasks: Json) -> Json:
    return {"type": "plan", "title": "Rollback", "tasks": list(tasks)}


def card(status: str) -> Json:
    return {"type": "task_card", **task(status=status)}


def table(rows: int, columns: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def menu(count: int) -> Json:
    return {
        "type": "static_select",
        "action_id": "m",
        "options": [{"text": plain("x"), "value": str(number)} for number in range(count)],
    }


TAKEN: list[list[Json]] = [
    [],
    [section()] * 50,
    [section("x" * 3000)],
    [{"type": "section", "fields": [mrkdwn("x" * 2000)] * 10}],
    [{"type": "header", "text": plain("x" * 150)}],
    [{"type": "context", "elements": [mrkdwn("x")] * 10}],
    [actions(*(button(number) for number in range(25)))],
    [actions(button(text=plain("x" * 75), value="x" * 2000, style="primary", confirm={"title": plain("?"), "text": plain("!")}))],
    [section(block_id="x" * 255)],
    [actions(menu(100))],
    [plan(*(task(number, "pending") for number in range(50)))],
    [plan(task(details=rich("why"), output=rich("what")), task(1, type="task_card"))],
    [card("in_progress")],
    [table(100, 20)],
    [{"type": "markdown", "text": "x" * 12_000}],
    [rich("x"), {"type": "divider"}, {"type": "image", "image_url": "http://127.0.0.1/x.png", "alt_text": "x"}],
    [{"type": "input", "label": plain("x"), "element": {"type": "plain_text_input", "action_id": "x"}}],
]

REFUSED: list[tuple[list[Any], str, str]] = [
    ([section()] * 51, "no more than 50 items allowed", "/blocks"),
    ([{"type": "nonsense"}], "unsupported type: nonsense", "/blocks/0/type"),
    ([section("x" * 3001)], "must be less than 3001 characters", "/blocks/0/text/text"),
    ([section("")], "must be more than 0 characters", "/blocks/0/text/text"),
    ([{"type": "section"}], "must provide either text or fields", "/blocks/0"),
    ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "no more than 10 items allowed", "/blocks/0/fields"),
    ([{"type": "section", "fields": [mrkdwn("x" * 2001)]}], "must be less than 2001", "/blocks/0/fields/0/text"),
    ([section(nonsense=1)], "invalid additional property: nonsense", "/blocks/0"),
    ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151 characters", "/blocks/0/text/text"),
    ([{"type": "header", "text": mrkdwn("x")}], "must be one of: plain_text", "/blocks/0/text/type"),
    ([{"type": "header"}], "missing required field: text", "/blocks/0"),
    ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "no more than 10 items allowed", "/blocks/0/elements"),
    ([actions(*(button(number) for number in range(26)))], "no more than 25 items allowed", "/blocks/0/elements"),
    ([actions()], "must provide at least 1 item", "/blocks/0/elements"),
    ([actions(button(), button())], "`action_id` a0 already exists", "/blocks/0/elements"),
    ([actions(button(text=plain("x" * 76)))], "must be less than 76 characters", "/blocks/0/elements/0/text/text"),
    ([actions(button(text=mrkdwn("x")))], "must be one of: plain_text", "/blocks/0/elements/0/text/type"),
    ([actions(button(value="x" * 2001))], "must be less than 2001 characters", "/blocks/0/elements/0/value"),
    ([actions(button(style="default"))], "must be one of: danger, primary", "/blocks/0/elements/0/style"),
    ([actions(button() | {"action_id": "x" * 256})], "must be less than 256", "/blocks/0/elements/0/action_id"),
    ([actions({"type": "plain_text_input", "action_id": "x"})], "unsupported type", "/blocks/0/elements/0/type"),
    ([section(block_id="x" * 256)], "must be less than 256 characters", "/blocks/0/block_id"),
    ([section(block_id="same"), section(block_id="same")], "`block_id` same already exists", "/blocks"),
    ([actions(menu(101))], "no more than 100 items allowed", "/blocks/0/elements/0/options"),
    ([plan(*(task(number) for number in range(51)))], "no more than 50 items allowed", "/blocks/0/tasks"),
    ([plan(task(status="completed"))], "must be one of: complete, error, in_progress, pending", "/blocks/0/tasks/0/status"),
    ([plan(task(details="words"))], "must be one of: rich_text", "/blocks/0/tasks/0/details/type"),
    ([plan(task(), task())], "`task_id` t0 already exists", "/blocks/0/tasks"),
    ([card("pending")], "must be one of: complete, error, in_progress", "/blocks/0/status"),
    ([plan(task()), card("complete")], "plan and task_card blocks cannot be in the same message", "/blocks"),
    ([table(101, 1)], "no more than 100 items allowed", "/blocks/0/rows"),
    ([table(1, 21)], "no more than 20 items allowed", "/blocks/0/rows/0"),
    ([table(1, 1), table(1, 1)], "only_one_table_allowed", "/blocks"),
    ([{"type": "markdown", "text": "x" * 7_000}] * 2, "markdown blocks together", "/blocks"),
    ([{"type": "alert", "text": mrkdwn("x")}], "unsupported type: alert", "/blocks/0/type"),
    ([{"type": "image", "alt_text": "x"}], "must provide either image_url or slack_file", "/blocks/0"),
    (["words"], "must provide an object", "/blocks/0"),
]


@pytest.mark.parametrize("blocks", TAKEN)
def test_what_slack_takes_is_taken(blocks: list[Json]) -> None:
    assert check_blocks(blocks, Surface.MESSAGE) == []


@pytest.mark.parametrize(("blocks", "words", "pointer"), REFUSED)
def test_what_slack_refuses_is_refused_with_its_place(blocks: list[Any], words: str, pointer: str) -> None:
    faults = check_blocks(blocks, Surface.MESSAGE)
    assert any(words in fault and f"[json-pointer:{pointer}" in fault for fault in faults), faults


def test_blocks_of_slacks_own_models_are_taken() -> None:
    blocks = [
        HeaderBlock(text="Rollback"),
        SectionBlock(text=MarkdownTextObject(text="*x*"), accessory=ButtonElement(text="Why", action_id="why", value="1")),
        ContextBlock(elements=[MarkdownTextObject(text="x")]),
        ActionsBlock(elements=[ButtonElement(text="Approve", action_id="approve", style="primary")]),
    ]
    assert check_blocks([block.to_dict() for block in blocks], Surface.MESSAGE) == []


KEYS = st.sampled_from(
    ["type", "text", "elements", "fields", "accessory", "element", "label", "tasks", "title", "rows", "options"]
)
KINDS = st.sampled_from(
    [
        "section",
        "actions",
        "context",
        "plan",
        "table",
        "rich_text",
        "rich_text_section",
        "input",
        "button",
        "static_select",
        "text",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | KINDS | st.just({"type": "plain_text", "text": "x"})
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20)


@given(st.lists(TREES | st.builds(lambda kind, rest: rest | {"type": kind}, KINDS, st.dictionaries(KEYS, TREES, max_size=4))))
def test_any_json_gets_an_answer_and_never_an_error(blocks: list[Any]) -> None:
    for surface in Surface:
        assert all(fault.startswith("[ERROR] ") for fault in check_blocks(blocks, surface))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": plain("x" * 25)}, "must be less than 25 characters"),
        ({"title": None}, "must provide an object"),
        ({"blocks": [section()] * 101}, "no more than 100 items allowed"),
        ({"private_metadata": "x" * 3001}, "must be less than 3001 characters"),
        ({"submit": None}, "missing required field: submit"),
        ({"blocks": [plan(task())]}, "unsupported type: plan"),
        ({"type": "page"}, "unsupported type: page"),
    ],
)
def test_modals_have_their_own_limits(change: Json, words: str) -> None:
    element = {"type": "plain_text_input", "action_id": "x"}
    form = {"type": "input", "label": plain("Why"), "element": element}
    modal = {"type": "modal", "title": plain("Roll back"), "submit": plain("Go"), "blocks": [form, section()]}
    check_view(modal)
    with pytest.raises(SlackError) as caught:
        check_view(modal | change)
    assert words in str(caught.value.more["errors"])


async def test_the_api_answers_with_all_faults_at_once(web: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await web.chat_postMessage(channel="C0DEPLOY", text="x", blocks=[{"type": "header"}, {"type": "nonsense"}])
    answer = caught.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] missing required field: text [json-pointer:/blocks/0]",
        "[ERROR] unsupported type: nonsense [json-pointer:/blocks/1/type]",
    ]
    with pytest.raises(SlackApiError, match="invalid_blocks_format"):
        await web.api_call("chat.postMessage", data={"channel": "C0DEPLOY", "blocks": "{broken"})
    with pytest.raises(SlackApiError, match="too_many_attachments"):
        await web.chat_postMessage(channel="C0DEPLOY", text="x", attachments=[{"text": "x"}] * 101)
