"""Logs from before there were baselines, owners and watches: they verify, replay, and are told, as they always were."""

from pathlib import Path

from bot.store.audit import verify
from bot.store.audit_files import read_export
from bot.store.codec import read
from commands.views.run_markdown import run_markdown
from planner.duty_events import Duty
from planner.obligations import obligations_of
from planner.run import StepState, replay

EXPORT = Path(__file__).parents[2] / "fixtures" / "audit" / "before_obligations.jsonl"


def test_an_older_export_verifies():
    report = verify(read_export(EXPORT))
    assert report.holds, report.findings
    assert report.entries == 29


def test_an_older_run_replays_to_its_end():
    entries = [read(record.body.encode(), record.hash) for record in read_export(EXPORT) if record.log == "r1"]
    run = replay("r1", entries)
    assert run.ending == "finished"
    assert {step.state for step in run.steps.values()} == {StepState.VERIFIED}
    assert (run.baseline, run.ended.owed, run.ended.watch_until) == (None, (), None)
    owed = obligations_of(run)
    assert [one.words for one in owed] == list(run.ended.obligations)
    assert {one.owed.duty for one in owed} == {Duty.OTHER}
    assert "Still to do" in run_markdown("r1", entries)
