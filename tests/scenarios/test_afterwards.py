"""What comes after a rollback, and a bot that only looks: the real bot, an independent Slack, real services."""

from tests.scenarios.slack_values import ANA, RAJ, everything
from tests.scenarios.world import BEFORE, poll, world


async def test_what_goes_wrong_afterwards_is_said_loudly_and_what_is_left_is_closed(tmp_path):
    async with world(tmp_path, ROLLBOT_SETTLE="24s") as w:
        slack = w.slack
        ts = await w.approved_plan()
        thread = await w.finished(ts)
        assert "👁 Watched until" in thread
        assert "✅ pass  payment-service  neighbours, 0.0 s: ledger-service did not get worse: 1 of 1 checks pass" in thread
        assert "could not tell whether the symptom is gone" in thread

        status, text = await w.cli("bad", "check", "order-service@2.0.0")
        assert (status, "is remembered as bad" in text, "by run r1" in text) == (1, True, True)
        assert (await w.cli("bad", "check", "order-service@1.4.2"))[0] == 0

        w.way("order-service@1.4.2", "bad")
        told = await slack.tells(ts, "It does not stay well")
        assert "order-service: works: 1 of 1 failed: answered 500" in told
        (loud,) = [message for message in slack.messages.values() if "does not stay well" in message["text"]]
        assert loud.get("thread_ts") == ts
        assert loud.get("reply_broadcast"), loud
        assert f"<@{ANA}>" in everything(loud)

        seen = len(slack.private)
        await slack.command("obligations r1")
        await slack.told(ANA, "3 things are still to do", "r1.1  Fix or revert order-service 2.0.0", since=seen)
        seen = len(slack.private)
        await slack.command("obligations close r1.1 mended in 2.0.1", RAJ)
        await slack.told(RAJ, "r1.1 is done", since=seen)
        await slack.tells(ts, "☑ Done: Fix or revert order-service 2.0.0", "mended in 2.0.1")
        await slack.command("unlock order-service it is mended")
        await slack.tells(ts, "lets forward deploys of order-service go again")
        status, text = await w.cli("show", "r1")
        assert status == 0
        assert "watch of run r1 ended after" in text
        status, text = await w.cli("audit", "verify")
        assert (status, "The audit holds" in text) == (0, True)


async def test_a_read_only_bot_plans_over_the_real_world_and_touches_nothing(tmp_path):
    async with world(tmp_path, ROLLBOT_READ_ONLY="true") as w:
        slack = w.slack
        await poll("its word on itself", lambda: "read-only: plans are made against the real world" in w.log.read_text())
        await slack.command("order-service")
        ts = await slack.plan()
        assert "Read-only: this bot plans against the real world and carries nothing out" in everything(slack.messages[ts])
        await slack.deliver("interactive", slack.press(ts, "Approve", RAJ))
        await slack.told(RAJ, "This bot is read-only")
        seen = len(slack.private)
        await slack.command('approve r1 --break-glass "it burns"', RAJ)
        await slack.told(RAJ, "read-only", since=seen)
        assert w.runs() == BEFORE
        assert not w.starts()
        status, text = await w.cli("worker", ROLLBOT_READ_ONLY="true")
        assert (status, "a worker would have nothing to do" in text) == (2, True)
        _, text = await w.cli("check", ROLLBOT_READ_ONLY="true")
        assert "read-only: plans are made, nothing is carried out, Approve is refused" in text
