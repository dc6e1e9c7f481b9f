"""Whether this process lives and does its work, for whatever watches it: /healthz and /readyz on a port of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

Question = Callable[[], Awaitable[bool]]
_PATIENCE = 3.0
"""Seconds for all questions together."""


@asynccontextmanager
async def ops_site(host: str, port: int, questions: Mapping[str, Question]) -> AsyncIterator[None]:
    """The two pages while the block runs. /healthz answers while the loop turns; /readyz asks every question.

    Raises `OSError` where the port is taken.
    """

    async def healthy(_: web.Request) -> web.Response:
        await asyncio.sleep(0)
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        answers = await asyncio.gather(*(_ask(question) for question in questions.values()))
        lines = [f"{name}: {'ok' if answer else 'NOT READY'}" for name, answer in zip(questions, answers, strict=True)]
        return web.Response(text="\n".join(lines) + "\n", status=200 if all(answers) else 503)

    site = web.Application()
    site.add_routes([web.get("/healthz", healthy), web.get("/readyz", ready)])
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


async def _ask(question: Question) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await question()
    except Exception:  # whatever stands in the way, the answer is no
        return False
