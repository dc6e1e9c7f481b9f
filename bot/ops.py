"""Whether this process lives and does its work, for whatever watches it: /healthz, /readyz and /metrics on a port of its own.

What else is asked there by machines comes as `routes`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from bot.listening import stop_listening
from bot.metrics import CONTENT_TYPE, Metrics

Answer = bool | str
"""True where it is well, false or the words of what is wrong where it is not."""
Question = Callable[[], Awaitable[Answer]]
_PATIENCE = 3.0
"""Seconds for all questions together."""


@asynccontextmanager
async def ops_site(
    host: str,
    port: int,
    questions: Mapping[str, Question],
    metrics: Metrics | None = None,
    routes: Iterable[web.RouteDef] = (),
) -> AsyncIterator[int]:
    """The pages while the block runs; the port they are on. /healthz answers while the loop turns; /readyz asks every question.

    None of them tells a secret or does anything, and they are for machines of our own: they ask for no password. `routes` see to
    that themselves.
    Raises `OSError` where the port is taken.
    """

    async def healthy(_: web.Request) -> web.Response:
        await asyncio.sleep(0)
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        answers = await asyncio.gather(*(_ask(question) for question in questions.values()))
        lines = [f"{name}: {_words(answer)}" for name, answer in zip(questions, answers, strict=True)]
        well = all(answer is True for answer in answers)
        return web.Response(text="\n".join(lines) + "\n", status=200 if well else 503)

    async def measured(_: web.Request) -> web.Response:
        page = await metrics.page() if metrics is not None else b""
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE})

    site = web.Application(client_max_size=1024)
    site.add_routes([web.get("/healthz", healthy), web.get("/readyz", ready), web.get("/metrics", measured), *routes])
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await stop_listening(runner)


async def _ask(question: Question) -> Answer:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await question()
    except Exception:  # whatever stands in the way, the answer is no
        return False


def _words(answer: Answer) -> str:
    if answer is True:
        return "ok"
    return f"NOT READY: {answer}" if isinstance(answer, str) else "NOT READY"
