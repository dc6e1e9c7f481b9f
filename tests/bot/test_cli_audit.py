import asyncio
import csv
import io
import json

import pytest

from bot.__main__ import main
from bot.store.audit_files import write_export
from bot.store.audit_signing import Signer
from bot.store.keys import Keys
from bot.store.runlog import RunLog
from planner.events import PressRefused
from planner.refusal import Code
from tests.bot.store.audit_story import KEY, OLD_KEY, everything, one_run, story
from tests.making import ANA, NOON


@pytest.fixture
async def rollbot(store_url, store, keys, monkeypatch, tmp_path, capsys):
    """The command line over a store in which something happened; answers status, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLBOT_REDIS_URL", store_url)
    monkeypatch.setenv("ROLLBOT_ENVIRONMENT", keys.environment)
    await story(store, keys)

    async def call(*words):
        capsys.readouterr()
        try:
            status = await asyncio.to_thread(main, ["audit", *map(str, words)])
        except SystemExit as stop:
            status = stop.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


async def test_a_whole_store_verifies_and_says_what_was_not_checked(rollbot, monkeypatch):
    status, out, _ = await rollbot("verify")
    assert status == 0
    assert out.startswith("The audit holds: 33 entries of 5 runs. Head: environment:10:")
    assert "6 signatures were NOT checked" in out
    monkeypatch.setenv("ROLLBOT_AUDIT_KEY", KEY)
    assert "6 heads are signed with a known key." in (await rollbot("verify"))[1]


async def test_after_the_key_was_changed_the_older_one_is_asked_for(rollbot, monkeypatch, tmp_path):
    monkeypatch.setenv("ROLLBOT_AUDIT_KEY", OLD_KEY)
    status, out, _ = await rollbot("verify")
    assert status == 1
    assert "--key-file" in out
    (tmp_path / "older").write_text(KEY + "\n", "utf-8")
    assert (await rollbot("verify", "--key-file", "older"))[0] == 0


async def test_heads_without_a_signature_can_be_made_a_finding(rollbot, store, keys, monkeypatch):
    status, _, err = await rollbot("verify", "--all-signed")
    assert (status, "no key to check with" in err) == (2, True)
    monkeypatch.setenv("ROLLBOT_AUDIT_KEY", KEY)
    assert (await rollbot("verify", "--all-signed"))[0] == 0
    monkeypatch.setenv("ROLLBOT_ENVIRONMENT", f"{keys.environment}-bare")
    await story(store, Keys(f"{keys.environment}-bare"), key=None)
    assert "6 heads are not signed: from before there was a key" in (await rollbot("verify"))[1]
    status, out, _ = await rollbot("verify", "--all-signed")
    assert (status, "6 heads are not signed" in out) == (1, True)


async def test_the_key_may_stand_in_a_file(rollbot, monkeypatch, tmp_path):
    (tmp_path / "key").write_text(KEY + "\n", "utf-8")
    monkeypatch.setenv("ROLLBOT_AUDIT_KEY_FILE", str(tmp_path / "key"))
    assert "signed with a known key" in (await rollbot("verify"))[1]
    monkeypatch.setenv("ROLLBOT_AUDIT_KEY_FILE", str(tmp_path / "nowhere"))
    status, _, err = await rollbot("verify")
    assert status == 2
    assert "nowhere cannot be read" in err


async def test_a_short_key_is_refused_and_never_shown(rollbot, monkeypatch):
    monkeypatch.setenv("ROLLBOT_AUDIT_KEY", "too-short-a-secret")
    status, out, err = await rollbot("verify")
    assert status == 2
    assert "audit_key: expected at least 32 characters" in err
    assert "too-short" not in out + err


async def test_an_export_of_everything_verifies_without_the_store(rollbot, monkeypatch, tmp_path):
    status, _, err = await rollbot("export", "-o", "all.jsonl")
    assert status == 0
    assert "everything written to all.jsonl" in err
    monkeypatch.setenv("ROLLBOT_REDIS_URL", "redis://127.0.0.1:1/0")
    status, out, _ = await rollbot("verify", "all.jsonl")
    assert (status, out.splitlines()[0][:46]) == (0, "The audit holds: 33 entries of 5 runs. Head: e")
    lines = (tmp_path / "all.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "all.jsonl").write_text("\n".join(lines[:4] + lines[5:]) + "\n", "utf-8")
    assert (await rollbot("verify", "all.jsonl"))[0] == 1


@pytest.mark.parametrize(
    ("filters", "runs"),
    [
        (["r2"], ["r2"]),
        (["--service", "stock-service"], ["r2", "r4"]),
        (["--by", "U_GUS"], ["r2", "r5"]),
        (["--by", "<@U_RAJ>", "--service", "order-service"], ["r1", "r3", "r5"]),
        (["--since", "2026-11-24", "--until", "2026-11-26T00:00Z"], ["r2", "r3"]),
        (["--by", "U_NOBODY"], []),
    ],
)
async def test_an_excerpt_has_whole_runs_and_verifies(rollbot, filters, runs, tmp_path):
    status, out, err = await rollbot("export", *filters)
    assert status == 0
    assert f"{len(runs)} run{'' if len(runs) == 1 else 's'}: whole runs" in err
    lines = [json.loads(line) for line in out.splitlines()]
    assert list(dict.fromkeys(line["log"] for line in lines if "log" in line)) == runs
    (tmp_path / "some.jsonl").write_text(out, "utf-8")
    status, said, _ = await rollbot("verify", "some.jsonl")
    assert status == 0
    assert "An excerpt" in said
    for place in range(len(lines) if runs else 0):
        cut = out.splitlines(keepends=True)
        del cut[place]
        (tmp_path / "cut.jsonl").write_text("".join(cut), "utf-8")
        assert (await rollbot("verify", "cut.jsonl"))[0] == 1


async def test_a_run_that_is_not_there_is_said(rollbot):
    status, _, err = await rollbot("export", "r99")
    assert (status, "There is no run r99" in err) == (2, True)


async def test_bad_times_and_heads_are_bad_usage(rollbot, tmp_path):
    assert "'yesterday' is no time" in (await rollbot("export", "--since", "yesterday"))[2]
    assert (await rollbot("verify", "--head", "r1"))[0] == 2
    (tmp_path / "empty").write_text("nothing\n", "utf-8")
    assert (await rollbot("verify", "--heads", "empty"))[0] == 2
    assert (await rollbot("verify", "--live"))[0] == 2
    assert (await rollbot("verify", tmp_path))[0] == 2
    assert (await rollbot("trim", "--archive", "old"))[0] == 2


async def test_csv_has_one_row_an_entry_and_no_formulas(rollbot, log):
    await one_run(log)
    status, out, err = await rollbot("export", "--format", "csv")
    assert status == 0
    assert "cannot be verified" in err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 33 + 5 + 2
    assert list(rows[0]) == ["log", "entry", "at", "kind", "who", "who_id", "services", "what", "hash"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    refused = next(row for row in rows if row["kind"] == "command_refused")
    assert (refused["who"], refused["who_id"]) == ("Gus", "U_GUS")


async def test_csv_of_a_person_has_what_belongs_to_no_run_too(rollbot):
    _, out, _ = await rollbot("export", "--format", "csv", "--by", "U_GUS")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["log"] for row in rows} == {"environment", "r2", "r5"}
    assert [row["kind"] for row in rows if row["log"] == "environment"] == ["command_refused"]


async def test_beside_the_page_of_a_run_lie_its_json_and_pictures(rollbot, tmp_path):
    _, _, said = await rollbot("export", "r1", "--format", "md", "-o", str(tmp_path / "review.md"))
    assert "with its JSON and pictures beside it" in said
    names = {path.name for path in tmp_path.iterdir()}
    assert {"review.md", "review.json", "review.plan.svg", "review.run.svg"} <= names
    assert "(<review.run.svg>)" in (tmp_path / "review.md").read_text()


async def test_md_tells_a_run_to_people(rollbot):
    _, out, _ = await rollbot("export", "r1", "--format", "md")
    assert out.startswith("# Run r1: order-service 2.0.0 to 1.4.2\n")
    for part in ("Asked by Ana", "Approved by Raj", "## Plan", "## Timeline", "## Still to do", "tell the team", "--head r1:5:"):
        assert part in out
    _, out, _ = await rollbot("export", "--format", "md")
    assert out.count("# Run r") == 5
    assert "# Outside of runs" in out


async def test_trim_and_verify_as_one_chain(rollbot, monkeypatch, tmp_path):
    status, _, err = await rollbot("trim", "--before", "2026-11-25", "--archive", "old")
    assert (status, "set ROLLBOT_AUDIT_KEY" in err) == (1, True)
    monkeypatch.setenv("ROLLBOT_AUDIT_KEY", KEY)
    heads = (await rollbot("verify"))[1].split("Head: ")[1].split()[0]
    status, out, _ = await rollbot("trim", "--before", "2026-11-25", "--archive", "old")
    assert status == 0
    assert "segment-000001.ndjson.gz: " in out
    status, out, _ = await rollbot("verify")
    assert status == 0
    assert "are in the archive (segment 1" in out
    status, out, _ = await rollbot("verify", "old", "--live", "--head", heads)
    assert status == 0, out
    status, out, _ = await rollbot("verify", "old")
    assert status == 0, out
    status, out, _ = await rollbot("verify", "--head", "environment:2:" + "0" * 64)
    assert status == 1
    assert "may be in the archive" in out
    monkeypatch.setenv("ROLLBOT_RETENTION", "36500d")
    assert "Nothing was changed" in (await rollbot("trim", "--archive", "old"))[1]


async def test_a_long_log_and_a_busy_store_are_read_whole(rollbot, store, keys):
    """Runs begin and end while everything is read."""
    log = RunLog(store, keys, lambda: NOON, signer=Signer(keys.environment, KEY))
    run = await one_run(log, end=False)
    for _ in range(70):
        run = await log.append(run, (one_refusal(),))

    async def busy():
        for _ in range(30):
            await one_run(log)

    work = asyncio.create_task(busy())
    while not work.done():
        status, out, _ = await rollbot("verify")
        assert status == 0, out
    await work
    found = await everything(store, keys)
    assert len([record for record in found if record.log == run.id]) == 74
    assert all(json.loads(write_export(record)) for record in found)


def one_refusal():
    return PressRefused(by=ANA, verb="approve", code=Code.UNKNOWN_RUN, message="no")


async def test_what_the_store_itself_noted_finds_a_cut_tail(rollbot, store, keys):
    async with store.pipeline(transaction=True) as pipeline:
        pipeline.xdel(keys.log("r3"), "4-0")
        await pipeline.execute()
    status, out, _ = await rollbot("verify")
    assert status == 1
    assert "r3, entry 4: the store noted entry 4 as the end of this log" in out
