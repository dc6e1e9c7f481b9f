"""A running workspace, a page before it, and a Bolt app as the bot really builds it: only the base URL differs."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.client import PageClient
from bot.workspace.directory import Bot, Channel, Directory, Person, SlashCommand, UserGroup
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from bot.workspace.timing import Timing

BOT = Bot()
DIRECTORY = Directory(
    people=(
        Person(id="U0ANA", name="ana", real_name="Ana Ortiz", title="On call"),
        Person(id="U0RAJ", name="raj", real_name="Raj Patel"),
        Person(id="U0GUS", name="gus", is_guest=True),
    ),
    channels=(
        Channel(id="C0DEPLOY", name="deploys", topic="What goes out", members=("U0ANA", "U0RAJ", "U0GUS", BOT.user_id)),
        Channel(id="C0OPEN", name="open", members=("U0ANA",)),
        Channel(id="C0OLD", name="old", is_archived=True, members=("U0ANA", BOT.user_id)),
        Channel(id="G0SECRET", name="secret", is_private=True, members=("U0ANA",)),
    ),
    groups=(UserGroup(id="S0SRE", handle="sre", name="SRE", members=("U0RAJ",)),),
    commands=(
        SlashCommand(command="/rollback", description="Roll a service back", usage_hint="SERVICE [to VERSION]"),
        SlashCommand(command="/escaped", should_escape=True),
    ),
    events=("app_mention", "app_home_opened", "message.channels", "message.im"),
)
TIMING = Timing(ack_seconds=1.0, event_retries=(0.0, 0.01, 0.02), panel_seconds=0.02, drain_seconds=0.5)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    # The Slack SDK reads these and ignores NO_PROXY.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    workspace = Workspace(DIRECTORY, rates=NO_LIMITS, timing=TIMING)
    await workspace.start()
    yield workspace
    await workspace.stop()


@pytest.fixture
async def page(workspace: Workspace) -> AsyncIterator[PageClient]:
    async with PageClient(workspace.url) as page:
        yield page


@pytest.fixture
def web(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
def app(web: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=web, raise_error_for_unhandled_request=False)


async def connect(app: AsyncApp, workspace: Workspace) -> AsyncSocketModeHandler:
    """Connect a Bolt app by Socket Mode as `rollbot serve` does."""
    client = AsyncWebClient(token=workspace.app_token, base_url=workspace.api_url)
    handler = AsyncSocketModeHandler(app, workspace.app_token, web_client=client, ping_interval=0.5)
    await handler.connect_async()
    return handler


@pytest.fixture
async def connected(app: AsyncApp, workspace: Workspace) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = await connect(app, workspace)
    yield handler
    await handler.close_async()
