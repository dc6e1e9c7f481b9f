"""Somebody types and presses in a real workspace; everybody gets one truthful private answer."""

import asyncio
from dataclasses import replace

import pytest

from bot.slack.tasks import Tasks
from commands.table import VERBS
from integrations.errors import Unavailable
from planner.events import Approved, Granted, PressRefused
from planner.names import RunId
from planner.run import Stage as RunStage
from planner.snapshot import Snapshot
from tests.bot.slack.stage import live, stage
from tests.commands.fakes import Office

pytestmark = pytest.mark.usefixtures("each_way")


async def test_a_plan_is_typed_posted_refused_to_a_guest_and_approved():
    async with stage() as s, live(s):
        plan = await s.plan("order-service --reason “it fails”")
        assert plan["channel"] == "C0INCIDENT"
        await s.whisper("ana", "Plan posted", "r1")
        await s.whisper("ana", "Working out a safe plan for order-service…")
        await s.page.press("guest", plan, "rollbot:approve")
        await s.whisper("guest", "You may not approve run r1", "<@UBEN>")
        await s.page.press("ana", plan, "rollbot:approve")
        await s.whisper("ana", "You asked for this rollback")
        await s.page.press("ben", plan, "rollbot:approve")
        await s.whisper("ben", "You approved run r1")
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.stage is RunStage.GRANTED
        assert run.approvals[0].by.name == "Ben"
        assert s.office.wake.woken == [run.id]


async def test_a_member_of_an_approving_group_may_approve():
    async with stage() as s, live(s):
        await s.page.press("sue", await s.plan(), "rollbot:approve")
        await s.whisper("sue", "You approved run r1")


async def test_twenty_approvals_at_once_start_one_run_and_all_are_answered():
    async with stage() as s, live(s):
        plan = await s.plan()
        people = ["ben", "sue", "guest", "ana"] * 5
        await asyncio.gather(*(s.page.press(who, plan, "rollbot:approve") for who in people))
        for who in ("ben", "sue", "guest", "ana"):
            await s.whisper(who, "r1")
        events = [entry.event for entry in await s.office.runs.entries(RunId("r1"))]
        assert sum(isinstance(event, Granted) for event in events) == 1
        assert sum(isinstance(event, Approved) for event in events) == 1
        assert sum(isinstance(event, PressRefused) for event in events) <= 12
        for who in ("UBEN", "USUE", "UGUEST", "UANA"):
            await s.page.wait_message(lambda _, who=who: _answers(s.page, who) >= 5)


def _answers(page, who: str) -> int:
    return sum(message.get("shown_to") == who for message in page.view.newest_first())


async def test_the_same_click_twice_counts_once():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.workspace.fault("duplicate", times=1)
        await s.page.press("ben", plan, "rollbot:approve")
        await s.whisper("ben", "You approved run r1")
        await s.whisper("ben", "was approved by Ben already")
        events = [entry.event for entry in await s.office.runs.entries(RunId("r1"))]
        assert sum(isinstance(event, Granted) for event in events) == 1


async def test_a_click_on_an_old_copy_is_answered_truthfully():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.page.command("ben", "incident", "/rollback reject r1")
        await s.whisper("ben", "Run r1 is rejected")
        await s.settled()
        await s.page.press("ana", plan, "rollbot:reject")
        await s.whisper("ana", "Run r1 is over: rejected by Ben")
        await s.page.command("ben", "incident", "/rollback approve r1")
        await s.whisper("ben", "Run r1 is over: rejected by Ben")


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
async def test_every_verb_is_answered_in_slack(verb: str):
    async with stage() as s, live(s):
        await s.plan()
        words = {"plan": "ledger-service", "bad": "list", "help": "", "status": "", "history": "", "locks": ""}.get(verb, "r1")
        await s.page.command("ben", "incident", f"/rollback {verb} {words}".strip())
        await s.whisper("ben")


async def test_words_as_slack_sends_them():
    async with stage() as s, live(s):
        await s.page.command("ana", "incident", "/rollback order-service to 1.4.2 —reason “a &lt; b &amp; <!channel>”")
        await s.whisper("ana", "Plan posted")
        plan = await s.page.wait_message(lambda m: "Approve" in str(m.get("blocks")) and not m.get("ephemeral"))
        assert "<!channel>" not in str(plan)


async def test_hostile_words_are_refused_and_ping_nobody():
    async with stage() as s, live(s):
        await s.page.command("guest", "incident", "/rollback order-service to <1.4.2&<!channel>")
        answer = await s.whisper("guest", "🚫")
        assert "<!channel>" not in str(answer["blocks"])
        assert "<!channel>" not in answer["text"]


async def test_a_broken_world_is_told_in_words():
    office = Office()
    office.fault = Unavailable("services.yaml cannot be read")
    async with stage(office) as s, live(s):
        await s.page.command("ana", "incident", "/rollback order-service")
        await s.whisper("ana", "nothing was done", "services.yaml cannot be read")


async def test_a_fault_of_our_own_is_told_in_words_and_kept_out_of_sight():
    office = Office()
    office.fault = RuntimeError("xoxb-secret in a traceback")
    async with stage(office) as s, live(s):
        await s.page.command("ana", "incident", "/rollback order-service")
        answer = await s.whisper("ana", "failed before it could answer")
        assert "xoxb" not in str(answer)


async def test_a_channel_that_cannot_be_posted_to_is_told_with_what_to_do():
    async with stage() as s, live(s):
        await s.page.command("ana", "secret", "/rollback order-service")
        answer = await s.whisper("ana", "cannot see it yet", "/invite @rollbot")
        assert any(block["type"] == "actions" for block in answer["blocks"])


async def test_buttons_of_another_time_are_answered():
    async with stage() as s:
        await s.door.client.chat_postMessage(
            channel="C0INCIDENT",
            text="old",
            blocks=[
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Launch"},
                            "action_id": "rollbot:launch",
                            "value": "garbage",
                        }
                    ],
                }
            ],
        )
        old = await s.page.wait_message(lambda m: m.get("text") == "old")
        await s.page.press("guest", old, "rollbot:launch")
        await s.whisper("guest", "another version of Rollbot")


async def test_work_that_was_begun_is_finished_before_the_door_closes():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.page.press("ben", plan, "rollbot:approve")
        await s.door.stop()
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.stage is RunStage.GRANTED


async def test_fifty_commands_are_acknowledged_while_the_world_hangs():
    office = Office()
    asked = asyncio.Event()

    async def hang() -> Snapshot:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    office.desk = replace(office.desk, survey=hang)
    async with stage(office) as s, live(s):
        await asyncio.gather(*(s.page.command("ana", "incident", "/rollback order-service") for _ in range(50)))
        await asked.wait()
        assert s.page.view.failures == []
        await s.whisper("ana", "Working out a safe plan")
        await s.door.stop(patience=0.01)


async def test_too_much_work_is_said_and_not_piled_up():
    tasks = Tasks(most=1)
    never = asyncio.Event()

    async def wait() -> None:
        await never.wait()

    tasks.begin(wait(), "busy")
    assert tasks.full
    await tasks.drain(0.01)
    assert not tasks.full


async def test_an_answer_that_slack_puts_off_arrives_all_the_same():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.workspace.fault("rate_limit", method="chat.postEphemeral", times=1)
        await s.page.say("ben", "incident", "@rollbot approve", thread_ts=plan["ts"])
        await s.whisper("ben", "You approved run r1")
        assert [bool(call.answer.get("ok")) for call in s.calls("chat.postEphemeral")] == [False, True]
