"""Verbs that only look, and the memory of bad versions."""

from commands.reply import BadList, Help, HoldList, Opened, Overview, Refused, RunDetail, RunList, Said, ServiceStatus
from commands.table import VERBS, answer
from planner.events import BadCleared, BadMarked, CommandRefused, LocksTaken
from planner.refusal import Code
from tests.commands.fakes import ANA, BEN, GUEST, Office, call


async def test_status_of_everything():
    office = Office()
    assert await answer(office.desk, call(ANA, "status")) == Overview(environment="test", open=(), held=())
    opened = await answer(office.desk, call(ANA, "order-service"))
    assert isinstance(opened, Opened)
    reply = await answer(office.desk, call(ANA, "status"))
    assert isinstance(reply, Overview)
    assert reply.open == (opened.run,)


async def test_status_of_a_service():
    office = Office()
    await answer(office.desk, call(ANA, "order-service"))
    reply = await answer(office.desk, call(ANA, "status payment-service"))
    assert isinstance(reply, ServiceStatus)
    assert (reply.current, reply.owner, reply.holder) == ("3.0.0", "team-payment", None)
    assert [(version, note) for version, _, note in reply.releases] == [("3.0.0", "runs now"), ("2.4.1", "")]
    assert [run.id for run in reply.open] == ["r1"]
    assert reply.last is not None
    assert reply.last.id == "r1"


async def test_status_of_an_unknown_service_offers_the_nearest():
    reply = await answer(Office().desk, call(ANA, "status payment"))
    assert isinstance(reply, Refused)
    assert reply.refusal.code is Code.UNKNOWN_SERVICE
    assert "/rollback status payment-service" in reply.refusal.nearest


async def test_history_and_show():
    office = Office()
    empty = await answer(office.desk, call(ANA, "history"))
    assert isinstance(empty, RunList)
    assert (empty.runs, "no run" in empty.empty) == ((), True)
    await answer(office.desk, call(ANA, "order-service"))
    await answer(office.desk, call(ANA, "ledger-service --accept-data-loss"))
    everything = await answer(office.desk, call(ANA, "history"))
    assert isinstance(everything, RunList)
    assert [run.id for run in everything.runs] == ["r2", "r1"]
    one = await answer(office.desk, call(ANA, "history payment-service"))
    assert isinstance(one, RunList)
    assert [run.id for run in one.runs] == ["r1"]
    for words in ("show r1", "history r1", "show 1"):
        detail = await answer(office.desk, call(GUEST, words))
        assert isinstance(detail, RunDetail)
        assert (detail.run.id, len(detail.entries)) == ("r1", 2)


async def test_locks_name_the_run_that_holds():
    office = Office()
    assert await answer(office.desk, call(ANA, "locks")) == HoldList(held=())
    opened = await answer(office.desk, call(ANA, "order-service"))
    assert isinstance(opened, Opened)
    await office.runs.append(opened.run, [LocksTaken(services=tuple(move.service for move in opened.run.plan.moves))])
    reply = await answer(office.desk, call(ANA, "locks"))
    assert isinstance(reply, HoldList)
    assert [(holder.service, run.id if run else None) for holder, run in reply.held] == [
        ("payment-service", "r1"),
        ("order-service", "r1"),
    ]


async def test_a_bad_version_is_marked_listed_and_cleared():
    office = Office()
    assert await answer(office.desk, call(GUEST, "bad")) == BadList(bad=())
    assert isinstance(await answer(office.desk, call(GUEST, "bad add order-service 1.4.2 loses carts")), Said)
    assert isinstance(office.runs.environment[-1], BadMarked)
    listed = await answer(office.desk, call(GUEST, "bad list"))
    assert isinstance(listed, BadList)
    assert [(bad.service, bad.version, bad.reason) for bad in listed.bad] == [("order-service", "1.4.2", "loses carts")]
    no = await answer(office.desk, call(GUEST, "bad clear order-service 1.4.2 fixed"))
    assert isinstance(no, Refused)
    assert isinstance(office.runs.environment[-1], CommandRefused)
    assert isinstance(await answer(office.desk, call(BEN, "bad clear order-service 1.4.2 fixed")), Said)
    assert isinstance(office.runs.environment[-1], BadCleared)
    assert await answer(office.desk, call(GUEST, "bad list")) == BadList(bad=())


async def test_only_what_exists_can_be_marked():
    office = Office()
    unknown = await answer(office.desk, call(ANA, "bad add oder-service 1.4.2 x"))
    assert isinstance(unknown, Refused)
    assert unknown.refusal.code is Code.UNKNOWN_SERVICE
    version = await answer(office.desk, call(ANA, "bad add order-service 1.4.3 x"))
    assert isinstance(version, Refused)
    assert version.refusal.code is Code.UNKNOWN_VERSION
    assert "1.4.2" in str(version.refusal.facts)
    assert office.runs.environment == []


async def test_help_needs_nothing_that_could_fail():
    reply = await answer(Office().desk, call(ANA, "help"))
    assert reply == Help(verbs=tuple(verb.usage for verb in VERBS))


async def test_the_picture_of_a_plan_in_words_and_where_it_stands():
    office = Office()
    await answer(office.desk, call(ANA, "order-service"))
    reply = await answer(office.desk, call(BEN, "picture r1"))
    assert "stands in its thread in <#C0INCIDENT>" in reply.text
    assert "payment-service 3.0.0 to 2.4.1" in reply.lines[0]
    assert (await answer(office.desk, call(BEN, "picture r9"))).refusal.code is Code.UNKNOWN_RUN
