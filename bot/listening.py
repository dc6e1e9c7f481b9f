"""An end to listening that leaves no connection behind."""

import asyncio

from aiohttp import web

_TURNS = 4
"""Turns of the loop from accepting a connection until the server knows of it: a task of its own, then two callbacks."""


async def stop_listening(runner: web.AppRunner) -> None:
    """Take no more connections, end those there are, and clean up; what is being answered is answered first.

    A server that is closed between accepting a connection and attaching it loses it: it stays open and nobody answers
    (python/cpython#109564). And aiohttp ends only the connections that it knows. So accepting ends first, and whoever came a
    moment before gets the turns that it takes to become known.
    """
    loop = asyncio.get_running_loop()
    for site in runner.sites:
        server = site._server  # aiohttp has no public way to the sockets
        for listener in server.sockets if isinstance(server, asyncio.Server) else ():
            loop.remove_reader(listener)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
