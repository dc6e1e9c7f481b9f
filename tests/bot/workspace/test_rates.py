"""Rate limits: what is promised passes, the one too many is told when to come again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.errors import RateLimitedError
from bot.workspace.rates import NO_LIMITS, RateRules, Rates
from bot.workspace.server import Workspace
from tests.bot.workspace.conftest import DIRECTORY


class HandClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=200), st.integers(min_value=1, max_value=20))
def test_no_minute_has_more_calls_than_allowed_and_waiting_as_told_helps(pauses: list[float], most: int) -> None:
    clock = HandClock()
    rates = Rates(RateRules(per_minute={"chat.update": most}), clock)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        try:
            rates.spend("chat.update")
        except RateLimitedError as limit:
            clock.now += limit.retry_after
            rates.spend("chat.update")
        taken.append(clock.now)
    for start in taken:
        assert sum(start <= at < start + 59.999 for at in taken) <= most


def test_posting_has_a_burst_and_then_one_a_second_for_each_channel() -> None:
    clock = HandClock()
    rates = Rates(RateRules(), clock)
    for _ in range(5):
        rates.spend("chat.postMessage", "C1")
    with pytest.raises(RateLimitedError) as limit:
        rates.spend("chat.postMessage", "C1")
    assert limit.value.retry_after == 1
    rates.spend("chat.postMessage", "C2")
    clock.now += 1
    rates.spend("chat.postMessage", "C1")


def test_limits_can_be_turned_off() -> None:
    rates = Rates(NO_LIMITS, HandClock())
    for _ in range(1_000):
        rates.spend("chat.postMessage", "C1")
        rates.spend("chat.update")


async def test_slacks_client_hears_429_and_comes_again() -> None:
    workspace = Workspace(DIRECTORY, rates=RateRules(post_burst=1, post_per_second=2.0))
    await workspace.start()
    try:
        web = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        await web.chat_postMessage(channel="C0DEPLOY", text="one")
        with pytest.raises(SlackApiError) as caught:
            await web.chat_postMessage(channel="C0DEPLOY", text="two")
        assert caught.value.response.status_code == 429 and caught.value.response["error"] == "ratelimited"
        assert int(caught.value.response.headers["Retry-After"]) >= 1
        web.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
        assert (await web.chat_postMessage(channel="C0DEPLOY", text="three"))["ok"]
    finally:
        await workspace.stop()
