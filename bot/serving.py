"""The bot behind its Slack door: what `rollbot serve` runs."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.app import Parts, assemble, forget_secrets
from bot.expiring import let_expire
from bot.metrics import Metrics
from bot.ops import Question, ops_site
from bot.ops_bad import bad_route
from bot.presence import Presence
from bot.settings import CannotStart, Mode, Settings
from bot.slack.door import Door, Shut
from bot.slack.http_doors import Doors, OAuth
from bot.slack.http_way import HttpSettings
from bot.slack.identity import Identity
from bot.slack.limiter import Limiter
from bot.slack.live import Live
from bot.slack.narrator import Narrator
from bot.slack.teller import Teller
from bot.store.installations import Installations
from bot.store.replicas import Replicas
from bot.store.safe import Safe
from bot.store.seen import Seen
from bot.store.turns import Turns
from bot.tally import Tally


async def serve(settings: Settings, *, hands: bool = True) -> None:
    """The bot behind its Slack door until cancelled; with `hands` it also carries out runs. Raises `CannotStart`."""
    forget_proxy(settings.slack_api_url)
    forget_secrets()
    async with assemble(settings) as parts:
        metrics = Metrics()
        presence = Presence(parts.worker.name, Replicas(parts.store, parts.keys, parts.desk.now))
        door = _door(settings, parts, metrics, presence)
        limiter = Limiter(Turns(parts.store, parts.keys))
        try:
            who = await door.start()
            live = Live(
                desk=parts.desk,
                client=door.client,
                feed=parts.runs,
                views=parts.views,
                owner=parts.worker.name,
                edit_interval=settings.edit_interval,
                changed=door.homes.changed,
                limiter=limiter,
                narrator=_narrator(settings, parts, door, who, limiter),
            )
            async with _ops(settings, door, parts, metrics, presence), asyncio.TaskGroup() as group:
                group.create_task(live.run(), name="live")
                group.create_task(_teller(parts, door, limiter).run(), name="teller")
                group.create_task(presence.run(), name="presence")
                group.create_task(presence.introduce(settings, door, who, parts.store), name="introduction")
                group.create_task(Tally(parts.runs, metrics, parts.desk.now()).run(), name="tally")
                if settings.read_only:
                    group.create_task(let_expire(parts.worker), name="expiry")
                elif hands:
                    group.create_task(parts.jobs.work(parts.worker, duties=parts.duties), name="hands")
        except Shut as shut:
            raise CannotStart(str(shut)) from shut
        finally:
            await door.stop()
            await presence.leave()


def _narrator(settings: Settings, parts: Parts, door: Door | Doors, who: Identity, limiter: Limiter) -> Narrator | None:
    """Streams, where they are switched on; in several workspaces nobody could say whose a stream is."""
    if not settings.stream or isinstance(door, Doors):
        return None
    return Narrator(
        desk=parts.desk,
        client=door.client,
        views=parts.views,
        team=who.team_id,
        owner=parts.worker.name,
        limiter=limiter,
    )


def _teller(parts: Parts, door: Door | Doors, limiter: Limiter) -> Teller:
    return Teller(
        environment=parts.desk.environment,
        client=door.client,
        news=parts.runs,
        views=parts.views,
        owner=parts.worker.name,
        limiter=limiter,
    )


def _door(settings: Settings, parts: Parts, metrics: Metrics, presence: Presence) -> Door | Doors:
    http = _http(settings)
    try:
        if http is not None and settings.slack_client_id:
            return _doors(settings, parts, metrics, http, settings.slack_client_id)
        return Door(
            desk=parts.desk,
            views=parts.views,
            bot_token=secret(settings.slack_bot_token),
            app_token=secret(settings.slack_app_token),
            api_url=settings.slack_api_url,
            http=http,
            seen=Seen(parts.store, parts.keys),
            meter=metrics,
            greeted=presence.greeted,
        )
    except Shut as shut:
        raise CannotStart(str(shut)) from shut


def _doors(settings: Settings, parts: Parts, metrics: Metrics, http: HttpSettings, client_id: str) -> Doors:
    installations = Installations(parts.store, parts.keys, safe(settings))
    return Doors(
        desk=parts.desk,
        views=parts.views,
        api_url=settings.slack_api_url,
        http=http,
        oauth=OAuth(
            client_id=client_id,
            client_secret=settings.slack_client_secret or SecretStr(""),
            names=frozenset(settings.slack_teams),
            redirect_url=settings.slack_redirect_url,
        ),
        installations=installations,
        states=installations,
        seen=Seen(parts.store, parts.keys),
        meter=metrics,
    )


def safe(settings: Settings) -> Safe:
    """What encrypts tokens before they reach the store."""
    return Safe([key for key in secret(settings.token_key).split(",") if key])


@asynccontextmanager
async def _ops(settings: Settings, door: Door | Doors, parts: Parts, metrics: Metrics, presence: Presence) -> AsyncIterator[None]:
    async def reachable() -> float:
        return float(await parts.store.ping())

    async def connected() -> float:
        return float(await door.connected())

    async def age() -> float | None:
        return door.way.age()

    async def connections() -> float:
        return presence.connections

    async def open_runs() -> float:
        return len(await parts.runs.open_runs())

    metrics.watch(
        {
            "rollbot_store_reachable": ("1 while the store answers; NaN while nobody can say.", reachable),
            "rollbot_slack_connected": ("1 while Slack's requests can come.", connected),
            "rollbot_slack_last_frame_age_seconds": ("Seconds since Slack was heard last.", age),
            "rollbot_slack_connections": ("Connections of the app, as Slack's last hello told.", connections),
            "rollbot_open_runs": ("Runs that have not ended.", open_runs),
        }
    )
    if settings.ops_port is None:
        yield
        return
    questions: dict[str, Question] = {"slack": door.well, "store": parts.store.ping}
    try:
        async with ops_site(
            settings.ops_host, settings.ops_port, questions, metrics, [bad_route(parts.runs, settings.ops_token)]
        ):
            yield
    except OSError as error:
        raise CannotStart(f"The port {settings.ops_port} cannot be had ({error.strerror}). Set ROLLBOT_OPS_PORT.") from error


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
