"""The form and the questions behind buttons, in a real workspace: opened at once, filled, submitted, refused at the fields."""

import asyncio
from dataclasses import replace

import pytest

from bot.workspace.client import PageRefusedError
from planner.events import Choice, Decided, Ended, Ending
from planner.names import RunId, Version
from planner.plan import Strategy
from planner.run import Stage as RunStage
from planner.snapshot import Snapshot
from tests.bot.slack.runs import failing, granting, starting
from tests.bot.slack.stage import Stage, live, stage
from tests.commands.fakes import Office, release, service, snapshot


def texts(view: dict) -> str:
    return str(view["blocks"])


def option(view: dict, block_id: str, text: str) -> dict:
    block = next(block for block in view["blocks"] if block["block_id"] == block_id)
    return next(one for one in block["element"]["options"] if text in one["text"]["text"])


async def opened(s: Stage, who: str = "ana") -> dict:
    await s.page.command(who, "incident", "/rollback")
    return await s.page.wait_view(who, lambda view: view["submit"])


async def choose(s: Stage, view: dict, name: str, who: str = "ana") -> dict:
    found = (await s.page.options(who, view, "service", name))[0]
    await s.page.press_in_view(who, view, "service", option=found)
    return await s.page.wait_view(who, lambda view: any(b["block_id"] == f"version:{name}" for b in view["blocks"]))


async def test_the_form_asks_the_same_as_the_typed_command():
    async with stage() as s, live(s):
        view = await choose(s, await opened(s), "order-service")
        assert "1.4.2, verified good" in texts(view)
        assert "Live since" in texts(view)
        values = {
            "service": {"service": "order-service"},
            "version:order-service": {"version": option(view, "version:order-service", "1.4.2,")},
            "strategy": {"strategy": "partial"},
            "reason": {"reason": 'it says "no"\nand fails'},
        }
        await s.page.submit("ana", view, values)
        await s.whisper("ana", "Plan posted", "r1")
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.asked is not None
        assert run.asked.request.to == "1.4.2"
        assert run.asked.request.strategy is Strategy.PARTIAL
        assert run.asked.reason == 'it says "no"\nand fails'
        assert run.asked.place is not None
        assert run.asked.place.channel == "C0INCIDENT"
        assert run.asked.words == "order-service to 1.4.2 --strategy partial --reason \"it says 'no' and fails\""
        assert s.page.view.modals.get("UANA", []) == []


async def test_a_dry_run_from_the_form_opens_nothing():
    async with stage() as s, live(s):
        view = await choose(s, await opened(s), "order-service")
        tick = next(block for block in view["blocks"] if block["block_id"] == "ticks")["element"]["options"][0]
        await s.page.submit("ana", view, {"service": {"service": "order-service"}, "ticks": {"ticks": [tick]}})
        await s.whisper("ana", "Dry run: nothing was opened")
        assert await s.office.runs.open_runs() == ()


async def test_a_no_stands_at_the_field_that_it_is_about():
    world = snapshot(
        service("order-service", release("1.4.1", 1), release("1.4.2", 2), release("2.0.0", 20)),
        service("lone-service", release("1.0.0", 1)),
    )
    bad = {world.services["order-service"].name: {Version("1.4.1"): "loses carts"}}  # type: ignore[index]
    async with stage(Office(world=replace(world, bad=bad))) as s, live(s):
        view = await choose(s, await opened(s), "order-service")
        chosen = option(view, "version:order-service", "1.4.1, bad")
        assert "loses carts" in chosen["description"]["text"]
        with pytest.raises(PageRefusedError) as refused:
            await s.page.submit(
                "ana", view, {"service": {"service": "order-service"}, "version:order-service": {"version": chosen}}
            )
        assert "remembered as bad" in refused.value.answer["errors"]["version:order-service"]
        view = await choose(s, view, "lone-service")
        assert "Nothing earlier of it is known" in texts(view)
        with pytest.raises(PageRefusedError) as refused:
            await s.page.submit("ana", view, {"service": {"service": "lone-service"}})
        assert "nothing to go back to" in refused.value.answer["errors"]["service"]


