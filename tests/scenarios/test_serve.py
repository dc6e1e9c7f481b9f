"""The real bot against an independent Slack, with real services: what people type and press, and what they then see."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from tests.scenarios.emulator import Slack
from tests.scenarios.slack_values import ANA, GUS, RAJ, Limited, Lost, everything
from tests.scenarios.world import AFTER, BEFORE, STARTED_ONCE, World, command_line, free_ports, poll, processes, world


async def test_from_the_word_to_the_end(tmp_path):
    async with world(tmp_path) as w:
        slack = w.slack
        await slack.command("")
        await slack.window()
        acknowledged = await slack.command('order-service --reason "checkout fails"')
        assert "order-service" in acknowledged["text"]
        ts = await slack.plan()
        assert "checkout fails" in everything(slack.messages[ts])
        await slack.told(ANA, "r1")

        await slack.deliver("interactive", slack.press(ts, "Approve", GUS))
        await slack.told(GUS, "may not approve")
        await slack.deliver("interactive", slack.press(ts, "Approve", ANA))
        await slack.told(ANA, "You asked")
        for instead in ({"value": "garbage"}, {"value": ""}, {"action_id": "rollbot:dance"}, {"value": "r99 abcdef 0"}):
            seen = len(slack.private)
            await slack.deliver("interactive", slack.press(ts, "Approve", RAJ, **instead))
            await slack.told(RAJ, since=seen)
        assert w.runs() == BEFORE
        assert not w.starts()

        approve = slack.press(ts, "Approve", RAJ)
        await slack.deliver("interactive", approve)
        thread = await w.finished(ts)
        for service in ("order-service", "payment-service"):
            for gate in ("identity", "converged", "stable", "indicators “works”"):
                assert f"✅ pass  {service}  {gate}" in thread
        assert w.starts() == STARTED_ONCE

        seen = len(slack.private)
        await slack.deliver("interactive", approve)
        await slack.told(RAJ, "r1", since=seen)
        for words, expected in (("history", "r1"), ("status order-service", "1.4.2"), ("show r1", "Finished")):
            seen = len(slack.private)
            await slack.command(words)
            await slack.told(ANA, expected, since=seen)
        assert [m for m in slack.messages.values() if "thread_ts" not in m] == [slack.messages[ts]]
        assert w.starts() == STARTED_ONCE


async def test_twenty_approvals_at_once_start_one_run(tmp_path):
    async with world(tmp_path) as w:
        slack = w.slack
        await slack.command("order-service")
        ts = await slack.plan()
        approvers = [f"U0R{n:02}" for n in range(20)]
        presses = [slack.press(ts, "Approve", user) for user in approvers]
        # Slack delivers at least once: each click comes twice.
        await asyncio.gather(*(slack.deliver("interactive", press) for press in [*presses, *presses]))
        for user in approvers:
            await slack.told(user)
        await w.finished(ts)
        assert w.starts() == STARTED_ONCE
        started = [p.user for p in slack.private if "It starts now" in p.text]
        assert len(started) == 1
        answers = {user: sum(p.user == user for p in slack.private) for user in approvers}
        assert set(answers.values()) == {2}


HOSTILE = ("<!channel>", "<@U0VICTIM>", "<!here>", "<https://evil.test|press me>", "*bold* & <b>")


async def test_what_people_type_is_never_obeyed_by_slack(tmp_path):
    async with world(tmp_path) as w:
        slack = w.slack
        for words, expected in (
            ("order-servise", "order-service"),
            ("order-service to 1.4.3", "1.4.2"),
            ("rolback order-service", "/rollback"),
            ("cancel r77", "r77"),
        ):
            seen = len(slack.private)
            await slack.command(words)
            await slack.until(
                f"{expected} after {words}",
                lambda e=expected, s=seen: any(e in everything({"text": p.text, "blocks": p.blocks}) for p in slack.private[s:]),
            )
        for hostile in HOSTILE:
            for words in (
                hostile,
                f"order-service to {hostile}",
                f"order-service {hostile}",
                f"bad add ledger-service 1.0.0 {hostile}",
            ):
                seen = len(slack.private)
                await slack.command(words)
                await slack.told(ANA, since=seen)
        assert not slack.messages, "nothing but a plan is posted"
        await slack.command(f'order-service --reason "{" ".join(HOSTILE)}"')
        ts = await slack.plan()
        await slack.deliver("interactive", slack.press(ts, "Approve", RAJ))
        await slack.says(ts, "Finished")
        said = json.dumps([*slack.messages.values(), *((p.text, p.blocks) for p in slack.private)], ensure_ascii=False)
        for obeyed in ("<!channel", "<@U0VICTIM", "<!here", "<!everyone", "<https://evil", "<b>"):
            assert obeyed not in said


# --- the bot or its store dies in mid-run ---


async def _killed(folder: Path, break_it: Callable[[World], None], mark: str, mend: Callable[[World], None]) -> None:
    """Kill the bot when the mark is there, mend what held the run up, start the bot again: it goes on as if nothing had been."""
    async with world(folder) as w:
        break_it(w)
        ts = await w.approved_plan()
        await w.marked(mark)
        await w.kill_bot()
        mend(w)
        await w.start_bot()
        thread = await w.finished(ts)
        assert "took over" in thread
        assert w.starts() == STARTED_ONCE
        assert [key for key, message in w.slack.messages.items() if "thread_ts" not in message] == [ts]
        status, said = await w.cli("audit", "verify")
        assert status == 0, said


async def test_killed_in_mid_run_it_goes_on_where_it_was(tmp_path):
    def hold(name: str, word: str) -> tuple[Callable[[World], None], Callable[[World], None]]:
        return lambda w: w.way(name, word), lambda w: w.way(name)

    async with asyncio.TaskGroup() as group:
        for moment, name, word, mark in (
            ("intent", "payment-service@3.0.0", "slow", "stopping"),
            ("settling", "payment-service@2.2.0", "unready", "waits"),
            ("checks", "order-service@1.4.2", "hold", "checked"),
        ):
            break_it, mend = hold(name, word)
            group.create_task(_killed(tmp_path / moment, break_it, f"{name}.{mark}", mend), name=moment)


async def _store_killed(folder: Path) -> None:
    async with world(folder) as w:
        w.way("payment-service@2.2.0", "unready")
        ts = await w.approved_plan()
        await w.marked("payment-service@2.2.0.waits")
        (store,) = [pid for pid in processes(str(w.state)) if "valkey" in command_line(pid)]
        os.kill(store, signal.SIGKILL)
        w.way("payment-service@2.2.0")
        await w.finished(ts)
        assert w.starts() == STARTED_ONCE
        status, said = await w.cli("audit", "verify")
        assert status == 0, said


async def _stopped_and_started(folder: Path) -> None:
    async with world(folder, ready_timeout="30s", ROLLBOT_CONVERGE="40s") as w:
        w.way("payment-service@2.2.0", "unready")
        ts = await w.approved_plan()
        await w.marked("payment-service@2.2.0.waits")
        # Less than the service may take: whoever stops a container does not wait longer.
        assert await w.stop_bot(patience=8) == 0
        left = [command_line(pid) for pid in processes(str(w.folder))]
        assert len(left) == 3, left
        w.way("payment-service@2.2.0")
        await w.start_bot()
        await w.finished(ts)
        assert w.starts() == STARTED_ONCE


async def _all_killed_while_waiting(folder: Path) -> None:
    """The bot and its store, both at once, while a plan waits: the button still works."""
    async with world(folder) as w:
        await w.slack.command("order-service")
        ts = await w.slack.plan()
        for pid in processes(str(w.state)):
            if "valkey" in command_line(pid):
                os.kill(pid, signal.SIGKILL)
        await w.kill_bot()
        await w.start_bot()
        await w.slack.deliver("interactive", w.slack.press(ts, "Approve", RAJ))
        await w.finished(ts)
        assert w.starts() == STARTED_ONCE


async def _killed_right_after_the_press(folder: Path) -> None:
    """Slack was told that the press was heard: then it counts, whatever happens to the bot."""
    async with world(folder) as w:
        ts = await w.approved_plan()
        await w.kill_bot()
        await w.start_bot()
        await w.finished(ts)
        assert w.starts() == STARTED_ONCE


async def _away_while_the_approval_expires(folder: Path) -> None:
    """The bot is down when the time is over: the thread says so once it is back, and late presses start nothing."""
    async with world(folder, ROLLBOT_POLICY__EXPIRES="4s") as w:
        await w.slack.command("order-service")
        ts = await w.slack.plan()
        press = w.slack.press(ts, "Approve", RAJ)
        await w.kill_bot()
        await asyncio.sleep(4)  # the plan's time, by the store's clock
        await w.start_bot()
        await w.slack.says(ts, "Expired")
        await w.slack.deliver("interactive", press)
        await w.slack.told(RAJ, "xpired")
        assert w.runs() == BEFORE
        assert not w.starts()


async def test_store_killed_or_bot_stopped_in_mid_run(tmp_path):
    scenes = (_store_killed, _stopped_and_started, _all_killed_while_waiting)
    async with asyncio.TaskGroup() as group:
        for scene in (*scenes, _killed_right_after_the_press, _away_while_the_approval_expires):
            group.create_task(scene(tmp_path / scene.__name__), name=scene.__name__)


# --- a step fails ---


async def _stopped(w: World, *words: str) -> tuple[str, str]:
    """Roll back until the run stops; its message's ts, and its thread with all the words."""
    ts = await w.approved_plan()
    await w.slack.says(ts, "Stopped", "Retry", "Undo", "Leave")
    return ts, await w.slack.tells(ts, "Stopped", *words)


