import asyncio

import pytest
from aiohttp import web

from bot.listening import stop_listening


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_made_while_listening_ends_is_ended_too(turns: int):
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    connecting = asyncio.create_task(asyncio.open_connection(*runner.addresses[0]))
    for _ in range(turns):
        await asyncio.sleep(0)
    await stop_listening(runner)
    try:
        reader, writer = await connecting
    except ConnectionError:
        return
    try:
        async with asyncio.timeout(10):
            assert await reader.read() == b""
    except ConnectionResetError:
        pass
    finally:
        writer.close()
