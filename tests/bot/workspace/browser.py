"""A real Chromium before the local workspace, for the tests of the page."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("ROLLBOT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
REASON = f"no browser: set ROLLBOT_CHROMIUM or install one of {', '.join(NAMES)}"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = (1440, 900)
PHONE = (375, 740)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own, closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        await browser.close()


@asynccontextmanager
async def visit(browser: Browser, url: str, size: tuple[int, int] = DESKTOP, *, quiet: bool = True) -> AsyncIterator[Page]:
    """The page, ready; at the end nothing may have been loaded from elsewhere or, with `quiet`, complained of."""
    width, height = size
    context = await browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = await context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(url)
    await page.locator(".place").first.wait_for(state="attached")
    yield page
    home = url.split("/?")[0]
    await context.close()
    assert [address for address in asked if not address.startswith(home)] == []
    assert not quiet or complaints == []


async def unnamed(page: Page) -> list[str]:
    """The roles of controls that have no name for a screen reader, as the browser itself computes names."""
    session = await page.context.new_cdp_session(page)
    await session.send("Accessibility.enable")
    tree = await session.send("Accessibility.getFullAXTree")
    controls = {
        "button",
        "checkbox",
        "combobox",
        "dialog",
        "link",
        "listbox",
        "menu",
        "menuitem",
        "option",
        "radio",
        "radiogroup",
        "searchbox",
        "spinbutton",
        "textbox",
        "Date",
    }
    return [
        str(node["role"]["value"])
        for node in tree["nodes"]
        if not node.get("ignored") and node["role"]["value"] in controls and not node.get("name", {}).get("value")
    ]
