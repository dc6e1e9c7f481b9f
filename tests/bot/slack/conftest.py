"""The matrix: the same tests over both ways in."""

import pytest

from tests.bot.slack import stage


@pytest.fixture(params=["socket", "http"])
def each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the stage of this test connect by Socket Mode and, in a second run, by HTTP requests."""
    monkeypatch.setattr(stage, "WAY", request.param)
    return str(request.param)