async def _dies_then_undo(folder: Path) -> None:
    async with world(folder) as w:
        w.way("order-service@1.4.2", "dies")
        ts, thread = await _stopped(w, "exit code 7", "cannot open the ledger", "Done: payment-service", "Failed: order-service")
        assert "<!channel>" not in thread
        await w.choose(ts, "Undo", "it did not help")
        await w.slack.says(ts, "Undone")
        assert w.runs() == BEFORE


async def _never_ready_then_retry(folder: Path) -> None:
    async with world(folder) as w:
        w.way("payment-service@2.2.0", "unready")
        ts, _ = await _stopped(w, "not ready within 3 s", "503", "Failed: payment-service", "Untouched: order-service")
        assert w.runs()["order-service"] == "2.0.0"
        w.way("payment-service@2.2.0")
        retry = w.slack.press(ts, "Retry", RAJ)
        await asyncio.gather(*(w.slack.deliver("interactive", retry) for _ in range(5)))
        await w.finished(ts)
        assert w.starts()["payment-service 2.2.0"] <= 2


async def _no_command_then_leave(folder: Path) -> None:
    async with world(folder) as w:
        w.command("payment-service", "2.2.0").unlink()
        await w.slack.command("order-service")
        await w.slack.told(ANA, "payment-service-2.2.0 does not exist")
        assert not w.slack.messages
        w.command("payment-service", "2.2.0")
        await w.slack.command("order-service")
        ts = await w.slack.plan()
        w.command("order-service", "1.4.2").unlink()
        await w.slack.deliver("interactive", w.slack.press(ts, "Approve", RAJ))
        await w.slack.until("an answer or a stop", lambda: "Stopped" in w.slack.messages[ts]["text"])
        await w.slack.tells(ts, "does not exist", "Done: payment-service", "Failed: order-service")
        assert w.runs()["order-service"] == "2.0.0"
        await w.slack.deliver("interactive", w.slack.press(ts, "Leave", GUS))
        await w.slack.told(GUS, "may not")
        await w.choose(ts, "Leave", "we go on by hand")
        await w.slack.says(ts, "Left")
        assert w.runs() == {**AFTER, "order-service": "2.0.0"}


