"""Blocks for the tests of the page: one of every kind with what must be seen of it, hostile ones, a form, and a shop."""

from typing import Any

Body = dict[str, Any]


def plain(text: str) -> Body:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Body:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: Any) -> Body:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(label: str, action: str, value: str, confirm: Body | None = None) -> Body:
    found: Body = {"type": "button", "text": plain(label), "action_id": action, "value": value}
    return found if confirm is None else {**found, "confirm": confirm}


def words(text: str, **style: bool) -> Body:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def rich(*elements: Body) -> Body:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def option(text: str, value: str) -> Body:
    return {"text": plain(text), "value": value}


_SELECT = {"type": "static_select", "action_id": "version", "placeholder": plain("Pick"), "options": [option("1.4.2", "a")]}
_MORE = {"type": "overflow", "action_id": "more", "options": [option("Full plan", "f"), option("Why", "w")]}
_ITEM = {"type": "rich_text_section", "elements": [words("an item")]}

EVERY_BLOCK: list[tuple[list[Body], list[tuple[str, str]]]] = [
    ([{"type": "header", "text": plain("A head")}], [("[role=heading]", "A head")]),
    (
        [section("*bold* _it_ ~off~ `code` <https://a.example|there> <@U0RAJ> &lt;3 :lock:")],
        [
            ("strong", "bold"),
            ("em", "it"),
            ("s", "off"),
            ("code", "code"),
            ("a", "there"),
            (".mention", "@Raj Patel"),
            (".b-text", "<3"),
        ],
    ),
    (
        [section("&gt; said\n```\nin code\n```\n<!here> <!date^0^{date_num}|then>")],
        [("blockquote", "said"), ("pre", "in code"), (".mention.loud", "@here")],
    ),
    (
        [{"type": "section", "fields": [mrkdwn("*Now*\n2.0.0"), mrkdwn("*Then*\n1.4.2")], "accessory": _SELECT}],
        [(".b-fields", "1.4.2"), (".b-accessory .choice", "")],
    ),
    (
        [{"type": "context", "elements": [mrkdwn("small print")]}, {"type": "divider"}],
        [(".b-context", "small print"), ("hr", "")],
    ),
    (
        [{"type": "actions", "elements": [button("Approve", "a", "1"), _SELECT | {"action_id": "s"}, _MORE]}],
        [("button", "Approve")],
    ),
    (
        [{"type": "image", "image_url": "https://elsewhere.example/x.png", "alt_text": "a timeline"}],
        [(".no-picture", "a timeline")],
    ),
    (
        [
            {
                "type": "rich_text",
                "elements": [
                    {"type": "rich_text_list", "style": "ordered", "elements": [_ITEM]},
                    {"type": "rich_text_quote", "elements": [words("a quote")]},
                    {"type": "rich_text_preformatted", "elements": [words("raw")]},
                ],
            },
            rich(words("strong", bold=True), {"type": "emoji", "name": "nothing_like_it"}, {"type": "user", "user_id": "U0ANA"}),
        ],
        [("ol li", "an item"), ("blockquote", "a quote"), ("pre", "raw"), ("strong", "strong"), (".mention.mine", "Ana Ortiz")],
    ),
    (
        [{"type": "markdown", "text": "## Title\n\n- [x] **done**\n\n| a | b |\n|---|---|\n| 1 | 2 |"}],
        [("[role=heading]", "Title"), ("li strong", "done"), ("td", "1")],
    ),
    (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "service"}], [rich(words("order-service"))]]}],
        [("th", "service"), ("td", "order-service")],
    ),
    (
        [
            {
                "type": "plan",
                "title": "Verified: 1 of 3",
                "tasks": [
                    {"task_id": "1", "title": "order", "status": "complete", "output": rich(words("9.1 s"))},
                    {"task_id": "2", "title": "payment", "status": "in_progress", "details": rich(words("Wave 2"))},
                    {"task_id": "3", "title": "ledger", "status": "error"},
                ],
            }
        ],
        [
            (".plan-count", "1 of 3 done, 1 failed"),
            (".task.in_progress", "in progress"),
            (".task-details", "Wave 2"),
            (".task.error", "failed"),
        ],
    ),
    ([{"type": "task_card", "task_id": "t", "title": "Alone", "status": "complete"}], [(".task", "Alone (done)")]),
    (
        [{"type": "card", "title": mrkdwn("A card"), "body": mrkdwn("of a kind that is not drawn")}],
        [(".unknown", "Unknown block: card")],
    ),
]

_TRICK = "<img src=x onerror=\"document.title='pwned'\"><b>no</b>"
_BAD_LINK = {"type": "link", "url": "javascript:document.title='pwned'", "text": "press"}
HOSTILE: list[list[Body]] = [
    [{"type": "header", "text": plain(_TRICK)}, section(_TRICK), {"type": "context", "elements": [plain(_TRICK)]}],
    [{"type": "section", "fields": [mrkdwn(f"`{_TRICK}` <javascript:alert(1)|{_TRICK}> <data:text/html,x>")]}],
    [rich(words(_TRICK), _BAD_LINK)],
    [
        {
            "type": "markdown",
            "text": f"# {_TRICK}\n[press](javascript:alert(1)) ![x](data:text/html,x)\n<script>document.title='pwned'</script>",
        }
    ],
    [{"type": "table", "rows": [[{"type": "raw_text", "text": _TRICK}], [rich(words(_TRICK))]]}],
    [
        {
            "type": "plan",
            "title": _TRICK,
            "tasks": [{"task_id": _TRICK, "title": _TRICK, "status": "error", "output": rich(words(_TRICK))}],
        }
    ],
    [{"type": "actions", "elements": [button(_TRICK[:75], "<b>", _TRICK)]}],
    [{"type": "card", "title": mrkdwn(_TRICK)}],
]

_STRATEGIES = [option("Only what must", "partial"), option("Everything", "full")]
FORM: Body = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Roll back"),
    "submit": plain("Plan it"),
    "blocks": [
        {
            "type": "input",
            "block_id": "service",
            "label": plain("Service"),
            "element": {"type": "external_select", "action_id": "pick", "min_query_length": 1},
        },
        {
            "type": "input",
            "block_id": "how",
            "label": plain("How much"),
            "element": {"type": "radio_buttons", "action_id": "strategy", "options": _STRATEGIES},
        },
        {
            "type": "input",
            "block_id": "data",
            "optional": True,
            "label": plain("Data"),
            "element": {"type": "checkboxes", "action_id": "loss", "options": [option("Accept lost data", "yes")]},
        },
        {
            "type": "input",
            "block_id": "until",
            "optional": True,
            "label": plain("Not after"),
            "element": {"type": "datepicker", "action_id": "day"},
        },
        {
            "type": "input",
            "block_id": "people",
            "optional": True,
            "label": plain("Tell"),
            "element": {"type": "multi_users_select", "action_id": "who"},
        },
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        },
    ],
}

SHOP: Body = {
    "title": "Demo shop",
    "services": [
        {"name": "payment-service", "version": "3.0.0", "state": "up", "healthy": True, "ok_rate": 1.0},
        {
            "name": "order-service",
            "version": "2.0.0",
            "state": "up",
            "healthy": False,
            "ok_rate": 0.7,
            "calls": ["payment-service"],
        },
    ],
    "load": {"ok": 9, "failed": 3, "recent": [{"t": 100, "ok": 4, "failed": 3}, {"t": 101, "ok": 5, "failed": 0}]},
    "something_new": [1, 2],
}
