import json

import pytest

from bot.store.audit import verify
from bot.store.audit_files import ExportError, read_export, write_export
from bot.store.audit_lines import Record
from bot.store.audit_reader import records
from planner.events import Ended, Ending
from tests.making import ANA, approved, asked, granted, planned


@pytest.fixture
async def written(log, store, keys):
    for _ in range(3):
        run = await log.open((asked(), planned()))
        run = await log.append(run, (approved(), granted()))
    await log.append(run, (Ended(ending=Ending.WITHDRAWN, because="never mind", by=ANA),))
    return [record async for record in records(store, keys)]


async def test_what_was_written_holds(written):
    report = verify(written)
    assert report.holds
    assert report.entries == len(written) == 4 + 4 + 4 + 5
    assert report.heads["r3"][0] == 5


async def test_every_change_of_a_byte_is_found(written):
    for place, record in enumerate(written):
        for at in range(0, len(record.body), 37):
            changed = record.body[:at] + chr(ord(record.body[at]) ^ 1) + record.body[at + 1 :]
            assert not verify(
                [*written[:place], Record(log=record.log, body=changed, hash=record.hash), *written[place + 1 :]]
            ).holds


async def test_every_removal_is_found_unless_it_is_the_tail_of_an_open_log(written):
    tails = {("r1", 4), ("r2", 4)}
    for place, record in enumerate(written):
        report = verify([*written[:place], *written[place + 1 :]])
        assert report.holds == ((record.log, json.loads(record.body)["seq"]) in tails)


async def test_a_head_kept_outside_finds_a_cut_tail(written):
    heads = [(chain, seq, hash_[:16]) for chain, (seq, hash_) in verify(written).heads.items()]
    assert verify(written, heads).holds
    for place, record in enumerate(written):
        report = verify([*written[:place], *written[place + 1 :]], heads)
        assert not report.holds
        assert record.log in {finding.log for finding in report.findings}


async def test_every_swap_is_found(written):
    for place in range(len(written) - 1):
        swapped = [*written[:place], written[place + 1], written[place], *written[place + 2 :]]
        if written[place].log == written[place + 1].log:
            assert not verify(swapped).holds


async def test_a_run_removed_as_a_whole_is_found(written):
    for run in ("r1", "r2", "r3"):
        report = verify([record for record in written if record.log != run])
        assert {finding.log for finding in report.findings} == {run}


async def test_an_entry_added_after_the_end_is_found(written, log, store, keys):
    run = await log.read("r3")
    await log.append(run, (approved(),))
    report = verify([record async for record in records(store, keys)])
    assert [finding.text for finding in report.findings] == ["was added after the run had ended"]


async def test_an_export_is_verified_without_the_store(written, tmp_path):
    path = tmp_path / "export.jsonl"
    path.write_text("".join(write_export(record) + "\n" for record in written), "utf-8")
    assert verify(read_export(path)).holds


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"log": "r1"}', "\x00", '{"log": "r1", "body"'])
def test_a_file_that_is_no_export_is_refused_with_its_line(line, tmp_path):
    path = tmp_path / "export.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(ExportError, match="line 1"):
        list(read_export(path))
