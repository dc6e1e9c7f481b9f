"""Whatever is sent, the workspace answers and goes on: no request ends in a broken server."""

import random
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.workspace.client import PageClient
from bot.workspace.server import Workspace
from bot.workspace.web_api.table import METHODS

NAMES = [
    "channel",
    "user",
    "users",
    "text",
    "blocks",
    "view",
    "trigger_id",
    "ts",
    "thread_ts",
    "message_ts",
    "timestamp",
    "name",
    "view_id",
    "external_id",
    "hash",
    "metadata",
    "files",
    "filename",
    "length",
    "limit",
    "cursor",
    "oldest",
    "latest",
    "types",
    "usergroup",
    "bot",
    "user_id",
    "attachments",
    "markdown_text",
    "block_id",
    "action_id",
    "value",
    "values",
    "selected_option",
    "selected_options",
    "query",
    "ephemeral",
    "kind",
    "times",
    "method",
    "all",
    "reply_broadcast",
    "channel_id",
]
WORDS = [
    "C0DEPLOY",
    "U0ANA",
    "G0SECRET",
    "S0SRE",
    "",
    "x" * 500,
    "<!channel>",
    "\x00\ud7ff",
    "1.000001",
    "/rollback",
    "-1",
    "{",
    "NaN",
]
KINDS = [
    "modal",
    "home",
    "section",
    "actions",
    "button",
    "input",
    "plan",
    "rich_text",
    "static_select",
    "table",
    "mrkdwn",
    "plain_text",
]


def anything(luck: random.Random, depth: int = 0) -> Any:
    roll = luck.random()
    if depth < 4 and roll < 0.3:
        return [anything(luck, depth + 1) for _ in range(luck.randrange(4))]
    if depth < 4 and roll < 0.6:
        keys = luck.sample([*NAMES, "type", "elements", "element", "fields", "title", "label", "tasks", "rows", "options"], 5)
        return {key: anything(luck, depth + 1) for key in keys} | {"type": luck.choice([*KINDS, [], 7])}
    return luck.choice([*WORDS, *KINDS, None, True, 0, -1, 10**20, 1.5])


def body(luck: random.Random) -> dict[str, Any]:
    chosen = {name: anything(luck) for name in luck.sample(NAMES, luck.randrange(len(NAMES)))}
    likely = {"user": "U0ANA", "channel": "C0DEPLOY", "users": "U0ANA", "user_id": "U0ANA", "text": "x", "view": {"type": "home"}}
    return chosen | {name: value for name, value in likely.items() if luck.random() < 0.5}


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_breaks_the_server(
    seed: int, workspace: Workspace, page: PageClient, connected: AsyncSocketModeHandler
) -> None:
    luck = random.Random(seed)
    origin, _, token = workspace.url.partition("/?token=")
    posted = await page.say("ana", "deploys", "here")
    statuses: set[int] = set()
    async with aiohttp.ClientSession(headers={"X-Rollbot-Token": token}) as session:
        bot = {"Authorization": f"Bearer {workspace.bot_token}"}
        for _ in range(12):
            for method in METHODS:
                sent = body(luck) | ({"ts": posted} if luck.random() < 0.3 else {})
                async with session.post(f"{workspace.api_url}{method}", json=sent, headers=bot) as response:
                    statuses.add(response.status)
                    assert isinstance((await response.json())["ok"], bool)
            for action in ("say", "press", "submit", "close", "options", "home"):
                sent = body(luck) | ({"ts": posted} if luck.random() < 0.5 else {})
                async with session.post(f"{origin}/page/{action}", json=sent) as response:
                    statuses.add(response.status)
                    assert isinstance((await response.json())["ok"], bool)
    assert statuses == {200}
    await page.say("ana", "deploys", "still here")
