"""Who answers at a service's address: nobody, this service with a version, or a stranger. And whether it is ready."""

import asyncio
import json
from dataclasses import dataclass

import httpx

from integrations import web
from integrations.local_process.settings import LocalProcessSettings
from planner.facts import Service
from planner.names import Version

ASK_TIMEOUT = 2.0
_LONGEST_VERSION = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """Nothing listens there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The service says which release it is."""

    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Something listens and does not say that it is this service; `why` in words."""

    why: str


Answer = Nobody | Answers | Unclear


async def who_answers(service: Service, settings: LocalProcessSettings) -> Answer:
    """Ask for the version. Without a version address only whether the port is open is known."""
    if settings.version_url is None:
        return Unclear(why="its port is open") if await is_open(settings) else Nobody()
    try:
        status, body = await _get(settings.version_url)
    except httpx.ConnectError:
        return Unclear(why=f"something listens on port {settings.port}") if await is_open(settings) else Nobody()
    except (httpx.HTTPError, web.TooLong) as error:
        return Unclear(why=f"{settings.version_url}: {web.in_words(error)}")
    if status != httpx.codes.OK:
        return Unclear(why=f"{settings.version_url} answered {status}")
    return _read(body, service, settings.version_url)


async def readiness(settings: LocalProcessSettings) -> str | None:
    """What stands against the service being ready, in words; `None` where it is ready."""
    if settings.ready_url is None:
        return None if settings.port is None or await is_open(settings) else f"port {settings.port} is not open"
    try:
        status, _ = await _get(settings.ready_url)
    except (httpx.HTTPError, web.TooLong) as error:
        return f"{settings.ready_url}: {web.in_words(error)}"
    return None if status == httpx.codes.OK else f"{settings.ready_url} answered {status}"


async def is_open(settings: LocalProcessSettings) -> bool:
    """Whether anything at all accepts connections on the service's port."""
    if settings.port is None:
        return False
    try:
        async with asyncio.timeout(ASK_TIMEOUT):
            _, writer = await asyncio.open_connection("127.0.0.1", settings.port)
    except TimeoutError:
        return True  # a full queue: somebody listens and does not accept
    except OSError:
        return False
    writer.close()
    return True


async def _get(url: str) -> tuple[int, bytes]:
    async with web.client(url, ASK_TIMEOUT) as client, client.stream("GET", url) as response:
        return response.status_code, await web.read(response)


def _read(body: bytes, service: Service, url: str) -> Answer:
    text = body.decode(errors="replace").strip()
    try:
        said = json.loads(text)
    except ValueError:
        said = text
    if isinstance(said, dict):
        name = said.get("service", said.get("name"))
        if isinstance(name, str) and name != service.name:
            return Unclear(why=f"another service, {name[:63]}, answers at {url}")
        said = said.get("version")
    if isinstance(said, int | float) and not isinstance(said, bool):
        said = text  # a plain 5 or 1.2 is text that looks like JSON
    if not isinstance(said, str) or not said or len(said) > _LONGEST_VERSION or len(said.split()) != 1:
        return Unclear(why=f"{url} answered something that is no version")
    return Answers(version=Version(said))
