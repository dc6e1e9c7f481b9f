"""What a person sees and does at the page of the local workspace, in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.workspace.browser import CHROMIUM, DESKTOP, PHONE, REASON, chromium, unnamed, visit
from tests.bot.workspace.conftest import DIRECTORY, TIMING
from tests.bot.workspace.sample_blocks import EVERY_BLOCK, FORM, HOSTILE, SHOP, button, plain, section

Body = dict[str, Any]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=REASON)]
PLACE = "C0DEPLOY"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def desk(browser: Browser, workspace: Workspace) -> AsyncIterator[Page]:
    async with visit(browser, workspace.url, DESKTOP) as page:
        yield page


def card(label: str, *, confirm: Body | None = None) -> list[Body]:
    return [section("*Plan* for `order-service`"), {"type": "actions", "elements": [button(label, "approve", "p1", confirm)]}]


async def become(page: Page, name: str) -> None:
    await page.locator(".persona label", has_text=name).click()


async def test_every_kind_of_block_is_drawn(desk: Page, web: AsyncWebClient) -> None:
    for number, (blocks, _) in enumerate(EVERY_BLOCK):
        await web.chat_postMessage(channel=PLACE, text=f"number {number}", blocks=blocks)
    for number, (_, wanted) in enumerate(EVERY_BLOCK):
        message = desk.locator(".channel .message").nth(number)
        for selector, text in wanted:
            await expect(message.locator(selector).first).to_contain_text(text)
    assert await unnamed(desk) == []


async def test_what_others_wrote_never_becomes_markup(desk: Page, web: AsyncWebClient) -> None:
    for blocks in HOSTILE:
        await web.chat_postMessage(channel=PLACE, text="<b>hostile</b>", blocks=blocks)
    await web.chat_postMessage(channel=PLACE, text="<javascript:document.title='pwned'|press me> <b>last</b>")
    await expect(desk.locator(".channel .message").last).to_contain_text("press me")
    list_of = desk.locator(".channel .list")
    for forbidden in ("script", "iframe", "img", "[onerror]", "[onclick]", "b", "a[href^='javascript']", "a[href^='data']"):
        await expect(list_of.locator(forbidden)).to_have_count(0)
    assert "pwned" not in await desk.title()


async def test_a_private_message_is_seen_by_one_persona(desk: Page, web: AsyncWebClient) -> None:
    await web.chat_postEphemeral(channel=PLACE, user="U0RAJ", text="only for Raj")
    await expect(desk.locator(".persona label", has_text="Raj")).to_contain_text("1 private message waits")
    await expect(desk.get_by_text("only for Raj")).to_have_count(0)
    await become(desk, "Raj")
    mine = desk.locator(".message.private")
    await expect(mine).to_contain_text("Only visible to you")
    await expect(mine).to_contain_text("only for Raj")
    await desk.keyboard.press("ArrowRight")
    await expect(desk.locator(".sidebar .you")).to_contain_text("gus")
    await expect(desk.get_by_text("only for Raj")).to_have_count(0)


async def test_a_guest_sees_only_channels_they_were_invited_to(desk: Page) -> None:
    await expect(desk.locator(".place-name")).to_have_text(["deploys", "open", "secret", "Rollbot home"])
    await become(desk, "gus")
    await expect(desk.locator(".place-name")).to_have_text(["deploys", "Rollbot home"])


@pytest.mark.usefixtures("connected")
async def test_a_command_is_completed_sent_and_recalled(app: AsyncApp, desk: Page) -> None:
    typed: asyncio.Queue[str] = asyncio.Queue()

    @app.command("/rollback")
    async def on_command(ack: Any, body: Body) -> None:
        await ack("Looking at it")
        await typed.put(f"{body['user_id']} {body['text']}")

    await expect(desk.locator(".link-state")).to_have_text("Bot connected")
    box = desk.locator(".channel .compose-input")
    await box.press_sequentially("/ro")
    await expect(desk.get_by_role("option", name="/rollback")).to_contain_text("SERVICE [to VERSION]")
    await box.press("Enter")
    await expect(box).to_have_value("/rollback ")
    await box.press_sequentially("order-service")
    await box.press("Enter")
    assert await typed.get() == "U0ANA order-service"
    await expect(desk.locator(".message.private")).to_contain_text("Looking at it")
    await box.press("ArrowUp")
    await expect(box).to_have_value("/rollback order-service")


@pytest.mark.usefixtures("connected")
async def test_a_button_is_pressed_by_keyboard_after_its_question(app: AsyncApp, desk: Page, web: AsyncWebClient) -> None:
    pressed: asyncio.Queue[Body] = asyncio.Queue()

    @app.action("approve")
    async def on_press(ack: Any, body: Body) -> None:
        await ack()
        await pressed.put(body)

    sure = {"title": plain("Sure?"), "text": plain("Moves 2 services"), "confirm": plain("Approve"), "deny": plain("Not yet")}
    await web.chat_postMessage(channel=PLACE, text="plan", blocks=card("Approve", confirm=sure))
    await become(desk, "Raj")
    await desk.get_by_role("button", name="Approve").focus()
    await desk.keyboard.press("Space")
    dialog = desk.get_by_role("dialog", name="Sure?")
    await expect(dialog).to_contain_text("Moves 2 services")
    await desk.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(desk.get_by_role("button", name="Approve")).to_be_focused()
    await desk.keyboard.press("Enter")
    await desk.keyboard.press("Enter")
    body = await pressed.get()
    assert body["user"]["id"] == "U0RAJ" and body["actions"][0]["value"] == "p1" and pressed.empty()


async def test_an_edit_leaves_what_did_not_change(desk: Page, web: AsyncWebClient) -> None:
    posted = await web.chat_postMessage(channel=PLACE, text="0 of 2", blocks=[section("0 of 2"), *card("Cancel")])
    cancel = desk.get_by_role("button", name="Cancel")
    await cancel.focus()
    held = await cancel.element_handle()
    await web.chat_update(channel=PLACE, ts=posted["ts"], text="1 of 2", blocks=[section("1 of 2"), *card("Cancel")])
    await expect(desk.locator(".channel .message")).to_contain_text("1 of 2")
    await expect(cancel).to_be_focused()
    assert held is not None and await held.evaluate("node => node.isConnected")


async def test_a_thread_opens_beside_and_closes_with_escape(desk: Page, web: AsyncWebClient) -> None:
    posted = await web.chat_postMessage(channel=PLACE, text="plan")
    for line in ("first line", "second line"):
        await web.chat_postMessage(channel=PLACE, thread_ts=posted["ts"], text=line)
    bar = desk.get_by_role("button", name="2 replies")
    await expect(bar).to_contain_text("2 new")
    await expect(desk.locator(".channel")).not_to_contain_text("first line")
    await bar.click()
    thread = desk.get_by_role("region", name="Thread")
    await expect(thread.locator(".message")).to_have_count(3)
    await thread.get_by_role("combobox").fill("seen <it> & done")
    await desk.keyboard.press("Enter")
    await expect(thread.locator(".message").last).to_contain_text("seen <it> & done")
    await desk.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await expect(desk.locator(".channel .message")).to_be_focused()
    await expect(bar).to_have_count(0)
    await expect(desk.get_by_role("button", name="3 replies")).not_to_contain_text("new")


@pytest.mark.usefixtures("connected")
async def test_a_form_is_filled_refused_and_accepted(app: AsyncApp, desk: Page, web: AsyncWebClient) -> None:
    submitted: list[Body] = []

    @app.command("/rollback")
    async def on_command(ack: Any, body: Body) -> None:
        await ack()
        await web.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.options("pick")
    async def on_options(ack: Any, payload: Body) -> None:
        await ack(options=[{"text": plain(f"{payload['value']}-service"), "value": payload["value"]}])

    @app.view("form")
    async def on_submit(ack: Any, body: Body) -> None:
        submitted.append(body["view"]["state"]["values"])
        await (ack(response_action="errors", errors={"why": "Say more."}) if len(submitted) == 1 else ack())

    await desk.locator(".channel .compose-input").fill("/rollback")
    await desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog", name="Roll back")
    await expect(dialog.get_by_role("combobox", name="Service")).to_be_focused()
    await desk.keyboard.type("order")
    await expect(desk.get_by_role("option", name="order-service")).to_be_visible()
    assert await unnamed(desk) == []
    await desk.keyboard.press("Enter")
    await dialog.get_by_role("radio", name="Everything").check()
    await dialog.get_by_role("checkbox", name="Accept lost data").check()
    await dialog.get_by_label("Not after").fill("2026-11-20")
    await dialog.get_by_role("button", name="Plan it").click()
    await expect(dialog.get_by_text("Please fill in this field.")).to_be_visible()
    await dialog.get_by_role("textbox", name="Reason").fill("x")
    await dialog.get_by_role("button", name="Plan it").click()
    await expect(dialog.get_by_text("Say more.")).to_be_visible()
    await dialog.get_by_role("textbox", name="Reason").fill("checkout fails")
    await dialog.get_by_role("button", name="Plan it").click()
    await expect(dialog).to_have_count(0)
    values = submitted[-1]
    assert values["service"]["pick"]["selected_option"]["value"] == "order"
    assert values["how"]["strategy"]["selected_option"]["value"] == "full"
    assert [option["value"] for option in values["data"]["loss"]["selected_options"]] == ["yes"]
    assert values["until"]["day"]["selected_date"] == "2026-11-20" and values["why"]["text"]["value"] == "checkout fails"


@pytest.mark.usefixtures("connected")
async def test_the_home_of_the_app_is_shown_and_pressed(app: AsyncApp, desk: Page, web: AsyncWebClient) -> None:
    @app.event("app_home_opened")
    async def on_home(event: Body) -> None:
        blocks = [section(f"Hello {event['user']}"), *card("Approve")]
        await web.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    pressed: asyncio.Queue[str] = asyncio.Queue()

    @app.action("approve")
    async def on_press(ack: Any, body: Body) -> None:
        await ack()
        await pressed.put(body["user"]["id"])

    await desk.get_by_role("button", name="Rollbot home").click()
    await expect(desk.get_by_role("region", name="App Home")).to_contain_text("Hello U0ANA")
    await become(desk, "Raj")
    await expect(desk.get_by_role("region", name="App Home")).to_contain_text("Hello U0RAJ")
    await desk.get_by_role("button", name="Approve").click()
    assert await pressed.get() == "U0RAJ"


async def test_a_phone_scrolls_down_and_never_sideways(browser: Browser) -> None:
    async def panel() -> Body:
        return SHOP

    workspace = Workspace(DIRECTORY, rates=NO_LIMITS, timing=TIMING, panel=panel)
    await workspace.start()
    web = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    for blocks, _ in EVERY_BLOCK:
        await web.chat_postMessage(channel=PLACE, text="all", blocks=blocks)
    await web.chat_postMessage(channel=PLACE, text="long " + "x" * 300)
    sideways = (
        "() => document.documentElement.scrollWidth > innerWidth || document.querySelector('.list').scrollWidth > innerWidth"
    )
    async with visit(browser, workspace.url, PHONE) as page:
        await expect(page.locator(".channel .message")).to_have_count(len(EVERY_BLOCK) + 1)
        assert not await page.evaluate(sideways)
        await page.get_by_role("button", name="Demo shop (failing)").click()
        shop = page.get_by_role("complementary", name="Demo shop")
        await expect(shop.locator(".service").first).to_contain_text("order-service")
        await expect(shop.locator(".service").first).to_contain_text("Up, failing")
        await expect(shop.get_by_role("img", name="Requests of the last minute: 9 answered, 3 failed")).to_be_visible()
        assert not await page.evaluate(sideways)
        await page.get_by_role("button", name="Channels and apps").click()
        await page.get_by_role("button", name="open", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("open")
        await expect(page.locator(".sidebar")).to_be_hidden()
        assert await unnamed(page) == []
    await workspace.stop()


async def test_a_page_that_lost_the_workspace_says_so_and_comes_back(browser: Browser) -> None:
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS, timing=TIMING)
    await workspace.start()
    port = int(workspace.api_url.split(":")[2].split("/")[0])
    async with visit(browser, workspace.url, quiet=False) as page:
        await expect(page.locator(".link-state")).to_have_text("Bot not connected")
        await workspace.stop()
        await expect(page.locator(".link-state")).to_contain_text("Page disconnected")
        await page.locator(".channel .compose-input").fill("are you there?")
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast")).to_contain_text("does not answer")
        await expect(page.locator(".channel .compose-input")).to_have_value("are you there?")
        await workspace.start(port=port)
        await expect(page.locator(".link-state")).to_have_text("Bot not connected")
        await page.keyboard.press("Enter")
        await expect(page.locator(".channel .message")).to_contain_text("are you there?")
    await workspace.stop()
