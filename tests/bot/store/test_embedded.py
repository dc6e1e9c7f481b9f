import asyncio
import os
import signal

import pytest

from bot.store.connect import STORE_DOWN, connect
from bot.store.embedded import EmbeddedStore, EmbeddedStoreError


async def ask(url, command, *arguments):
    client = connect(url)
    try:
        return await client.execute_command(command, *arguments)
    finally:
        await client.aclose()


async def test_it_keeps_what_it_acknowledged_over_a_kill(tmp_path):
    embedded = EmbeddedStore(tmp_path)
    async with embedded.run() as url:
        await ask(url, "SET", "kept", "yes")
        os.kill(embedded._process.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while True:
                try:
                    assert await ask(url, "GET", "kept") == "yes"
                    break
                except STORE_DOWN:
                    await asyncio.sleep(0.05)


async def test_one_that_is_slow_is_let_alone(tmp_path, monkeypatch):
    """A second server beside it would write into the same files, and its socket would be gone."""
    monkeypatch.setattr("bot.store.embedded._PATIENCE", 3.0)
    embedded = EmbeddedStore(tmp_path)
    async with embedded.run() as url:
        await ask(url, "SET", "kept", "yes")
        pid, place = embedded._process.pid, embedded.socket.stat().st_ino
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(EmbeddedStoreError, match="does not answer"):
                async with EmbeddedStore(tmp_path).run():
                    pass
        finally:
            os.kill(pid, signal.SIGCONT)
        async with EmbeddedStore(tmp_path).run() as same:
            assert await ask(same, "GET", "kept") == "yes"
        assert embedded._process.pid == pid
        assert embedded.socket.stat().st_ino == place


async def test_a_second_user_adopts_it_and_the_last_one_stops_it(tmp_path):
    first, second = EmbeddedStore(tmp_path), EmbeddedStore(tmp_path)
    async with first.run() as url:
        before = await ask(url, "CONFIG", "GET", "appendfsync")
        assert before == ["appendfsync", "always"] or before == {"appendfsync": "always"}
        async with second.run() as same:
            assert same == url
            assert second._process is None
    with pytest.raises(STORE_DOWN):
        await ask(url, "PING")


async def test_two_that_start_at_once_share_one_server(tmp_path):
    stores = [EmbeddedStore(tmp_path) for _ in range(4)]

    async def use(embedded):
        async with embedded.run() as url:
            await ask(url, "INCR", "users")
            await asyncio.sleep(0.3)

    await asyncio.gather(*(use(embedded) for embedded in stores))
    assert sum(embedded._process is not None for embedded in stores) == 1


async def test_a_long_path_gets_a_short_socket(tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    async with EmbeddedStore(deep).run() as url:
        assert len(url.removeprefix("unix://")) <= 100
        assert await ask(url, "PING")


async def test_nobody_else_may_open_it(tmp_path):
    embedded = EmbeddedStore(tmp_path)
    async with embedded.run():
        assert embedded.socket.stat().st_mode & 0o077 == 0
        assert embedded.directory.stat().st_mode & 0o077 == 0
