"""Hands for runs, and nothing else: what `rollbot worker` runs."""

import asyncio

from bot.app import assemble, forget_secrets
from bot.metrics import Metrics
from bot.ops import Question, ops_site
from bot.ops_bad import bad_route
from bot.settings import CannotStart, Settings
from bot.tally import Tally


async def work(settings: Settings) -> None:
    """Carry out runs until cancelled. Raises `CannotStart`."""
    if settings.read_only:
        raise CannotStart("Read-only (ROLLBOT_READ_ONLY): a worker would have nothing to do. Start `rollbot serve --read-only`.")
    forget_secrets()
    async with assemble(settings) as parts:
        if settings.ops_port is None:
            await parts.jobs.work(parts.worker, duties=parts.duties)
            return
        metrics = Metrics()
        questions: dict[str, Question] = {"store": parts.store.ping}
        bad = bad_route(parts.runs, settings.ops_token)
        try:
            async with (
                ops_site(settings.ops_host, settings.ops_port, questions, metrics, [bad]),
                asyncio.TaskGroup() as group,
            ):
                group.create_task(Tally(parts.runs, metrics, parts.desk.now()).run(), name="tally")
                group.create_task(parts.jobs.work(parts.worker, duties=parts.duties), name="hands")
        except OSError as error:
            raise CannotStart(f"The port {settings.ops_port} cannot be had ({error.strerror}). Set ROLLBOT_OPS_PORT.") from error