async def _port_taken_then_retry(folder: Path) -> None:
    async with world(folder) as w:
        w.way("payment-service@3.0.0", "stranger")
        ts, _ = await _stopped(w, "3.0.0 is stopped, but port", "did not start", "Untouched: order-service")
        (stranger,) = [pid for pid in processes(str(w.ways)) if ".taken" in command_line(pid)]
        os.kill(stranger, signal.SIGKILL)
        await w.slack.deliver("interactive", w.slack.press(ts, "Retry", RAJ))
        await w.finished(ts)
        assert w.starts() == STARTED_ONCE


async def _check_fails_then_skip(folder: Path) -> None:
    async with world(folder) as w:
        w.way("payment-service@2.2.0", "bad")
        ts, _ = await _stopped(w, "FAIL", "indicators “works”", "500", "It does run 2.2.0")
        await w.choose(ts, "Skip", "the check is wrong")
        await w.slack.says(ts, "Finished", "payment-service")
        assert w.starts() == STARTED_ONCE


async def test_a_step_that_fails_says_what_was_seen_and_people_choose(tmp_path):
    async with asyncio.TaskGroup() as group:
        for scene in (
            _dies_then_undo,
            _never_ready_then_retry,
            _no_command_then_leave,
            _port_taken_then_retry,
            _check_fails_then_skip,
        ):
            group.create_task(scene(tmp_path / scene.__name__), name=scene.__name__)


