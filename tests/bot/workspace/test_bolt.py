"""An unmodified Bolt app lives in the workspace: commands, clicks, modals, events, Home."""

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.client import PageClient, PageRefusedError
from bot.workspace.server import Workspace
from tests.bot.workspace.conftest import connect

Body = dict[str, Any]
pytestmark = pytest.mark.usefixtures("connected")


def plain(text: str) -> Body:
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str) -> Body:
    return {"type": "button", "action_id": action_id, "value": value, "text": plain(action_id)}


def card(*buttons: Body, text: str = "*Plan*") -> list[Body]:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return [section, {"type": "actions", "elements": list(buttons)}] if buttons else [section]


def said(text: str) -> Any:
    return lambda message: message.get("text") == text


FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Roll back"),
    "submit": plain("Go"),
    "notify_on_close": True,
    "private_metadata": "kept",
    "blocks": [
        {
            "type": "input",
            "block_id": "service",
            "label": plain("Service"),
            "element": {"type": "external_select", "action_id": "pick", "min_query_length": 1},
        },
        {
            "type": "input",
            "block_id": "reason",
            "optional": True,
            "label": plain("Why"),
            "element": {"type": "plain_text_input", "action_id": "why"},
        },
    ],
}


async def test_a_command_is_answered_and_its_plan_approved(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    seen: list[Body] = []

    @app.command("/rollback")
    async def on_command(ack: Any, body: Body) -> None:
        seen.append(body)
        await ack("Looking at it")
        await web.chat_postMessage(channel=body["channel_id"], text="plan", blocks=card(button("approve", "p1|abc")))

    @app.action("approve")
    async def on_press(ack: Any, body: Body, respond: Any) -> None:
        await ack()
        seen.append(body)
        await web.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="done", blocks=card())
        await respond(text="approved", response_type="ephemeral", replace_original=False)

    await page.command("ana", "#deploys", "/rollback order-service to 1.4.2 & <more>")
    first = await page.wait_message(said("Looking at it"))
    assert first["shown_to"] == "U0ANA" and first["ephemeral"]
    plan = await page.wait_message(said("plan"))
    await page.press("raj", plan, "approve")
    private = await page.wait_message(said("approved"))
    assert private["shown_to"] == "U0RAJ"
    done = await page.wait_message(said("done"))
    assert done["ts"] == plan["ts"] and "edited" not in done

    typed, pressed = seen
    assert typed["text"] == "order-service to 1.4.2 &amp; &lt;more&gt;"
    assert typed["is_enterprise_install"] == "false" and "thread_ts" not in typed
    assert {"token", "team_id", "team_domain", "user_id", "user_name", "channel_name", "response_url", "trigger_id"} <= set(typed)
    assert pressed["user"]["id"] == "U0RAJ" and pressed["actions"][0]["value"] == "p1|abc"
    assert pressed["container"] == {
        "type": "message",
        "message_ts": plan["ts"],
        "channel_id": "C0DEPLOY",
        "is_ephemeral": False,
    }


