"""A cancelled task stops, at whatever moment of a call to the store it is cancelled."""

import asyncio
from contextlib import suppress

import pytest


@pytest.mark.parametrize("call", ["command", "script"])
async def test_no_cancellation_is_lost(store, call):
    script = store.register_script("return {'OK'}")

    async def ask_for_ever():
        while True:
            await (store.ping() if call == "command" else script(keys=[], args=[]))

    for turns in range(1, 200):
        task = asyncio.create_task(ask_for_ever())
        for _ in range(turns % 40):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done, f"cancelled after {turns % 40} turns of the loop, it went on"
        with suppress(asyncio.CancelledError):
            task.result()