# --- Slack itself makes trouble ---


async def _proxies(folder: Path) -> None:
    (dead,) = free_ports(1)
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    async with world(folder, **dict.fromkeys(names, f"http://127.0.0.1:{dead}")) as w:
        await w.finished(await w.approved_plan())
        await w.slack.command("status order-service")
        await w.slack.told(ANA, "1.4.2")


async def _rate_limited(folder: Path) -> None:
    async with world(folder) as w:
        await w.slack.command("order-service")
        ts = await w.slack.plan()
        w.slack.faults["chat.update"] += [Limited(retry_after=2), Limited(retry_after=1)]
        w.slack.faults["chat.postMessage"] += [Limited(retry_after=2), Limited(retry_after=1)]
        await w.slack.deliver("interactive", w.slack.press(ts, "Approve", RAJ))
        await w.finished(ts)
        assert not any(w.slack.faults.values())
        assert not w.slack.impatient


async def _answers_lost(folder: Path) -> None:
    async with world(folder) as w:
        w.slack.faults["chat.postMessage"] += [Lost(), Lost()]
        w.slack.faults["chat.update"] += [Lost()]
        ts = await w.approved_plan()
        await w.finished(ts)
        assert [key for key, message in w.slack.messages.items() if "thread_ts" not in message] == [ts]


async def _slack_down(folder: Path) -> None:
    async with world(folder) as w:
        w.way("payment-service@2.2.0", "unready")
        ts = await w.approved_plan()
        await w.marked("payment-service@2.2.0.waits")
        w.slack.down = True
        await w.slack.cut()
        w.way("payment-service@2.2.0")
        await poll("the planned versions", lambda: w.runs() == AFTER)
        assert "Finished" not in everything(w.slack.messages[ts])
        w.slack.down = False
        await w.finished(ts)
        await w.slack.connected()
        await w.slack.command("status order-service")
        await w.slack.told(ANA, "1.4.2")


async def test_slack_in_trouble(tmp_path):
    async with asyncio.TaskGroup() as group:
        for scene in (_proxies, _rate_limited, _answers_lost, _slack_down):
            group.create_task(scene(tmp_path / scene.__name__), name=scene.__name__)


# --- settings and catalog with mistakes ---


async def test_a_catalog_with_mistakes_is_told_in_private_and_the_bot_stays(tmp_path):
    async with world(tmp_path) as w:
        good = w.catalog.read_text()
        for text, *expected in (
            (good.replace("depends_on", "depend_on", 1), "depend_on", "depends_on", "services.yaml"),
            (good.replace("version: 2.0.0", "version: [2]", 1), "services.yaml"),
            ("services: [", "services.yaml"),
        ):
            seen = len(w.slack.private)
            w.write_catalog(text)
            assert w.catalog.read_text() != good
            await w.slack.command("order-service")
            answer = await w.slack.told(ANA, *expected, since=seen)
            assert "in a moment" not in answer.text, "a mistake in a file does not go away by itself"
        w.catalog.unlink()
        seen = len(w.slack.private)
        await w.slack.command("order-service")
        await w.slack.told(ANA, "services.yaml", since=seen)
        assert not w.slack.messages
        w.write_catalog(good)
        await w.finished(await w.approved_plan())


async def test_tokens_that_do_not_do(tmp_path):
    slack = Slack()
    await slack.start()
    w = World(tmp_path, slack)
    w.write_catalog()
    wrong = [
        ({"SLACK_BOT_TOKEN": "xoxb-9-wrong-777"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-9-wrong-777"}, "SLACK_APP_TOKEN"),
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xapp-9-wrong-777"}, "xoxb-"),
        ({"ROLLBOT_STABLE": "soon", "ROLLBOT_MAX_PARALEL": "2"}, "ROLLBOT_MAX_PARALLEL"),
        ({"ROLLBOT_REDIS_URL": "redis://:wrong-777@127.0.0.1:1/0"}, "ROLLBOT_REDIS_URL"),
    ]
    try:
        said = await asyncio.gather(
            *(w.cli("serve", **{"ROLLBOT_STATE_DIR": str(tmp_path / str(n)), **more}) for n, (more, _) in enumerate(wrong))
        )
    finally:
        await slack.stop()
    for (_, words), (status, text) in zip(wrong, said, strict=True):
        assert status == 2, text
        assert words in text
        assert "wrong-777" not in text
        assert "Traceback" not in text
    assert not processes(str(tmp_path))
