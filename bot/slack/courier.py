"""Brings the pack of a run into its thread, because somebody asked: a page, the same as JSON, and a picture of what happened."""

import asyncio
from collections.abc import Iterator

from slack_sdk.web.async_client import AsyncWebClient

from bot.pictures.png import to_png
from bot.slack.calls import Trouble, advice
from bot.slack.easel import Easel
from bot.slack.ports import Views
from commands.reply import Packed
from commands.views.run_json import run_json
from commands.views.run_markdown import run_markdown
from planner.drawing.run import run_svg, run_words
from planner.timeline import timeline

File = tuple[str, bytes, str | None]
"""Its name, its bytes, and what a picture shows in words."""


async def deliver(client: AsyncWebClient, views: Views, environment: str, packed: Packed) -> str:
    """Put the files into the run's thread; says in a sentence where they are, or why they are not there. Never raises `Trouble`.

    A file that is there already, of the same state of the run, is not brought twice.
    """
    run = packed.run
    view = await views.read(run.id)
    if view is None or not view.ts:
        return (
            f"Run {run.id} has no message in a channel, so there is no thread for it. `rollbot audit export {run.id}` writes it."
        )
    easel = Easel(client, environment, run.id)
    try:
        for name, content, words in await asyncio.to_thread(lambda: list(_files(packed))):
            if not await easel.find_file(view.channel, view.ts, name):
                title = f"Run {run.id} for the review: {name}"
                await easel.upload(view.channel, view.ts, name=name, title=title, content=content, words=words)
    except Trouble as trouble:
        return f"Slack did not take the files ({advice(trouble.code)}) `rollbot audit export {run.id} --format md` writes them."
    return f"The pack of run {run.id} is in its thread in <#{view.channel}>: a page, the same as JSON, and a picture of the run."


def _files(packed: Packed) -> Iterator[File]:
    run, entries = packed.run, packed.entries
    stem = f"{run.id}-at-{run.seq}"
    line = timeline(run.id, entries)
    pictures = {}
    if line is not None:
        picture = f"{stem}.png"
        pictures[f"What happened in run {run.id}"] = picture
        yield picture, to_png(run_svg(line)), run_words(line)
    yield f"{stem}.md", run_markdown(run.id, entries, pictures).encode(), None
    yield f"{stem}.json", run_json(run.id, entries).encode(), None
