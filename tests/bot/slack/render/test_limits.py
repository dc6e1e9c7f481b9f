"""Whatever is drawn passes Slack's limits, and nothing that people wrote can ping anybody."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.render import kit
from bot.slack.render.kit import Message
from bot.slack.render.lines import thread
from bot.slack.render.reply import private, refused
from bot.slack.render.run import parent
from bot.workspace.block_rules import Surface
from bot.workspace.limits import check_blocks
from commands.ports import BadVersion
from commands.reply import BadList, Opened, Overview, Preview, RunDetail, RunList, Said
from planner.policy import Policy
from planner.refusal import Code, Refusal
from tests.bot.slack.render.golden import drawn, told
from tests.bot.slack.runs import HOSTILE, at, log, plan, stories
from tests.commands.fakes import POLICY

MARKUP = re.compile(r"<[^<>]*>")
OURS = re.compile(r"<@U[A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>|<!date\^\d+\^[^<>|]+\|[^<>]+>|<#C[A-Z0-9]+>")
SIZES = [1, 2, 50, 51, 500]


def fits(message: Message) -> None:
    assert check_blocks(json.loads(json.dumps(message.blocks)), Surface.MESSAGE) == []
    assert message.text.strip()
    assert len(message.text) <= 4000
    assert len(json.dumps(message.blocks)) < 60_000
    marked = [message.text, *(text for kind, text in texts(message.blocks) if kind == "mrkdwn")]
    for text in marked:
        assert [found for found in MARKUP.findall(text) if not OURS.fullmatch(found)] == []
        assert "<!channel" not in text
    for kind, text in texts(message.blocks):
        if kind != "mrkdwn":
            assert not re.search(r"<[!@#]", text)


def texts(value: object) -> list[tuple[str, str]]:
    """Every text object in blocks, with its kind."""
    found: list[tuple[str, str]] = []
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            found.append((str(value.get("type")), value["text"]))
        for inner in value.values():
            found += texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            found += texts(inner)
    return found


@pytest.mark.parametrize("services", SIZES)
@pytest.mark.parametrize("text", ["", HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("grouped", [False, True], ids=["apart", "lockstep"])
def test_every_stage_of_a_run_fits(services: int, text: str, grouped: bool):
    of = plan(services, text=text, grouped=grouped, hazards=services)
    for events in stories(of, text).values():
        fits(parent(at(events), POLICY))
        fits(kit.plainly(parent(at(events), POLICY)))


@pytest.mark.parametrize("services", SIZES)
@pytest.mark.parametrize("text", ["", HOSTILE], ids=["plain", "hostile"])
def test_every_thread_fits(services: int, text: str):
    for events in stories(plan(services, text=text, hazards=3), text).values():
        for line in told(events):
            fits(thread([line]))
        fits(thread(told(events)))


@pytest.mark.parametrize("services", SIZES)
def test_every_reply_fits(services: int):
    of = plan(services, text=HOSTILE, hazards=3)
    logs = stories(of, HOSTILE)
    runs = tuple(at(events) for events in logs.values()) * 5
    bad = tuple(BadVersion(service=move.service, version=move.to_version, reason=HOSTILE) for move in of.moves)
    no = Refusal(code=Code.NO_SAFE_PLAN, message=HOSTILE, facts=(HOSTILE,) * services, nearest=(HOSTILE, "/rollback " + HOSTILE))
    for reply in (
        Opened(run=at(logs["waiting"])),
        Preview(plan=of, approvals=2),
        Said(text=HOSTILE, lines=(HOSTILE,) * services),
        RunList(title=HOSTILE, runs=runs, empty=HOSTILE),
        RunDetail(run=at(logs["finished"]), entries=log(logs["finished"])),
        Overview(environment="prod", open=runs, held=()),
        BadList(bad=bad),
    ):
        fits(private(reply))
    # A refusal is seen by one person alone, so mentions in it ping nobody; broadcasts are broken all the same.
    fits(refused(no))


@pytest.mark.parametrize("message", drawn().values(), ids=list(drawn()))
def test_agreed_messages_fit(message: Message):
    fits(message)


def test_a_huge_plan_says_how_much_it_leaves_out():
    message = parent(at(stories(plan(500))["waiting"]), POLICY)
    assert "more lines in the thread" in str(message.blocks)
    assert "and 492 more" in message.text
    cards = next(block for block in parent(at(stories(plan(500))["running"]), POLICY).blocks if block["type"] == "plan")
    assert len(cards["tasks"]) == 50
    assert "451 more: 451 waiting" in cards["tasks"][-1]["title"]
    assert cards["tasks"][0]["status"] == "in_progress"


def test_the_summary_has_three_lines_at_most():
    for events in stories(plan(2)).values():
        run = at(events)
        if run.stage != "waiting":
            assert parent(run, POLICY).blocks[0]["text"]["text"].count("\n") == 2


def test_buttons_begin_with_their_verb_and_fit_the_stage():
    legal = {
        "waiting": ["Approve", "Reject", "Cancel", "Full", "Set", "Dry", "Show", "Show"],
        "granted": ["Cancel"],
        "running": ["Cancel"],
        "stopping": [],
        "halted": ["Retry", "Skip", "Undo", "Leave"],
        "undoing": ["Cancel"],
        "left": [],
        "finished": [],
        "rejected": [],
    }
    for name, verbs in legal.items():
        blocks = parent(at(stories(plan(2))[name]), POLICY).blocks
        labels = [item["text"]["text"] for block in blocks if block["type"] == "actions" for item in block["elements"]]
        assert [label.split()[0].rstrip(":") for label in labels] == verbs, name


def test_nobody_may_approve_is_said_on_the_plan():
    assert "Nobody may approve" in str(parent(at(stories(plan(2))["waiting"]), Policy()).blocks)


def test_own_approval_is_announced():
    assert "may approve it alone" in str(parent(at(stories(plan(2))["waiting"]), Policy(own_request=True)).blocks)


@given(st.text(max_size=400), st.integers(min_value=1, max_value=80))
def test_cutting_never_splits_an_entity(text: str, most: int):
    cut = kit.clip(kit.escape(text), most)
    assert len(cut) <= max(most, 1)
    assert re.sub(r"&(amp|lt|gt);", "", cut).count("&") == 0


@given(
    st.lists(st.text(max_size=80), max_size=60), st.integers(min_value=1, max_value=20), st.integers(min_value=60, max_value=900)
)
def test_a_listing_fits_and_counts_what_it_leaves_out(lines: list[str], most: int, length: int):
    told = kit.listing([kit.escape(line).replace("\n", " ") for line in lines], most, length=length)
    assert len(told) <= length
    left = re.search(r"…and (\d+) more$", told)
    if len(lines) > most:
        assert left


@given(st.text(max_size=300))
def test_no_text_opens_markup(text: str):
    assert "<" not in kit.escape(text)
    assert not re.search(r"<[!@#]", kit.bare(text))
    assert set(MARKUP.findall(kit.with_mentions(text))) <= set(OURS.findall(kit.with_mentions(text)))
