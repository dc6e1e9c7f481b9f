"""All that a read-only bot does by itself: end the plans that nobody decided in time. It takes no job from real workers."""

import asyncio

import structlog

from bot.engine.worker import Worker
from bot.store.connect import STORE_DOWN

_log = structlog.get_logger(__name__)
_EVERY = 5.0


async def let_expire(worker: Worker) -> None:
    """Look for such plans, for ever; cancel it to stop. A store that is gone is waited for."""
    while True:
        try:
            for run in await worker.unfinished():
                await worker.work(run)
        except STORE_DOWN as trouble:
            _log.warning("plans could not be looked after", why=type(trouble).__name__)
        await asyncio.sleep(_EVERY)