async def test_another_service_forgets_the_version_and_keeps_the_rest():
    async with stage() as s, live(s):
        view = await choose(s, await opened(s), "order-service")
        view = await choose(s, view, "payment-service")
        assert all(block["block_id"] != "version:order-service" for block in view["blocks"])
        assert "runs `3.0.0` now" in texts(view)


async def test_a_slow_plan_is_waited_for_in_the_window_and_answered():
    office = Office()
    gate = asyncio.Event()
    look = office.desk.survey
    first = True

    async def slow() -> Snapshot:
        nonlocal first
        if not first:
            await gate.wait()
        first = False
        return await look()

    office.desk = replace(office.desk, survey=slow)
    async with stage(office) as s, live(s):
        view = await choose(s, await opened(s), "order-service")
        await s.page.submit("ana", view, {"service": {"service": "order-service"}})
        await s.page.wait_view("ana", lambda view: "Working out a safe plan" in texts(view))
        gate.set()
        await s.whisper("ana", "Plan posted", "r1")


async def test_without_a_window_the_help_is_answered():
    async with stage() as s, live(s):
        await s.workspace.fault("rate_limit", method="views.open", times=1)
        await s.page.command("ana", "incident", "/rollback")
        await s.whisper("ana", "Rollbot plans a rollback")


async def test_a_world_that_hangs_still_gives_a_window():
    office = Office()

    async def hang() -> Snapshot:
        await asyncio.Event().wait()
        raise AssertionError

    office.desk = replace(office.desk, survey=hang)
    async with stage(office) as s, live(s):
        view = await opened(s)
        assert "could not be read just now" in texts(view)
        assert await s.page.options("ana", view, "service", "order") == []


async def test_thousands_of_services_are_found_by_what_they_begin_with_first():
    names = [f"svc-{number}-order" for number in range(3000)] + ["order-service", "reorder"]
    world = snapshot(*(service(name, release("1.0.0", 1), release("1.1.0", 2)) for name in names))
    async with stage(Office(world=world)) as s:
        view = await opened(s)
        found = [one["value"] for one in await s.page.options("ana", view, "service", "order")]
        assert len(found) == 100
        assert found[0] == "order-service"
        assert found[1].endswith("-order")
        assert len(await s.page.options("ana", view, "service", "")) == 100
        assert [one["value"] for one in await s.page.options("ana", view, "service", "reordr")] == ["reorder"]


async def test_a_reason_is_asked_for_and_written_down():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.page.press("ben", plan, "rollbot:reject")
        view = await s.page.wait_view("ben")
        assert "Nothing was touched, and nothing will be" in texts(view)
        await s.page.submit("ben", view, {"reason": {"reason": "the migration is not ready"}})
        await s.whisper("ben", "Run r1 is rejected")
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.ending is Ending.REJECTED
        assert "the migration is not ready" in run.because


async def test_a_guest_is_told_no_and_not_asked_for_reasons():
    async with stage() as s, live(s):
        await s.page.press("guest", await s.plan(), "rollbot:reject")
        await s.whisper("guest", "You may not reject run r1")
        assert s.page.view.modals.get("UGUEST") is None


async def test_reject_works_without_a_window_too():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.workspace.fault("rate_limit", method="views.open", times=1)
        await s.page.press("ben", plan, "rollbot:reject")
        await s.whisper("ben", "Run r1 is rejected")


async def halted(s: Stage) -> dict:
    await s.plan()
    run = await s.office.runs.read(RunId("r1"))
    assert run is not None
    await s.happen(*granting(run.plan), *starting(run.plan), *failing(run.plan.moves[0]))
    await s.settled()
    return await s.page.wait_message(lambda m: "rollbot:undo" in str(m.get("blocks")))


async def test_undo_says_which_service_goes_where_before_it_does_it():
    async with stage() as s, live(s):
        stopped = await halted(s)
        await s.page.press("ben", stopped, "rollbot:undo")
        view = await s.page.wait_view("ben")
        assert "Takes back, in this order: payment-service to 3.0.0." in texts(view)
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.stage is RunStage.HALTED
        await s.page.submit("ben", view, {"reason": {"reason": "it did not help"}})
        await s.whisper("ben", "You chose undo")
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.undoing
        assert run.decisions[-1].reason == "it did not help"


