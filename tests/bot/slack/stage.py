"""A bot without an engine on a real local workspace: the verbs, the door and the live view over a run log in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bot.slack.door import Door
from bot.slack.http_way import HttpSettings, HttpWay
from bot.slack.live import Live
from bot.slack.narrator import Narrator
from bot.view import View
from bot.workspace.client import PageClient
from bot.workspace.directory import Channel, Directory, Person, SlashCommand, UserGroup
from bot.workspace.rates import NO_LIMITS, RateRules
from bot.workspace.server import Workspace
from planner.events import RunEvent
from planner.names import RunId
from planner.run import Run
from tests.commands.fakes import Office

DIRECTORY = Directory(
    people=(
        Person(id="UANA", name="ana", real_name="Ana"),
        Person(id="UBEN", name="ben", real_name="Ben"),
        Person(id="UGUEST", name="guest", real_name="Gil <!channel>", is_guest=True),
        Person(id="USUE", name="sue", real_name="Sue"),
    ),
    channels=(
        Channel(id="C0INCIDENT", name="incident", members=("UANA", "UBEN", "UGUEST", "USUE", "U0ROLLBOT")),
        Channel(id="C0SECRET", name="secret", is_private=True, members=("UANA", "UBEN")),
    ),
    groups=(UserGroup(id="SSRE", handle="sre", name="SRE", members=("USUE",)),),
    commands=(SlashCommand(command="/rollback", description="Plan a rollback", should_escape=True),),
)


WAY = "socket"
"""How the workspace reaches the bot, socket or http; the fixture `each_way` lets tests run both ways."""


class MemorySeen:
    """Implements `bot.slack.ports.Seen`."""

    def __init__(self) -> None:
        self.kept: set[str] = set()

    async def first(self, event: str) -> bool:
        await asyncio.sleep(0)
        new = event not in self.kept
        self.kept.add(event)
        return new


class MemoryViews:
    """Implements `bot.slack.ports.Views`; `kept` survives a bot that is killed."""

    def __init__(self) -> None:
        self.kept: dict[RunId, View] = {}
        self.half: dict[RunId, None] = {}
        self._shown: dict[tuple[str, str], RunId] = {}
        self._holders: dict[RunId, tuple[str, float]] = {}

    async def read(self, run: RunId) -> View | None:
        await asyncio.sleep(0)
        return self.kept.get(run)

    async def write(self, run: RunId, view: View) -> None:
        await asyncio.sleep(0)
        self.kept[run] = view
        self.half[run] = None
        self._shown[view.channel, view.ts] = run

    async def undrawn(self) -> tuple[RunId, ...]:
        await asyncio.sleep(0)
        return tuple(self.half)

    async def drawn(self, run: RunId) -> None:
        await asyncio.sleep(0)
        self.half.pop(run, None)

    async def run_at(self, channel: str, ts: str) -> RunId | None:
        await asyncio.sleep(0)
        return self._shown.get((channel, ts))

    async def hold(self, run: RunId, owner: str, ttl: float) -> bool:
        now = asyncio.get_running_loop().time()
        holder, until = self._holders.get(run, (owner, 0.0))
        if holder != owner and now < until:
            return False
        self._holders[run] = (owner, now + ttl)
        return True


@dataclass
class Stage:
    """Everything, with the ways to play on it."""

    workspace: Workspace
    page: PageClient
    office: Office
    views: MemoryViews
    door: Door

    async def plan(self, words: str = "order-service", *, who: str = "ana", channel: str = "incident") -> dict[str, Any]:
        """Type a rollback and get its message."""
        await self.page.command(who, channel, f"/rollback {words}")
        return await self.page.wait_message(lambda m: not m.get("ephemeral") and "Approve" in str(m["blocks"]))

    async def whisper(self, who: str, *words: str) -> dict[str, Any]:
        """The newest private answer to somebody that has these words."""
        user = self.page.user(who)
        return await self.page.wait_message(lambda m: m.get("shown_to") == user and all(word in str(m) for word in words))

    async def happen(self, *events: RunEvent, run: str = "r1") -> Run:
        """Let a worker write these events."""
        found = await self.office.runs.read(RunId(run))
        assert found is not None
        for event in events:
            found = await self.office.runs.append(found, [event])
        return found

    async def settled(self, run: str = "r1") -> View:
        """Wait until all of the run is drawn and told."""
        while True:
            found, view = await self.office.runs.read(RunId(run)), await self.views.read(RunId(run))
            if found and view and view.drawn >= found.seq and view.written >= found.seq:
                return view
            await asyncio.sleep(0.01)

    def calls(self, method: str) -> Sequence[Any]:
        """The Web API calls of this method so far."""
        return [call for call in self.workspace.calls if call.method == method]


@asynccontextmanager
async def live(
    stage: Stage, owner: str = "one", *, interval: float = 0.05, hold: float = 0.3, narrator: Narrator | None = None
) -> AsyncIterator[Live]:
    """A replica's live view; leaving kills it."""
    view = Live(
        desk=stage.office.desk,
        client=stage.door.client,
        feed=stage.office.runs,
        views=stage.views,
        owner=owner,
        edit_interval=interval,
        changed=stage.door.homes.changed,
        hold=hold,
        narrator=narrator,
    )
    task = asyncio.create_task(view.run())
    try:
        yield view
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def stage(
    office: Office | None = None, *, rates: RateRules = NO_LIMITS, directory: Directory = DIRECTORY
) -> AsyncIterator[Stage]:
    """A workspace with the bot connected and somebody at the page; nothing draws yet."""
    office = office or Office()
    workspace = Workspace(directory, rates=rates)
    await workspace.start()
    views = MemoryViews()
    door = Door(
        desk=office.desk,
        views=views,
        bot_token=workspace.bot_token,
        app_token=workspace.app_token,
        api_url=workspace.api_url,
        http=HttpSettings(secret=SecretStr(workspace.signing_secret), port=0) if WAY == "http" else None,
        seen=MemorySeen(),
    )
    try:
        await door.start()
        if isinstance(door.way, HttpWay):
            await workspace.request_url(f"http://127.0.0.1:{door.way.port}/slack/events")
        async with PageClient(workspace.url) as page:
            yield Stage(workspace=workspace, page=page, office=office, views=views, door=door)
    finally:
        await door.stop()
        await workspace.stop()
