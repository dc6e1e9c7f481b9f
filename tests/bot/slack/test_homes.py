"""The Home tab: what waits for whoever looks, kept fresh, with buttons that work there."""

from bot.slack.render.home import home
from bot.slack.tasks import Tasks
from bot.workspace.block_rules import Surface
from bot.workspace.limits import check_blocks
from commands.board import Board, board
from commands.ports import BadVersion, Holder
from planner.duty_events import Duty, Owed
from planner.names import RunId, ServiceName, Version
from planner.obligations import Obligation
from planner.run import Stage as RunStage
from tests.bot.slack.runs import HOSTILE, at, plan, stories
from tests.bot.slack.stage import live, stage
from tests.commands.fakes import ANA, BEN, GUEST, NOON, Office


async def test_the_tab_shows_what_waits_for_whoever_looks():
    async with stage() as s, live(s):
        await s.page.home("ben")
        empty = await s.page.wait_for(lambda f: f["type"] == "home" and f["user"] == "UBEN")
        assert "Nothing waits for you" in str(empty)
        await s.plan()
        full = await s.page.wait_for(lambda f: f["type"] == "home" and "Waits for you: 1 run" in str(f), timeout=20)
        await s.page.press_in_view("ben", full["view"], "rollbot:show")
        await s.page.wait_view("ben", lambda view: "The whole plan" in str(view["blocks"]))
        await s.page.press_in_view("ben", full["view"], "rollbot:approve")
        await s.page.wait_view("ben", lambda view: "You approved run r1" in str(view["blocks"]))
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.stage is RunStage.GRANTED


async def test_reject_from_the_tab_asks_why_and_answers_in_its_window():
    async with stage() as s, live(s):
        await s.plan()
        await s.page.home("ben")
        tab = await s.page.wait_for(lambda f: f["type"] == "home" and "rollbot:reject" in str(f))
        await s.page.press_in_view("ben", tab["view"], "rollbot:reject")
        view = await s.page.wait_view("ben", lambda view: view["submit"])
        await s.page.submit("ben", view, {"reason": {"reason": "not now"}})
        await s.page.wait_view("ben", lambda view: "Run r1 is rejected" in str(view["blocks"]))


async def test_a_rollback_from_the_tab_asks_for_its_channel():
    async with stage() as s, live(s):
        await s.page.home("ana")
        tab = await s.page.wait_for(lambda f: f["type"] == "home")
        await s.page.press_in_view("ana", tab["view"], "rollbot:start")
        view = await s.page.wait_view("ana", lambda view: view["submit"])
        values = {"service": {"service": "order-service"}, "channel": {"channel": "C0INCIDENT"}}
        await s.page.submit("ana", view, values)
        await s.whisper("ana", "Plan posted", "r1")


async def test_what_waits_for_whom():
    office = Office()
    assert (await board(office.desk, BEN)).mine == ()
    run = await office.runs.open(stories(plan(2))["waiting"])
    assert [found.id for found in (await board(office.desk, BEN)).mine] == [run.id]
    for other in (ANA, GUEST):
        seen = await board(office.desk, other)
        assert seen.mine == ()
        assert [found.id for found in seen.waiting] == [run.id]


def test_any_board_fits_into_a_tab():
    logs = stories(plan(50, text=HOSTILE), HOSTILE)
    runs = tuple(at(events, f"r{number}") for number, events in enumerate(logs.values(), start=1)) * 3
    waiting = tuple(run for run in runs if run.stage is RunStage.WAITING) * 5
    holder = Holder(service=ServiceName("order-service"), since=NOON, run=RunId("r1"))
    bad = BadVersion(service=ServiceName("order-service"), version=Version("2.0.0"), reason=HOSTILE)
    whole = Board(
        environment="prod",
        mine=waiting,
        running=runs,
        waiting=waiting,
        held=(holder,) * 200,
        recent=runs,
        owed=(Obligation(run=RunId("r1"), number=1, words=HOSTILE, owed=Owed(duty=Duty.FIX, owner=HOSTILE, due_at=NOON)),) * 300,
        bad=(bad,) * 300,
    )
    view = home(whole, NOON)
    assert check_blocks(view["blocks"], Surface.HOME) == []
    assert len(view["blocks"]) <= 100
    assert "<!channel" not in str(view)


async def test_tasks_end_where_nobody_looks():
    tasks = Tasks()
    async with stage() as s:
        s.door.homes.changed()
    assert not tasks.full
