"""The start-up lines in the log: as whom and where the bot is connected, what is weak; and its sign of life in the store."""

import asyncio

import structlog

from bot.memory import clustered, copies
from bot.settings import Settings
from bot.slack.calls import Trouble, ask
from bot.slack.door import Door
from bot.slack.http_doors import Doors
from bot.slack.identity import Identity
from bot.slack.socket_way import Hello
from bot.store.connect import STORE_DOWN, Store
from bot.store.health import weaknesses
from bot.store.replicas import BEAT, Replicas, strangers

_log = structlog.get_logger(__name__)


class Presence:
    """One serving process among its replicas. `name` is unlike any other's."""

    def __init__(self, name: str, replicas: Replicas) -> None:
        self._name = name
        self._replicas = replicas
        self._hello: Hello | None = None
        self._changed = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many connections of the app Slack spoke of last; 0 where it never did."""
        return self._hello.connections if self._hello else 0

    async def greeted(self, hello: Hello) -> None:
        """Slack said hello."""
        self._hello = hello
        self._changed.set()

    async def run(self) -> None:
        """Give signs of life and look at each hello, for ever; cancel it to stop. A store that is gone is waited for."""
        while True:
            try:
                await self._replicas.beat(self._name, self.connections)
                if self._changed.is_set():
                    self._changed.clear()
                    await self._count()
            except STORE_DOWN as error:
                _log.warning("no sign of life could be written", because=type(error).__name__)
            try:
                async with asyncio.timeout(BEAT):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def leave(self) -> None:
        """Take the sign of life away, where the store lets us. Never raises."""
        try:
            async with asyncio.timeout(2):
                await self._replicas.leave(self._name)
        except (*STORE_DOWN, TimeoutError):
            return

    async def _count(self) -> None:
        live = await self._replicas.live()
        others = strangers(live, self.connections)
        if others:
            _log.warning(
                "another bot uses this Slack app and takes a share of the commands: stop it, or give it an app of its own",
                connections=self.connections,
                ours=max(1, len(live)),
            )
        else:
            _log.info("slack says hello", connections=self.connections)

    async def introduce(self, settings: Settings, door: Door | Doors, who: Identity, store: Store) -> None:
        """Say in the log as whom and where, and everything that is weak, each with its cure. Changes nothing."""
        _log.info(
            "connected to slack",
            user=f"@{who.name} ({who.user_id})",
            team=f"{who.team} ({who.team_id})",
            mode=settings.mode.value,
            api=settings.slack_api_url,
            environment=settings.environment,
        )
        if settings.read_only:
            _log.warning("read-only: plans are made against the real world, nothing is carried out, and Approve is refused")
        if who.missing:
            _log.warning("scopes are missing: add them (slack/manifest.yaml), then reinstall the app", scopes=list(who.missing))
        if not (settings.policy.approvers.users or settings.policy.approvers.groups):
            _log.warning("nobody may approve: set policy.approvers.users or policy.approvers.groups")
        await self._compare_apps(door, who)
        try:
            for weakness in await weaknesses(store, copies(settings), cluster=clustered(settings)):
                _log.warning("the store is weaker than it should be", weakness=weakness)
        except STORE_DOWN as error:
            _log.warning("the store did not tell how safe it is", because=type(error).__name__)

    async def _compare_apps(self, door: Door | Doors, who: Identity) -> None:
        if self._hello is None or not who.bot_id:
            return
        try:
            bot = (await ask(door.client.bots_info(bot=who.bot_id))).get("bot")
        except Trouble:
            return
        app_id = str(bot.get("app_id") or "") if isinstance(bot, dict) else ""
        if app_id and self._hello.app_id and app_id != self._hello.app_id:
            _log.error(
                "the two tokens belong to two apps, so commands come to one and answers from the other: take both from one app",
                bot_token_of=app_id,
                app_token_of=self._hello.app_id,
            )
