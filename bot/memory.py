"""The bot's memory alone: a store that answers, and the logs in it. All that the audit needs, and quick to load."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.settings import CannotStart, Settings
from bot.store.audit_signing import Signer
from bot.store.connect import STORE_DOWN, Store, connect, is_cluster
from bot.store.durable import Copies
from bot.store.embedded import EmbeddedStore, EmbeddedStoreError
from bot.store.keys import Keys
from bot.store.runlog import RunLog
from bot.store.store_clock import StoreClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A connection to the store, its clock, and what is in it. `url` may hold a password: it is never logged."""

    url: str
    store: Store
    keys: Keys
    runs: RunLog
    now: StoreClock


@asynccontextmanager
async def remember(settings: Settings) -> AsyncIterator[Memory]:
    """The memory while the block runs. Starts the embedded store where no other is named. Raises `CannotStart`."""
    async with AsyncExitStack() as stack:
        url = await _store_url(settings, stack)
        keys = Keys(settings.environment)
        store = connect(url, keys.tag)
        stack.push_async_callback(store.aclose)
        now = await stack.enter_async_context(_clock(store))
        runs = RunLog(store, keys, now, signer=signer(settings), replicas=copies(settings))
        yield Memory(url=url, store=store, keys=keys, runs=runs, now=now)


@asynccontextmanager
async def _clock(store: Store) -> AsyncIterator[StoreClock]:
    now = StoreClock(store)
    try:
        await now.ask()
    except STORE_DOWN as error:
        raise CannotStart(f"The store went away ({type(error).__name__}). Is it running?") from error
    keeping = asyncio.create_task(now.keep(), name="clock")
    try:
        yield now
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def copies(settings: Settings) -> Copies:
    """How many replicas must have a write before anything is done on the strength of it."""
    return Copies(wanted=settings.redis_wait_replicas)


def clustered(settings: Settings) -> bool:
    """Whether the store is a Redis Cluster."""
    return settings.redis_url is not None and is_cluster(settings.redis_url.get_secret_value())


def signer(settings: Settings) -> Signer | None:
    """What signs heads; `None` where there is no key."""
    return Signer(settings.environment, settings.audit_key.get_secret_value()) if settings.audit_key else None


async def _store_url(settings: Settings, stack: AsyncExitStack) -> str:
    """The URL of a store that answers."""
    try:
        if settings.redis_url is None:
            return await stack.enter_async_context(EmbeddedStore(settings.state_dir).run())
        url = settings.redis_url.get_secret_value()
        store = connect(url, Keys(settings.environment).tag, patient=False)
        try:
            await store.ping()
        finally:
            await store.aclose()
    except EmbeddedStoreError as error:
        raise CannotStart(str(error)) from error
    except ValueError as error:
        raise CannotStart(f"ROLLBOT_REDIS_URL cannot be used: {error}") from error
    except STORE_DOWN as error:
        raise CannotStart(
            f"The store that ROLLBOT_REDIS_URL names does not answer ({type(error).__name__}). Is it running?"
        ) from error
    return url
