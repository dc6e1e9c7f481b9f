"""The bot behind its Slack door: what `rollbot serve` runs."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.app import Parts, assemble, forget_secrets
from bot.ops import ops_site
from bot.settings import CannotStart, Mode, Settings
from bot.slack.door import Door, Shut
from bot.slack.http_way import HttpSettings
from bot.slack.live import Live
from bot.store.seen import Seen


async def serve(settings: Settings, *, hands: bool = True) -> None:
    """The bot behind its Slack door until cancelled; with `hands` it also carries out runs. Raises `CannotStart`."""
    forget_proxy(settings.slack_api_url)
    forget_secrets()
    async with assemble(settings) as parts:
        door = Door(
            desk=parts.desk,
            views=parts.views,
            bot_token=secret(settings.slack_bot_token),
            app_token=secret(settings.slack_app_token),
            api_url=settings.slack_api_url,
            http=_http(settings),
            seen=Seen(parts.store, parts.keys),
        )
        live = Live(
            desk=parts.desk,
            client=door.client,
            feed=parts.runs,
            views=parts.views,
            owner=parts.worker.name,
            edit_interval=settings.edit_interval,
        )
        try:
            try:
                await door.start()
            except Shut as shut:
                raise CannotStart(str(shut)) from shut
            async with _ops(settings, door, parts), asyncio.TaskGroup() as group:
                group.create_task(live.run(), name="live")
                if hands:
                    group.create_task(parts.jobs.work(parts.worker), name="hands")
        finally:
            await door.stop()


@asynccontextmanager
async def _ops(settings: Settings, door: Door, parts: Parts) -> AsyncIterator[None]:
    if settings.ops_port is None:
        yield
        return
    async with ops_site(settings.ops_host, settings.ops_port, {"slack": door.connected, "store": parts.store.ping}):
        yield


def _http(settings: Settings) -> HttpSettings | None:
    if settings.mode is Mode.SOCKET:
        return None
    return HttpSettings(secret=settings.slack_signing_secret or SecretStr(""), host=settings.http_host, port=settings.http_port)


def forget_proxy(api_url: str) -> None:
    """Keep a proxy out of the way of a Slack on this machine: the Slack SDK reads these variables and ignores NO_PROXY."""
    if urlsplit(api_url).hostname in {"127.0.0.1", "localhost", "::1"}:
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            os.environ.pop(name, None)


def secret(value: SecretStr | None) -> str:
    """The text of a secret setting; empty where it is not set."""
    return value.get_secret_value() if value is not None else ""
