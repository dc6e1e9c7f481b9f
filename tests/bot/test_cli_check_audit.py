from datetime import timedelta

from bot.cli.check_audit import findings
from bot.cli.finding import Mark
from bot.settings import Settings
from bot.store.keys import Keys
from tests.making import NOON


async def told(store, keys, **settings):
    return [(f.mark, f.text) async for f in findings(Settings(environment=keys.environment, **settings), store)]


async def test_what_is_not_set_up_is_said_with_its_cure(store, keys):
    (key, anchor) = await told(store, keys)
    assert (key[0], anchor[0]) == (Mark.WARN, Mark.WARN)
    assert "openssl rand -hex 32" in key[1]
    assert "ROLLBOT_AUDIT_ANCHOR" in anchor[1]


async def test_what_is_set_up_is_said_and_no_secret_is(store, keys, tmp_path):
    told_now = await told(store, keys, audit_key="s" * 32, audit_anchor=str(tmp_path / "heads"))
    assert [mark for mark, _ in told_now] == [Mark.OK, Mark.OK]
    assert "none yet" in told_now[1][1]
    hook = await told(store, keys, audit_key="s" * 32, audit_anchor="https://audit.example/heads?token=hush")
    assert "the URL at audit.example" in hook[1][1]
    assert "hush" not in str(hook)
    assert "ssss" not in str(hook)


async def test_an_anchor_that_fails_is_seen(store, keys, tmp_path):
    lost = await told(store, keys, audit_anchor=str(tmp_path / "no" / "heads"))
    assert (lost[1][0], "cannot be written" in lost[1][1]) == (Mark.WARN, True)
    since = (NOON - timedelta(hours=2)).isoformat()
    await store.hset(Keys(keys.environment).anchored, mapping={"since": since, "why": "the URL at x answered 503"})
    failing = await told(store, keys, audit_anchor="https://x/heads")
    assert (failing[1][0], "since 2026-11-23 10:00 UTC: the URL at x answered 503" in failing[1][1]) == (Mark.WARN, True)
