"""News that belong to no run, on a real workspace: everybody whom it concerns is told once, whatever breaks on the way."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.slack.teller import HERE, Teller
from planner.events import Ended, Ending
from planner.names import RunId
from planner.policy import Circle
from planner.run import Stage as RunStage
from tests.bot.slack.runs import granting, starting
from tests.bot.slack.stage import live, stage
from tests.commands.fakes import ANA, POLICY, Office
from tests.commands.test_locks import loose_shop


@asynccontextmanager
async def telling(s, owner="one", hold=0.3):
    teller = Teller(environment="test", client=s.door.client, news=s.office.runs, views=s.views, owner=owner, hold=hold)
    task = asyncio.create_task(teller.run())
    try:
        while await s.views.read(HERE) is None:
            await asyncio.sleep(0.01)
        yield teller
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(s, *words):
    """The public message that has these words."""
    return await s.page.wait_message(lambda m: not m.get("ephemeral") and all(word in str(m) for word in words))


async def quiet(s):
    """Wait until all news are told."""
    while (view := await s.views.read(HERE)) is None or view.written < await s.office.runs.newest():
        await asyncio.sleep(0.01)


def public(s, *words):
    return [m for m in s.page.view.newest_first() if not m.get("ephemeral") and all(word in str(m) for word in words)]


async def test_a_held_service_offers_to_call_and_calls_in_order_and_once():
    async with stage() as s, live(s), telling(s):
        await s.page.command("ana", "incident", "/rollback lock payment-service for 2h comparing the books")
        await told(s, "Ana holds", "payment-service", "comparing the books")
        await s.page.command("ben", "incident", "/rollback order-service")
        no = await s.whisper("ben", "You wanted to roll order-service back", "comparing the books", "<@UANA>")
        await s.page.press("ben", no, "rollbot:wait")
        await s.whisper("ben", "You are told here, once")
        await s.page.command("sue", "incident", "/rollback wait payment-service")
        await s.whisper("sue", "You are told here, once")
        await s.page.press("ben", no, "rollbot:wait")
        await s.page.command("ana", "incident", "/rollback unlock payment-service")
        await told(s, "<@UBEN>", "is free", "number 1 of 2")
        await told(s, "<@USUE>", "is free", "number 2 of 2")
        await quiet(s)
        assert len(public(s, "is free, as you asked")) == 2


async def test_the_holder_is_asked_where_they_took_it_and_gives_it_back_with_one_press():
    async with stage() as s, live(s), telling(s):
        await s.page.command("ana", "incident", "/rollback lock payment-service comparing <!channel> books")
        await told(s, "Ana holds")
        await s.page.command("ben", "incident", "/rollback order-service")
        no = await s.whisper("ben", "payment-service is held", "Ask Ana for it")
        await s.page.press("ben", no, "rollbot:ask-holder")
        await s.whisper("ben", "Ana is told")
        asked = await told(s, "<@UANA>", "<@UBEN> needs `payment-service`", "to roll order-service back to 1.4.2")
        assert (asked["channel"], "<!channel>" in str(asked)) == ("C0INCIDENT", False)
        await s.page.press("guest", asked, "rollbot:release")
        await s.whisper("guest", "held by Ana, not by you")
        await s.page.press("ana", asked, "rollbot:release")
        await s.whisper("ana", "payment-service is free again")
        await s.page.press("ana", asked, "rollbot:release")
        await s.whisper("ana", "payment-service is not held by anybody")


async def test_a_lock_is_broken_from_the_conflict_with_a_reason_that_the_holder_reads():
    async with stage() as s, live(s), telling(s):
        await s.page.command("ana", "incident", "/rollback lock payment-service comparing the books")
        await told(s, "Ana holds")
        await s.page.command("ben", "incident", "/rollback order-service")
        no = await s.whisper("ben", "Break the lock of Ana")
        await s.page.press("ben", no, "rollbot:break")
        view = await s.page.wait_view("ben", lambda view: view.get("callback_id") == "rollbot:words")
        await s.page.submit("ben", view, {"reason": {"reason": {"type": "plain_text_input", "value": 'Ana is "asleep" --now'}}})
        await told(s, "<@UBEN> broke your lock", "Ana is 'asleep' --now")


async def test_the_run_that_holds_a_service_is_asked_in_its_thread():
    async with stage() as s, live(s), telling(s):
        message = await s.plan("order-service")
        run = await s.office.runs.read(RunId("r1"))
        await s.happen(*granting(run.plan), *starting(run.plan))
        await s.page.command("ben", "incident", "/rollback ask order-service <@UANA> please")
        asked = await told(s, "<@UANA>", "which run r1 holds", "Cancel run r1")
        assert asked["thread_ts"] == message["ts"]
        await s.page.press("ana", asked, "rollbot:cancel-run")
        await s.whisper("ana", "Run r1 stops at the next safe point")


async def test_the_smaller_plan_is_one_press_away():
    async with stage(Office(world=loose_shop())) as s, live(s), telling(s):
        await s.page.command("ana", "incident", "/rollback lock payment-service watching it")
        await s.whisper("ana", "You hold payment-service")
        await s.page.command("ben", "incident", "/rollback order-service --strategy full")
        no = await s.whisper("ben", "payment-service is held", "--without payment-service")
        await s.page.press("ben", no, "rollbot:ask")
        await s.whisper("ben", "Plan posted")
        run = await s.office.runs.read(RunId("r1"))
        assert [move.service for move in run.plan.moves] == ["order-service"]


async def test_the_holder_of_a_broken_lock_is_told_where_they_took_it():
    async with stage() as s, telling(s):
        await s.page.command("ana", "incident", "/rollback lock order-service watching <!channel> it")
        await s.page.command("guest", "incident", "/rollback unlock order-service --break give me")
        await s.whisper("guest", "only an approver may", "<@UBEN>")
        await s.page.command("ben", "secret", "/rollback unlock order-service --break Ana is asleep")
        await s.whisper("ben", "You broke the lock of Ana")
        message = await told(s, "<@UANA>", "broke your lock", "Ana is asleep")
        assert message["channel"] == "C0INCIDENT"
        await quiet(s)
        assert not public(s, "<!channel>")


async def test_nothing_is_told_twice_when_an_answer_is_lost_and_the_bot_dies():
    async with stage() as s:
        async with telling(s, owner="one"):
            await s.workspace.fault("drop_answer", method="chat.postMessage", times=1)
            await s.page.command("ana", "incident", "/rollback lock order-service watching it")
            await told(s, "Ana holds")
        async with telling(s, owner="two"):
            await quiet(s)
            await s.page.command("ana", "incident", "/rollback lock stock-service and again")
        assert len(public(s, "Ana holds")) == 1


async def test_of_two_replicas_one_tells():
    async with stage() as s, telling(s, owner="one"), telling(s, owner="two"):
        for service in ("order-service", "payment-service", "ledger-service"):
            await s.page.command("ana", "incident", f"/rollback lock {service} watching it")
            await told(s, "Ana holds", service)
        await quiet(s)
        assert len(public(s, "Ana holds")) == 3


async def test_what_was_before_anybody_followed_is_old_news():
    async with stage() as s:
        await s.page.command("ana", "incident", "/rollback lock order-service watching it")
        await s.whisper("ana", "You hold order-service")
        async with telling(s):
            await s.page.command("ana", "incident", "/rollback lock payment-service watching it")
            await told(s, "Ana holds", "payment-service")
            assert not public(s, "Ana holds", "order-service")


async def test_break_glass_is_announced_in_the_channel_and_its_second_look_in_its_thread():
    office = Office(policy=replace(POLICY, break_glass=Circle(users=frozenset({ANA.id}))))
    async with stage(office) as s, live(s), telling(s):
        await s.page.command("ana", "incident", '/rollback order-service --break-glass "checkouts are down"')
        parent = await told(s, "Break-glass: started without approval", "<@UANA>", "checkouts are down")
        assert parent["channel"] == "C0INCIDENT"
        await told(s, "<@UBEN>", "<!subteam^SSRE>", "/rollback reviewed r1")
        run = await s.office.runs.read(RunId("r1"))
        assert run.stage is RunStage.GRANTED
        await s.happen(Ended(ending=Ending.FINISHED, because=""))
        await s.page.command("ben", "incident", "/rollback reviewed r1 it was right")
        await s.whisper("ben", "has had its second look")
        message = await told(s, "Ben took the second look", "it was right")
        assert message["thread_ts"] == (await s.views.read(RunId("r1"))).ts


async def test_the_card_of_a_moved_world_shows_the_difference():
    async with stage() as s, live(s):
        plan = await s.plan()
        s.office.world = replace(s.office.world, current={**s.office.world.current, "payment-service": "2.4.1"})
        await s.page.press("ben", plan, "rollbot:approve")
        await s.whisper("ben", "nothing was approved", "payment-service runs 2.4.1 now, not 3.0.0")
        fresh = await s.page.wait_message(lambda m: "run r2" in str(m.get("blocks")) and "rollbot:approve" in str(m["blocks"]))
        assert "The world moved while run r1 waited" in str(fresh["blocks"])
        await s.page.press("ben", fresh, "rollbot:approve")
        await s.whisper("ben", "You approved run r2")
