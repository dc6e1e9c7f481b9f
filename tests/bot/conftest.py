import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.store.connect import Store, connect
from bot.store.embedded import EmbeddedStore
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.runlog import RunLog
from tests.making import NOON

_environments = itertools.count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def store_url(tmp_path_factory) -> AsyncIterator[str]:
    async with EmbeddedStore(tmp_path_factory.mktemp("state")).run() as url:
        yield url


@pytest.fixture
async def store(store_url) -> AsyncIterator[Store]:
    client = connect(store_url)
    yield client
    await client.aclose()


@pytest.fixture
def keys() -> Keys:
    return Keys(f"t{next(_environments)}")


@pytest.fixture
def log(store, keys) -> RunLog:
    return RunLog(store, keys, lambda: NOON)


@pytest.fixture
def leases(store, keys) -> Leases:
    return Leases(store, keys, ttl=5.0)
