"""What the channel shows follows the log: one message, edited; each line once and in order; whatever breaks on the way."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.workspace.rates import RateRules
from planner.events import Asked, Choice, Decided, Ended, Ending, Planned, StepVerified
from planner.names import RunId
from planner.run import Run
from tests.bot.slack.runs import asking_for, checking, failing, granting, settling, starting
from tests.bot.slack.stage import Stage, live, stage

R1 = RunId("r1")


async def opened(s: Stage) -> Run:
    """A run that waits, asked for by somebody, without Slack being asked yet."""
    await s.page.command("ana", "incident", "/rollback order-service")
    while (run := await s.office.runs.read(R1)) is None:
        await asyncio.sleep(0.01)
    return run


async def carry_out(s: Stage, run: Run) -> None:
    """Everything a worker writes on the way to the end."""
    await s.happen(*granting(run.plan), *starting(run.plan))
    for move in run.plan.moves:
        step = move.service
        await s.happen(*asking_for(move), *settling(step), *checking(step), StepVerified(step=step))
    await s.happen(Ended(ending=Ending.FINISHED, because=""))


def parents(s: Stage) -> list[dict[str, Any]]:
    """The messages of runs in the channel, oldest first."""
    messages = s.page.view.messages.get("C0INCIDENT", {}).values()
    return sorted((m for m in messages if m.get("thread_ts") in {None, m["ts"]}), key=lambda m: m["ts"])


async def told(s: Stage, ts: str) -> str:
    """The lines of the whole thread as one text. Slack is asked, for the page may be a frame behind; files have no lines."""
    thread = await s.door.client.conversations_replies(channel="C0INCIDENT", ts=ts, limit=200)
    return "\n".join(block["text"]["text"] for m in thread["messages"][1:] for block in m.get("blocks", ()))


def assert_told_once(text: str) -> None:
    """Each line of a finished run stands in the thread once, in the order in which it happened."""
    lines = [
        "*The whole plan*",
        "Ben approved plan",
        "that is enough",
        "Locked for this run",
        "Looked again",
        "`payment-service`: asking for",
        "`payment-service`  identity",
        "`payment-service`  converged",
        "`payment-service`  stable",
        "`payment-service`  indicators",
        "`payment-service` runs `2.4.1`",
        "`order-service`: asking for",
        "`order-service`  identity",
        "`order-service`  indicators",
        "`order-service` runs `1.4.2`",
        "*Finished*",
        "Audit: `audit r1 #",
    ]
    assert [text.count(line) for line in lines] == [1] * len(lines)
    places = [text.index(line) for line in lines]
    assert places == sorted(places)


async def shown(s: Stage, *words: str) -> dict[str, Any]:
    """The newest parent message, once it has these words."""
    await s.page.wait_message(
        lambda m: m.get("thread_ts") in {None, m["ts"]} and not m.get("ephemeral") and all(word in str(m) for word in words)
    )
    return parents(s)[-1]


async def test_one_message_is_edited_from_the_plan_to_the_end():
    async with stage() as s, live(s):
        run = await opened(s)
        await shown(s, "Approve")
        await carry_out(s, run)
        message = await shown(s, "*Finished*")
        view = await s.settled()
        assert len(parents(s)) == 1
        assert (message["ts"], view.channel) == (view.ts, "C0INCIDENT")
        assert [task["status"] for block in message["blocks"] if block["type"] == "plan" for task in block["tasks"]] == [
            "complete",
            "complete",
        ]
        assert not any(block["type"] == "actions" for block in message["blocks"])
        assert_told_once(await told(s, view.ts))
        posts = s.calls("chat.postMessage")
        assert posts[0].arguments["metadata"]["event_payload"] == {"run": "r1", "environment": "test", "seq": 2}
        for call in s.calls("chat.update"):
            assert call.arguments["text"]
            assert call.arguments["blocks"]


async def test_a_stopped_run_asks_for_a_choice_and_shows_what_was_chosen():
    async with stage() as s, live(s):
        run = await opened(s)
        await s.happen(*granting(run.plan), *starting(run.plan), *failing(run.plan.moves[0]))
        message = await shown(s, "*Stopped*")
        await s.page.press("guest", message, "rollbot:undo")
        await s.whisper("guest", "You may not decide")
        await s.page.press("ben", message, "rollbot:undo")
        await s.page.submit("ben", await s.page.wait_view("ben"), {})
        await s.whisper("ben", "You chose undo")
        await shown(s, "Taking back")
        await s.page.press("ben", message, "rollbot:leave")
        await s.whisper("ben", "is not waiting for a decision")
        decided = [entry.event for entry in await s.office.runs.entries(R1) if isinstance(entry.event, Decided)]
        assert [event.choice for event in decided] == [Choice.UNDO]


async def test_many_changes_become_few_edits_and_the_last_one_is_never_lost():
    async with stage() as s, live(s, interval=30.0):
        run = await opened(s)
        await shown(s, "Approve")
        await carry_out(s, run)
        await shown(s, "*Finished*")
        await s.settled()
        assert len(s.calls("chat.update")) <= 5


async def test_under_slacks_own_limits_every_line_arrives():
    async with stage(rates=RateRules()) as s, live(s):
        run = await opened(s)
        await carry_out(s, run)
        await shown(s, "*Finished*")
        view = await s.settled()
        assert_told_once(await told(s, view.ts))


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_slack_that_asks_for_patience_gets_it(method: str):
    async with stage() as s:
        await s.workspace.fault("rate_limit", method=method, times=1)
        async with live(s):
            run = await opened(s)
            await carry_out(s, run)
            await shown(s, "*Finished*")
            view = await s.settled()
            assert len(parents(s)) == 1
            assert_told_once(await told(s, view.ts))


async def test_a_lost_answer_posts_nothing_twice():
    async with stage() as s:
        await s.workspace.fault("drop_answer", method="chat.postMessage", times=3)
        async with live(s):
            run = await opened(s)
            await carry_out(s, run)
            await shown(s, "*Finished*")
            view = await s.settled()
            assert len(parents(s)) == 1
            assert_told_once(await told(s, view.ts))


async def test_a_bot_killed_anywhere_goes_on_with_the_same_message():
    async with stage() as s:
        run = await opened(s)
        events = [*granting(run.plan), *starting(run.plan)]
        for move in run.plan.moves:
            step = move.service
            events += [*asking_for(move), *settling(step), *checking(step), StepVerified(step=step)]
        events.append(Ended(ending=Ending.FINISHED, because=""))
        for number, event in enumerate(events):
            async with live(s, owner=f"bot {number}", hold=0.02):
                await s.happen(event)
                # Killed at whatever point it has reached by now.
                await asyncio.sleep(0.004 * (number % 6))
        async with live(s, owner="the last", hold=0.02):
            await shown(s, "*Finished*")
            view = await s.settled()
            assert len(parents(s)) == 1
            assert_told_once(await told(s, view.ts))


async def test_a_run_that_ended_while_nobody_drew_is_shown_as_ended(monkeypatch: pytest.MonkeyPatch):
    """However many newer ones there are."""
    monkeypatch.setattr("bot.slack.live._LOOKED_AT", 0)
    async with stage() as s:
        async with live(s):
            run = await opened(s)
            await shown(s, "Approve")
            await s.settled()
        await carry_out(s, run)
        assert await s.views.undrawn() == (run.id,)
        async with live(s, owner="another"):
            await shown(s, "*Finished*")
            async with asyncio.timeout(10):
                while await s.views.undrawn():
                    await asyncio.sleep(0.01)


async def test_two_replicas_draw_one_message():
    async with stage() as s, live(s, "one", hold=0.1), live(s, "two", hold=0.1):
        run = await opened(s)
        await carry_out(s, run)
        await shown(s, "*Finished*")
        view = await s.settled()
        assert len(parents(s)) == 1
        assert_told_once(await told(s, view.ts))


async def test_a_message_that_somebody_deleted_is_posted_anew():
    async with stage() as s, live(s):
        run = await opened(s)
        first = await shown(s, "Approve")
        await s.settled()
        await s.door.client.chat_delete(channel="C0INCIDENT", ts=first["ts"])
        await s.happen(*granting(run.plan))
        again = await shown(s, "Locking")
        assert again["ts"] != first["ts"]
        assert (await s.settled()).ts == again["ts"]


async def test_slack_being_away_stops_nothing_and_is_caught_up_with():
    async with stage() as s, live(s):
        run = await opened(s)
        await shown(s, "Approve")
        await s.settled()
        address, port = s.workspace.api_url, int(s.workspace.api_url.split(":")[2].split("/")[0])
        await s.workspace.stop()
        await carry_out(s, run)
        await s.workspace.start(port=port)
        assert s.workspace.api_url == address
        view = await s.settled()
        assert view.ts


async def test_a_view_of_trouble_is_kept_for_whoever_asked_and_healed_by_an_invitation():
    async with stage() as s, live(s):
        await s.page.command("ana", "secret", "/rollback order-service")
        await s.whisper("ana", "/invite @rollbot")
        kept = s.views.kept[R1]
        assert (kept.channel, kept.ts, bool(kept.trouble)) == ("C0SECRET", "", True)


async def test_a_run_without_a_place_is_not_drawn():
    async with stage() as s, live(s):
        run = await opened(s)
        await s.settled()
        asked, planned = [entry.event for entry in await s.office.runs.entries(R1)]
        assert isinstance(asked, Asked)
        assert isinstance(planned, Planned)
        await s.office.runs.open([replace(asked, place=None), planned])
        await s.happen(*granting(run.plan))
        await s.settled()
        assert set(s.views.kept) == {R1}
