"""An unmodified Bolt app lives in the workspace: commands, clicks, modals, events, Home."""

from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.client import PageClient, PageRefusedError
from bot.workspace.server import Workspace

Body = dict[str, Any]
pytestmark = pytest.mark.usefixtures("connected")


def button(action_id: str, value: str) -> Body:
    return {"type": "button", "action_id": action_id, "value": value, "text": {"type": "plain_text", "text": action_id}}


def card(*buttons: Body) -> list[Body]:
    text = {"type": "section", "text": {"type": "mrkdwn", "text": "*Plan*"}}
    return [text, {"type": "actions", "elements": list(buttons)}]


async def test_a_command_is_answered_and_its_plan_approved(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    seen: list[Body] = []

    @app.command("/rollback")
    async def on_command(ack: Any, body: Body) -> None:
        seen.append(body)
        await ack("Looking at <that>")
        await web.chat_postMessage(channel=body["channel_id"], text="plan", blocks=card(button("approve", "p1|abc")))

    @app.action("approve")
    async def on_press(ack: Any, body: Body, respond: Any) -> None:
        await ack()
        seen.append(body)
        await web.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="done", blocks=card())[
            :1
        ] if 0 else None
        await respond(text="approved", response_type="ephemeral", replace_original=False)

    await page.command("ana", "#deploys", "/rollback order-service to 1.4.2 & <more>")
    plan = await page.wait_message(lambda message: message.get("text") == "plan")
    await page.press("raj", plan, "approve")
    private = await page.wait_message(lambda message: message.get("text") == "approved")
    assert private["shown_to"] == "U0RAJ"

    typed, pressed = seen
    assert typed["text"] == "order-service to 1.4.2 &amp; &lt;more&gt;"
    assert typed["is_enterprise_install"] == "false" and "thread_ts" not in typed
    assert {"token", "team_id", "team_domain", "user_id", "user_name", "channel_name", "response_url", "trigger_id"} <= set(typed)
    assert pressed["user"]["id"] == "U0RAJ"
    assert pressed["actions"][0]["value"] == "p1|abc"
    assert pressed["container"] == {
        "type": "message",
        "message_ts": plan["ts"],
        "channel_id": "C0DEPLOY",
        "is_ephemeral": False,
    }
