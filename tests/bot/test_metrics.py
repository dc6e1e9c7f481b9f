"""What Prometheus is told, by whom it is fed, and that nothing in it names a person or a run."""

import asyncio
import math
import re

import aiohttp
from hypothesis import given
from hypothesis import strategies as st

from bot.metrics import Metrics
from bot.ops import ops_site
from bot.tally import Tally
from planner.events import Entry
from planner.names import RunId
from tests.bot.slack.runs import plan, stories
from tests.commands.fakes import NOON, MemoryRuns


class Log(MemoryRuns):
    """A log that can be read from the middle, as the real one."""

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        return tuple(entry for entry in await super().entries(run) if entry.seq > after)


def value(page: bytes, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (\S+)$", page.decode(), re.MULTILINE)
    return float(found.group(1)) if found else 0.0


async def test_what_is_counted_is_told():
    metrics = Metrics()
    metrics.asked("rollback")
    metrics.pressed("approve")
    metrics.refused("not_allowed")
    metrics.called("chat.postMessage", "ok")
    metrics.acknowledged("command", 0.02)
    metrics.ended("finished")
    metrics.judged("pass", 7.0)
    page = await metrics.page()
    for line in (
        'rollbot_commands_total{verb="rollback"}',
        'rollbot_presses_total{button="approve"}',
        'rollbot_refusals_total{code="not_allowed"}',
        'rollbot_slack_calls_total{method="chat.postMessage",result="ok"}',
        'rollbot_ack_seconds_bucket{kind="command",le="0.025"}',
        'rollbot_runs_ended_total{ending="finished"}',
        'rollbot_steps_total{verdict="pass"}',
        'rollbot_step_seconds_bucket{le="10.0"}',
    ):
        assert value(page, line) == 1.0, line


@given(st.text())
async def test_no_text_from_outside_becomes_a_label(text: str):
    metrics = Metrics()
    metrics.called(text, "ok")
    labels = re.findall(rb'method="([^"]*)"', await metrics.page())
    assert set(labels) <= {b"other", text.encode(errors="replace")}
    assert re.fullmatch(rb"[A-Za-z0-9_.-]{1,64}", labels[0])


async def test_what_cannot_be_read_is_no_number_and_no_failure():
    metrics = Metrics()

    async def gone() -> float:
        raise ConnectionError

    async def nothing() -> None:
        return None

    async def three() -> float:
        return 3.0

    metrics.watch({"a": ("A.", gone), "b": ("B.", nothing), "c": ("C.", three)})
    page = await metrics.page()
    assert math.isnan(value(page, "a"))
    assert math.isnan(value(page, "b"))
    assert value(page, "c") == 3.0


async def test_runs_and_steps_are_counted_from_the_log_and_old_ones_are_not():
    runs, metrics = Log(), Metrics()
    of = plan(2)
    old = await runs.open(stories(of)["finished"])
    tally = Tally(runs, metrics, NOON)
    task = asyncio.create_task(tally.run())
    await asyncio.sleep(0)
    halted = await runs.open(stories(of)["halted"])
    finished = await runs.open(stories(of)["finished"])
    rejected = await runs.open(stories(of)["rejected"])
    async with asyncio.timeout(5):
        while value(page := await metrics.page(), 'rollbot_runs_ended_total{ending="rejected"}') < 1:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert value(page, 'rollbot_runs_ended_total{ending="finished"}') == 1.0
    assert value(page, 'rollbot_steps_total{verdict="fail"}') == 1.0
    assert value(page, 'rollbot_steps_total{verdict="pass"}') == 2.0
    assert value(page, "rollbot_step_seconds_count") == 3.0
    for run in (old, halted, finished, rejected):
        assert f'"{run.id}"' not in page.decode()


async def test_a_run_that_was_under_way_is_counted_from_now_on():
    runs, metrics = Log(), Metrics()
    events = stories(plan(2))["finished"]
    run = await runs.open(events[:-1])
    tally = Tally(runs, metrics, NOON.replace(year=2030))
    await tally._catch_up(run.id)
    assert value(await metrics.page(), 'rollbot_steps_total{verdict="pass"}') == 0.0
    assert await runs.entries(RunId("r9")) == ()


async def test_the_pages_answer_and_say_what_is_wrong():
    well: dict[str, bool | str] = {"slack": True, "store": True}

    async def slack() -> bool | str:
        return well["slack"]

    async def store() -> bool | str:
        if well["store"] is not True:
            raise ConnectionError
        return True

    async with (
        ops_site("127.0.0.1", 0, {"slack": slack, "store": store}, Metrics()) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):

        async def get(path: str) -> tuple[int, str]:
            async with session.get(path) as answer:
                return answer.status, await answer.text()

        assert await get("/healthz") == (200, "ok\n")
        assert await get("/readyz") == (200, "slack: ok\nstore: ok\n")
        well["slack"] = "the last frame from Slack came 47 s ago"
        well["store"] = False
        assert await get("/readyz") == (503, "slack: NOT READY: the last frame from Slack came 47 s ago\nstore: NOT READY\n")
        status, text = await get("/metrics")
        assert status == 200
        assert "# HELP rollbot_ack_seconds" in text
        assert (await get("/healthz"))[0] == 200