async def test_skipping_needs_a_reason_in_the_window_and_by_keyboard():
    async with stage() as s, live(s):
        stopped = await halted(s)
        await s.page.press("ben", stopped, "rollbot:skip")
        view = await s.page.wait_view("ben")
        assert "Then: order-service to 1.4.2." in texts(view)
        with pytest.raises(PageRefusedError):
            await s.page.submit("ben", view, {"reason": {"reason": ""}})
        with pytest.raises(PageRefusedError) as refused:
            await s.page.submit("ben", view, {"reason": {"reason": "  \n "}})
        assert "needs a reason" in refused.value.answer["errors"]["reason"]
        await s.page.command("ben", "incident", "/rollback skip r1")
        await s.whisper("ben", "Skipping needs a reason")
        await s.page.submit("ben", view, {"reason": {"reason": "the check is wrong"}})
        await s.whisper("ben", "You chose skip")


async def test_a_button_works_without_its_window_and_says_so_in_the_log():
    async with stage() as s, live(s):
        stopped = await halted(s)
        await s.workspace.fault("rate_limit", method="views.open", times=1)
        await s.page.press("ben", stopped, "rollbot:skip")
        await s.whisper("ben", "You chose skip")
        run = await s.office.runs.read(RunId("r1"))
        assert run is not None
        assert run.decisions[0].reason == "(not asked: Slack did not open the window for the reason)"


async def test_an_old_button_of_a_halted_run_is_answered_and_opens_nothing():
    async with stage() as s, live(s):
        stopped = await halted(s)
        await s.happen(
            Decided(by=(await s.office.runs.read(RunId("r1"))).asked.by, choice=Choice.LEAVE),
            Ended(ending=Ending.LEFT, because=""),
        )  # type: ignore[union-attr]
        await s.page.press("ben", stopped, "rollbot:undo")
        await s.whisper("ben", "Run r1 is over: left")
        assert s.page.view.modals.get("UBEN") is None


async def test_the_other_plan_takes_the_place_of_this_one():
    world = snapshot(
        service("order-service", release("1.4.2", 1), release("2.0.0", 20)),
        service("other-service", release("1.0.0", 2), release("1.1.0", 25)),
    )
    async with stage(Office(world=world)) as s, live(s):
        plan = await s.plan("order-service --reason slow")
        await s.page.press("ben", plan, "rollbot:full")
        await s.whisper("ben", "Plan posted", "r2", "takes the place of run r1")
        first, second = await s.office.runs.read(RunId("r1")), await s.office.runs.read(RunId("r2"))
        assert first is not None
        assert second is not None
        assert first.ending is Ending.SUPERSEDED
        assert second.plan.strategy is Strategy.FULL
        assert second.asked is not None
        assert second.asked.reason == "slow"
        assert second.asked.words == 'order-service to 1.4.2 --strategy full --reason "slow"'
        await s.page.press("ana", plan, "rollbot:full")
        await s.whisper("ana", "Run r1 is over: superseded", "/rollback show r2")


async def test_set_version_plans_again_to_what_was_chosen():
    world = snapshot(service("order-service", release("1.4.1", 1), release("1.4.2", 2), release("2.0.0", 20)))
    async with stage(Office(world=world)) as s, live(s):
        plan = await s.plan()
        await s.page.press("ana", plan, "rollbot:version")
        view = await s.page.wait_view("ana", lambda view: view["submit"])
        await s.page.submit("ana", view, {"version": {"version": "1.4.1"}})
        await s.whisper("ana", "Plan posted", "r2")
        run = await s.office.runs.read(RunId("r2"))
        assert run is not None
        assert run.plan.target.to_version == "1.4.1"


async def test_show_plan_tells_every_reason_to_one_person():
    async with stage() as s, live(s):
        plan = await s.plan()
        await s.page.press("guest", plan, "rollbot:show")
        shown = await s.whisper("guest", "The whole plan")
        assert "1.4.2 needs payment-service" in str(shown["blocks"])
