"""The stage of the demo: the shop, the local workspace and the bot, started in order and cleaned up in reverse."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.demo import crew
from bot.demo.cast import APPROVERS, directory
from bot.demo.shop.world import Shop
from bot.store.connect import connect
from bot.store.embedded import EmbeddedStore
from bot.workspace.client import PageClient
from bot.workspace.server import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What is running.

    `url` opens the page; `log` is the file that the bot's own log goes to, `variables`
    its environment.
    """

    shop: Shop
    workspace: Workspace
    state_dir: Path
    log: Path
    variables: Mapping[str, str]

    @property
    def url(self) -> str:
        """The page, with its token."""
        return self.workspace.url


@asynccontextmanager
async def stage(state_dir: Path, port: int) -> AsyncIterator[Stage]:
    """Everything while the block runs, ready when it begins: the bot is connected. The store begins empty.

    Raises `OSError` where the port is taken, `bot.store.embedded.EmbeddedStoreError` where this machine can have no store.
    """
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    shop = Shop(state_dir)
    workspace = Workspace(directory(), title="Rollbot demo", panel=shop.panel)
    await workspace.start(port=port)
    try:
        async with _empty_store(state_dir), _open(shop):
            output = state_dir / "bot.log"
            variables = crew.environment(
                api_url=workspace.api_url,
                bot_token=workspace.bot_token,
                app_token=workspace.app_token,
                catalog=shop.catalog,
                state_dir=state_dir,
                approvers=APPROVERS,
            )
            async with crew.bot(variables, output):
                await _connected(workspace.url)
                yield Stage(shop=shop, workspace=workspace, state_dir=state_dir, log=output, variables=variables)
    finally:
        await workspace.stop()


@asynccontextmanager
async def _empty_store(state_dir: Path) -> AsyncIterator[None]:
    """The embedded store of the demo, held here so that it outlives a bot that is killed."""
    async with EmbeddedStore(state_dir).run() as url:
        store = connect(url)
        await store.flushall()
        await store.aclose()
        yield


@asynccontextmanager
async def _open(shop: Shop) -> AsyncIterator[None]:
    try:
        await shop.start(fresh=True)
        yield
    finally:
        await shop.stop()


async def _connected(url: str) -> None:
    async with PageClient(url) as page:
        await page.wait_for(lambda frame: frame.get("type") == "connection" and frame.get("bots", 0) > 0, timeout=30)