async def test_a_late_click_carries_the_blocks_that_the_person_saw(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    seen: asyncio.Queue[Body] = asyncio.Queue()

    @app.action("approve")
    async def on_press(ack: Any, body: Body) -> None:
        await ack()
        await seen.put(body)

    posted = await web.chat_postMessage(channel="C0DEPLOY", text="plan", blocks=card(button("approve", "old")))
    plan = await page.wait_message(said("plan"))
    await web.chat_update(channel="C0DEPLOY", ts=posted["ts"], text="done", blocks=card(text="over"))
    await page.press("raj", plan, "approve")
    late = await seen.get()
    assert late["actions"][0]["value"] == "old" and late["message"]["text"] == "plan"
    with pytest.raises(PageRefusedError, match="not in the message"):
        await page._act("press", user="U0RAJ", channel="C0DEPLOY", ts=posted["ts"], block_id="", action_id="never")


async def test_a_form_is_opened_filled_refused_and_accepted(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    submitted: list[Body] = []
    closed = asyncio.Event()

    @app.command("/rollback")
    async def on_command(ack: Any, body: Body) -> None:
        await ack()
        await web.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.options("pick")
    async def on_options(ack: Any, payload: Body) -> None:
        await ack(options=[{"text": plain(payload["value"] + "-service"), "value": payload["value"]}])

    @app.view("form")
    async def on_submit(ack: Any, body: Body) -> None:
        submitted.append(body)
        if len(submitted) == 1:
            await ack(response_action="errors", errors={"service": "There is no such service."})
        else:
            await ack()

    @app.view_closed("form")
    async def on_closed(ack: Any) -> None:
        await ack()
        closed.set()

    await page.command("ana", "deploys", "/rollback")
    view = await page.wait_view("ana")
    assert [option["value"] for option in await page.options("ana", view, "pick", "order")] == ["order"]
    with pytest.raises(PageRefusedError) as empty:
        await page.submit("ana", view, {})
    assert empty.value.answer["errors"] == {"service": "Please complete this required field."} and not submitted
    with pytest.raises(PageRefusedError) as refused:
        await page.submit("ana", view, {"service": {"pick": "nonsense"}})
    assert refused.value.answer["errors"] == {"service": "There is no such service."}
    with pytest.raises(PageRefusedError, match="somebody else"):
        await page.submit("raj", view, {})
    await page.submit("ana", view, {"service": {"pick": "order"}, "reason": {"why": "it broke"}})
    await page.wait_for(lambda frame: frame["type"] == "view" and frame["event"] == "closed")
    values = submitted[1]["view"]["state"]["values"]
    assert values["service"]["pick"]["selected_option"]["value"] == "order"
    assert values["reason"]["why"] == {"type": "plain_text_input", "value": "it broke"}
    assert submitted[1]["view"]["private_metadata"] == "kept" and "channel" not in submitted[1]

    await page.command("ana", "deploys", "/rollback")
    await page.close_view("ana", await page.wait_view("ana"))
    await closed.wait()


async def test_a_submission_may_update_push_and_clear(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    second = {"type": "modal", "callback_id": "second", "title": plain("Sure?"), "submit": plain("Yes"), "blocks": card()}

    @app.command("/rollback")
    async def on_command(ack: Any, body: Body) -> None:
        await ack()
        await web.views_open(trigger_id=body["trigger_id"], view=second | {"callback_id": "first"})

    @app.view("first")
    async def on_first(ack: Any) -> None:
        await ack(response_action="update", view=second | {"callback_id": "middle", "title": plain("New")})

    @app.view("middle")
    async def on_middle(ack: Any) -> None:
        await ack(response_action="push", view=second)

    @app.view("second")
    async def on_second(ack: Any) -> None:
        await ack(response_action="clear")

    await page.command("ana", "deploys", "/rollback")
    await page.submit("ana", await page.wait_view("ana"), {})
    middle = await page.wait_view("ana", lambda view: view["callback_id"] == "middle")
    await page.submit("ana", middle, {})
    top = await page.wait_view("ana", lambda view: view["callback_id"] == "second")
    assert top["previous_view_id"] == middle["id"] == top["root_view_id"]
    await page.submit("ana", top, {})
    await page.wait_for(
        lambda frame: frame["type"] == "view" and frame["event"] == "closed" and frame["view"]["id"] == middle["id"]
    )
    assert page.view.modals["U0ANA"] == []


async def test_mentions_and_messages_arrive_as_events(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    mentions: asyncio.Queue[Body] = asyncio.Queue()
    messages: asyncio.Queue[Body] = asyncio.Queue()

    @app.event("app_mention")
    async def on_mention(event: Body) -> None:
        await mentions.put(event)

    @app.event("message")
    async def on_message(event: Body) -> None:
        await messages.put(event)

    parent = await web.chat_postMessage(channel="C0DEPLOY", text="plan")
    ts = await page.say("raj", "deploys", "@rollbot approve <!channel> @ana", thread_ts=str(parent["ts"]))
    event = await mentions.get()
    assert event["text"] == "<@U0ROLLBOT> approve &lt;!channel&gt; <@U0ANA>"
    assert event["thread_ts"] == parent["ts"] and event["ts"] == ts and event["channel"] == "C0DEPLOY"
    assert (await messages.get())["ts"] == ts
    await page.say("ana", "open", "@rollbot are you there")  # the bot is no member of #open
    await page.say("ana", "deploys", "no mention")
    assert (await messages.get())["text"] == "no mention"
    assert mentions.empty()


async def test_the_home_tab_is_published_when_it_is_opened(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    pressed: asyncio.Queue[Body] = asyncio.Queue()

    @app.event("app_home_opened")
    async def on_home(event: Body) -> None:
        await web.views_publish(user_id=event["user"], view={"type": "home", "blocks": card(button("refresh", "now"))})

    @app.action("refresh")
    async def on_refresh(ack: Any, body: Body) -> None:
        await ack()
        await pressed.put(body)

    await page.home("ana")
    frame = await page.wait_for(lambda frame: frame["type"] == "home")
    assert frame["user"] == "U0ANA" and page.view.homes["U0ANA"]["type"] == "home"
    await page.press_in_view("ana", frame["view"], "refresh")
    body = await pressed.get()
    assert body["container"] == {"type": "view", "view_id": frame["view"]["id"]} and "channel" not in body


async def test_menus_in_messages_tell_their_choice_and_the_state(app: AsyncApp, page: PageClient, web: AsyncWebClient) -> None:
    seen: asyncio.Queue[Body] = asyncio.Queue()
    options = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]
    menu = {"type": "static_select", "action_id": "version", "options": options}

    @app.action("version")
    async def on_choice(ack: Any, body: Body) -> None:
        await ack()
        await seen.put(body)

    @app.action("go")
    async def on_go(ack: Any, body: Body) -> None:
        await ack()
        await seen.put(body)

    await web.chat_postMessage(channel="C0DEPLOY", text="choose", blocks=card(menu, button("go", "x")))
    message = await page.wait_message(said("choose"))
    await page.press("ana", message, "version", option={"value": "2"})
    assert (await seen.get())["actions"][0]["selected_option"] == options[1]
    await page.press("ana", message, "go")
    values = next(iter((await seen.get())["state"]["values"].values()))
    assert values["version"]["selected_option"]["value"] == "2"
    with pytest.raises(PageRefusedError, match="no option"):
        await page.press("ana", message, "version", option={"value": "99"})


async def test_twenty_clicks_at_once_all_arrive_once(
    app: AsyncApp, page: PageClient, web: AsyncWebClient, workspace: Workspace
) -> None:
    seen: list[str] = []

    @app.action("approve")
    async def on_press(ack: Any, body: Body) -> None:
        seen.append(body["actions"][0]["action_ts"])
        await ack()

    second = await connect(app, workspace)
    await web.chat_postMessage(channel="C0DEPLOY", text="plan", blocks=card(button("approve", "x")))
    frame = await page.wait_for(lambda frame: frame.get("event") == "posted")
    answers = await asyncio.gather(*(page.press("raj" if number % 2 else "ana", frame, "approve") for number in range(20)))
    assert all(answer["acknowledged"] for answer in answers)
    assert len(seen) == len(set(seen)) == 20
    await second.close_async()
