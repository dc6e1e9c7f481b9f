"""What lies beside the page of one run: the same as JSON, and its pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.store.audit_archive import written
from commands.views.run_json import run_json
from planner.drawing.plan import plan_svg
from planner.drawing.run import run_svg
from planner.events import Entry
from planner.names import RunId
from planner.run import replay
from planner.timeline import timeline


def beside(page: Path, run_id: RunId, entries: Sequence[Entry]) -> Mapping[str, str]:
    """Write the files, named after the page; the names of the pictures, by what they show. Raises `OSError`."""
    run, line = replay(run_id, entries), timeline(run_id, entries)
    files = {page.with_suffix(".json"): run_json(run_id, entries)}
    pictures: dict[str, str] = {}
    if run.planned is not None:
        drawn = page.with_suffix(".plan.svg")
        pictures[f"The plan of run {run_id}"] = drawn.name
        files[drawn] = plan_svg(run.plan)
    if line is not None:
        drawn = page.with_suffix(".run.svg")
        pictures[f"What happened in run {run_id}"] = drawn.name
        files[drawn] = run_svg(line)
    for path, content in files.items():
        with written(path) as part:
            part.write_text(content, encoding="utf-8")
    return pictures
