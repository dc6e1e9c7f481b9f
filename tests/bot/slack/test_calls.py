"""What Slack's refusals mean for what to do next."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import ADVICE, Gone, Later, Trouble, Unfit, Unsure, Unwelcome, advice, ask, meaning


class Response:
    def __init__(self, error: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.data = {"ok": False, "error": error} if error else "<html>"
        self.status_code = status
        self.headers = headers or {}


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (Response("ratelimited", 429, {"Retry-After": "7"}), Later),
        (Response("", 429, {"retry-after": "7"}), Later),
        (Response("message_not_found"), Gone),
        (Response("thread_not_found"), Gone),
        (Response("not_in_channel"), Unwelcome),
        (Response("invalid_auth"), Unwelcome),
        (Response("something_new"), Unwelcome),
        (Response("invalid_blocks"), Unfit),
        (Response("msg_too_long"), Unfit),
        (Response("internal_error"), Unsure),
        (Response("", 503), Unsure),
        (Response("", 502), Unsure),
    ],
)
def test_every_refusal_has_its_kind(response: Response, kind: type[Trouble]):
    trouble = meaning(SlackApiError("no", response))  # type: ignore[no-untyped-call]
    assert type(trouble) is kind
    if isinstance(trouble, Later):
        assert trouble.seconds == 7.0


@pytest.mark.parametrize(("value", "seconds"), [("nonsense", 1.0), ("0", 0.5), ("99999", 300.0)])
def test_strange_waits_are_bounded(value: str, seconds: float):
    trouble = meaning(SlackApiError("no", Response("ratelimited", 429, {"Retry-After": value})))  # type: ignore[no-untyped-call]
    assert isinstance(trouble, Later)
    assert trouble.seconds == seconds


async def test_a_slack_that_is_not_there_is_asked_later():
    client = AsyncWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/", retry_handlers=[])
    client.proxy = None
    with pytest.raises(Later):
        await ask(client.auth_test())


def test_every_trouble_has_words_for_people():
    assert all(advice(code) == words for code, words in ADVICE.items())
    assert "some_new_code" in advice("some_new_code")
