"""The policy as people write it, and what they are told when it is wrong."""

from datetime import UTC, datetime

import pytest

from bot.settings import SettingsError, load
from planner.policy import Circle, FreezeRule

WHOLE = """
policy:
  approvals: 2
  approvers: {users: [U1], groups: [S1]}
  expires: 10m
  escalate_to: {groups: [S2]}
  break_glass: {users: [U9]}
  freezes:
    - {name: peak week, from: 2026-11-20T00:00:00Z, until: 2026-12-01T00:00:00, services: all, rollback: plus_one}
    - {name: audit, services: [ledger-service], rollback: override}
    - {name: calm}
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    def read(text):
        (tmp_path / "rollbot.yaml").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return load()

    return read


def test_a_whole_policy(read):
    policy = read(WHOLE).policy.policy()
    assert (policy.approvals, policy.users, policy.groups, policy.expires) == (2, {"U1"}, {"S1"}, 600.0)
    assert policy.escalate_to == Circle(groups=frozenset({"S2"}))
    assert policy.break_glass == Circle(users=frozenset({"U9"}))
    assert policy.every_group == {"S1", "S2"}
    peak, audit, calm = policy.freezes
    assert (peak.begins, peak.ends) == (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert (peak.services, peak.rollback) == (None, FreezeRule.PLUS_ONE)
    assert (audit.services, audit.rollback, audit.begins) == ({"ledger-service"}, FreezeRule.OVERRIDE, None)
    assert calm.rollback is FreezeRule.ALLOW


def test_nobody_breaks_the_glass_unless_named(read):
    policy = read("policy: {approvers: {users: [U1]}}").policy.policy()
    assert not policy.break_glass
    assert not policy.break_glass.names("U1", frozenset({"S1"}))


@pytest.mark.parametrize(
    ("freezes", "words"),
    [
        ("[{name: a, rollback: perhaps}]", "policy.freezes.0.rollback"),
        ("[{name: a, services: [Order_Service]}]", "list of service names"),
        ("[{name: a, services: []}]", "list of service names"),
        ("[{name: a, from: 2026-12-01T00:00:00Z, until: 2026-11-01T00:00:00Z}]", "`from` before `until`"),
        ("[{name: a}, {name: a}]", "different names"),
        ("[{name: 'a\"b'}]", "type in quotes"),
        ("[{name: a, unti: 2026-12-01}]", "unti"),
        ("[{rollback: allow}]", "policy.freezes.0.name"),
    ],
)
def test_mistakes_are_named_with_their_place(read, freezes, words):
    with pytest.raises(SettingsError) as wrong:
        read(f"policy: {{freezes: {freezes}}}")
    assert words in str(wrong.value)
