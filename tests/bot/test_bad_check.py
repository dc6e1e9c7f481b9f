"""What CI asks about a version: by exit status, and over HTTP. It never hears "fine" because nobody could be asked."""

import asyncio
import json

import aiohttp
import pytest
from pydantic import SecretStr

from bot.__main__ import main
from bot.ops import ops_site
from bot.ops_bad import bad_route
from planner.duty_events import DeploysHeld, DeploysReleased
from planner.events import BadCleared, BadMarked
from tests.commands.fakes import MemoryRuns
from tests.making import ANA

MARK = BadMarked(service="order-service", version="2.0.0", reason="loses a third of the checkouts", run="r12")
HELD = DeploysHeld(run="r12", services=("order-service", "payment-service"), reason="loses checkouts", asked_by=ANA)


@pytest.fixture
async def rollbot(store_url, log, keys, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLBOT_REDIS_URL", store_url)
    monkeypatch.setenv("ROLLBOT_ENVIRONMENT", keys.environment)
    await log.note(MARK)
    await log.note(HELD)

    async def call(*words):
        capsys.readouterr()
        try:
            status = await asyncio.to_thread(main, ["bad", "check", *words])
        except SystemExit as stop:
            status = stop.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


async def test_the_exit_status_says_it_and_the_line_says_why(rollbot):
    status, out, _ = await rollbot("order-service@2.0.0")
    assert status == 1
    assert out.splitlines()[0] == (
        "order-service 2.0.0 is remembered as bad since 2026-11-23 12:00 UTC, by run r12: loses a third of the checkouts"
    )
    status, out, _ = await rollbot("order-service@2.0.1")
    assert (status, out.splitlines()[0]) == (0, "order-service 2.0.1 is not remembered as bad.")
    assert (await rollbot("order-service", "2.0.0"))[0] == 1
    assert (await rollbot("ledger-service@2.0.0"))[0] == 0


async def test_a_lock_on_forward_deploys_is_told_and_counts_where_it_is_asked_for(rollbot, log):
    status, out, _ = await rollbot("payment-service@3.0.1")
    assert (status, "Forward deploys of payment-service are locked" in out) == (0, True)
    assert (await rollbot("payment-service@3.0.1", "--deploys"))[0] == 1
    await log.note(DeploysReleased(run="r12", service="payment-service", by=ANA))
    assert (await rollbot("payment-service@3.0.1", "--deploys"))[0] == 0


async def test_a_program_gets_json(rollbot, log):
    status, out, _ = await rollbot("order-service@2.0.0", "--format", "json")
    told = json.loads(out)
    assert (status, told["bad"], told["run"], told["deploys_locked_by"]) == (1, True, "r12", "r12")
    await log.note(BadCleared(service="order-service", version="2.0.0", by=ANA, reason="mended"))
    status, out, _ = await rollbot("order-service@2.0.0", "--format", "json")
    assert (status, json.loads(out)["bad"]) == (0, False)


@pytest.mark.parametrize("words", [(), ("order-service",), ("Order Service@1",), ("a@1", "b@2", "c"), ("a@1", "--nope")])
async def test_bad_usage_is_two_and_one_line(rollbot, words):
    status, out, err = await rollbot(*words)
    assert (status, out, len(err.strip().splitlines())) == (2, "", 1)


async def test_no_store_is_two_and_never_fine(rollbot, monkeypatch):
    monkeypatch.setenv("ROLLBOT_REDIS_URL", "redis://127.0.0.1:1/0")
    assert (await rollbot("order-service@2.0.0"))[0] == 2
    monkeypatch.delenv("ROLLBOT_REDIS_URL")
    status, _, err = await rollbot("order-service@2.0.0")
    assert (status, "There is no store under .rollbot that could tell" in err) == (2, True)


async def test_an_environment_in_which_nothing_was_ever_written_is_doubted(rollbot, monkeypatch):
    monkeypatch.setenv("ROLLBOT_ENVIRONMENT", "porduction")
    status, _, err = await rollbot("order-service@2.0.0")
    assert (status, "is that its name?" in err) == (0, True)


class Gone(MemoryRuns):
    async def bad_version(self, service, version):
        raise ConnectionError("with redis://user:secret@host")


async def asked(runs, path, token=None, given=None):
    async with (
        ops_site("127.0.0.1", 0, {}, routes=[bad_route(runs, SecretStr(token) if token else None)]) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": given} if given else {}) as answer,
    ):
        return answer.status, await answer.json()


@pytest.fixture
async def runs():
    found = MemoryRuns()
    await found.note(MARK)
    await found.note(HELD)
    return found


async def test_over_http_the_status_says_it(runs):
    status, body = await asked(runs, "/v1/bad/order-service/2.0.0")
    assert (status, body["bad"], body["reason"]) == (200, True, "loses a third of the checkouts")
    assert await asked(runs, "/v1/bad/order-service/2.0.1") == (
        404,
        {"service": "order-service", "version": "2.0.1", "bad": False, "deploys_locked_by": "r12"},
    )
    assert (await asked(runs, "/v1/bad/ORDER_SERVICE/2.0.0"))[0] == 400
    assert (await asked(runs, f"/v1/bad/order-service/{'9' * 900}"))[0] == 400
    assert (await asked(runs, "/v1/bad/order-service/feature/x"))[1]["version"] == "feature/x"


async def test_a_token_is_asked_for_where_there_is_one(runs):
    path = "/v1/bad/order-service/2.0.0"
    assert (await asked(runs, path, "s3cret"))[0] == 401
    assert (await asked(runs, path, "s3cret", "Bearer nope"))[0] == 401
    assert (await asked(runs, path, "s3cret", "Bearer s3cret"))[0] == 200


async def test_a_store_that_is_gone_is_said_without_its_secrets():
    status, body = await asked(Gone(), "/v1/bad/order-service/2.0.0")
    assert (status, "secret" in str(body)) == (503, False)
