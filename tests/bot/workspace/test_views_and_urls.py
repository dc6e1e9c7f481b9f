"""What the bot may use once or for a time: trigger ids, view hashes, response URLs. The clock is the test's."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.workspace.client import PageClient
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.workspace.conftest import DIRECTORY, TIMING, connect

Body = dict[str, Any]
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": [], "external_id": "mine"}


class HandClock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def workspace(clock: HandClock) -> AsyncIterator[Workspace]:
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS, timing=TIMING, clock=clock)
    await workspace.start()
    yield workspace
    await workspace.stop()


@pytest.fixture
async def typed(app: AsyncApp, workspace: Workspace, page: PageClient) -> Body:
    """The payload of one command that was typed and acknowledged."""
    seen: list[Body] = []

    @app.command("/rollback")
    async def on_command(ack: Any, body: Body) -> None:
        await ack()
        seen.append(body)

    handler = await connect(app, workspace)
    await page.command("ana", "G0SECRET", "/rollback x")
    await handler.close_async()
    return seen[0]


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_trigger_works_once_and_for_three_seconds(web: AsyncWebClient, typed: Body, clock: HandClock) -> None:
    assert await refused(web.views_open(trigger_id="made.up", view=MODAL)) == "invalid_trigger_id"
    assert await refused(web.views_push(trigger_id=typed["trigger_id"], view=MODAL)) == "invalid_trigger_id"
    assert await refused(web.views_open(trigger_id=typed["trigger_id"], view=MODAL)) == "exchanged_trigger_id"


async def test_a_trigger_gets_too_old(web: AsyncWebClient, typed: Body, clock: HandClock) -> None:
    clock.now += 3.1
    assert await refused(web.views_open(trigger_id=typed["trigger_id"], view=MODAL)) == "expired_trigger_id"


async def test_views_are_updated_by_id_or_external_id_and_guarded_by_hash(web: AsyncWebClient, typed: Body) -> None:
    view = (await web.views_open(trigger_id=typed["trigger_id"], view=MODAL))["view"]
    newer = (await web.views_update(view_id=view["id"], hash=view["hash"], view=MODAL))["view"]
    assert newer["id"] == view["id"] and newer["hash"] != view["hash"]
    assert await refused(web.views_update(external_id="mine", hash=view["hash"], view=MODAL)) == "hash_conflict"
    assert (await web.views_update(external_id="mine", view=MODAL))["ok"]
    assert await refused(web.views_update(view_id="V0NONE", view=MODAL)) == "not_found"
    assert await refused(web.views_update(view_id=view["id"], view={"type": "home", "blocks": []})) == "invalid_arguments"


async def test_a_response_url_works_without_membership_five_times(typed: Body, page: PageClient) -> None:
    url = AsyncWebhookClient(typed["response_url"])
    assert (await url.send(text="private")).body == "ok"
    shown = await page.wait_message(lambda message: message["text"] == "private")
    assert shown["shown_to"] == "U0ANA" and shown["channel"] == "G0SECRET"
    await url.send(text="changed", replace_original=True)
    assert (await page.wait_message(lambda message: message["text"] == "changed"))["ts"] == shown["ts"]
    await url.send(text="for all", response_type="in_channel")
    assert "shown_to" not in await page.wait_message(lambda message: message["text"] == "for all")
    await url.send(delete_original=True)
    await page.wait_for(lambda frame: frame["type"] == "ephemeral_deleted")
    bad = await url.send(blocks=[{"type": "nonsense"}])
    assert bad.status_code == 400 and "unsupported type: nonsense" in bad.body
    assert (await url.send(text="one too many")).status_code == 404


async def test_a_response_url_lives_half_an_hour(typed: Body, clock: HandClock) -> None:
    clock.now += 1_801
    late = await AsyncWebhookClient(typed["response_url"]).send(text="late")
    assert late.status_code == 404 and "expired_url" in late.body
