"""Whoever does not know which service it is asks, and presses: the plan that waits is the one that was suggested."""

import pytest

from tests.bot.slack.stage import live, stage

pytestmark = pytest.mark.usefixtures("each_way")


async def test_a_suspect_is_named_and_its_rollback_planned_by_a_press():
    async with stage() as s, live(s):
        await s.page.command("ana", "incident", "/rollback suggest order-service")
        told = await s.whisper("ana", "Most suspect: order-service")
        assert "2.0.0 went live" in str(told)
        await s.page.press("ana", told, "rollbot:ask")
        await s.whisper("ana", "Plan posted", "r1")
        run = await s.office.runs.read("r1")
        assert run.plan.target.service == "order-service"
        assert run.asked.words == "plan order-service to 1.4.2"


async def test_an_unknown_service_is_refused_with_what_is_like_it():
    async with stage() as s, live(s):
        await s.page.command("ana", "incident", "/rollback suggest order-servic")
        await s.whisper("ana", "The catalog has no service", "order-service")
