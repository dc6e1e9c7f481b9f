import gzip
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.archives import _within, note
from bot.store.audit import Verifier, verify
from bot.store.audit_archive import Archive
from bot.store.audit_query import Question, runs_of
from bot.store.audit_reader import Reader
from bot.store.audit_signing import Keyring, Signer
from bot.store.audit_trim import NotTrimmed, Trimmer
from planner.events import Ended, Ending
from tests.bot.store.audit_story import KEY, Days, everything, one_run, story
from tests.making import ANA, NOON


def trimmer(store, keys, log, directory):
    return Trimmer(
        store=store,
        keys=keys,
        log=log,
        archive=Archive(directory),
        by=ANA,
        signer=Signer(keys.environment, KEY),
        keyring=Keyring(keys.environment, [KEY]),
    )


async def trim(store, keys, log, directory, before):
    return [moved async for moved in trimmer(store, keys, log, directory).trim(before)]


async def check(store, keys, directory, *, live=True, heads=()):
    verifier = Verifier(heads, Keyring(keys.environment, [KEY]))
    segments = Archive(directory).check(verifier)
    if live:
        async for batch in Reader(store, keys, after=segments.last, skip=segments.runs).everything():
            for record in batch:
                verifier.add(record)
    return segments.finish(verifier, live=live)


async def test_what_left_and_what_stayed_are_one_chain(store, keys, tmp_path):
    log, _ = await story(store, keys)
    before = verify(await everything(store, keys))
    heads = [(name, seq, hash_) for name, (seq, hash_) in before.heads.items()]
    (moved,) = await trim(store, keys, log, tmp_path, NOON + timedelta(days=2))
    assert (moved.segment, moved.runs) == (1, 2)
    left = await everything(store, keys)
    assert {record.log for record in left} == {"environment", "r3", "r4", "r5"}
    alone = verify(left, keyring=Keyring(keys.environment, [KEY]))
    assert alone.holds
    assert alone.begins == 6
    assert alone.trimmed.runs == 2
    both = await check(store, keys, tmp_path, heads=heads)
    assert both.findings == []
    assert both.entries == before.entries + 1
    archive = await check(store, keys, tmp_path, live=False)
    assert archive.findings == []


async def test_a_run_that_went_on_over_the_cut_stays_whole_and_leaves_later(store, keys, tmp_path):
    log, days = await story(store, keys)
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=2, hours=1))
    run = await log.read("r3")
    days.go(days=1)
    await log.append(run, (Ended(ending=Ending.WITHDRAWN, because="late", by=ANA),))
    assert (await check(store, keys, tmp_path)).holds
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=30))
    report = await check(store, keys, tmp_path)
    assert report.findings == []
    assert {record.log for record in await everything(store, keys)} == {"environment", "r5"}
    assert {path.name for path in tmp_path.iterdir()} == {
        f"segment-00000{n}.{end}" for n in (1, 2) for end in ("json", "ndjson.gz")
    }


async def test_indexes_forget_what_left(store, keys, tmp_path):
    log, _ = await story(store, keys)
    assert await runs_of(store, keys, Question(by="U_RAJ")) == ("r1", "r2", "r3", "r4", "r5")
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=2))
    assert await runs_of(store, keys, Question(by="U_RAJ")) == ("r3", "r4", "r5")
    assert await runs_of(store, keys, Question(service="stock-service")) == ("r4",)
    assert await log.recent(10) == ("r5", "r4", "r3")
    keys_left = [key async for key in store.scan_iter(match=f"*{keys.environment}*:r1", count=1000)]
    assert keys_left == []


async def test_where_a_run_went_can_be_asked(store, keys, tmp_path):
    log, _ = await story(store, keys)
    assert await log.archived("r1") is None
    assert await log.archived() is None
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=2))
    for run in ("r1", "r2"):
        gone = await log.archived(run)
        assert gone.place.startswith(f"{tmp_path}/segment-000001.ndjson.gz of ")
        assert NOON + timedelta(days=1) <= gone.until < NOON + timedelta(days=2)
    assert [await log.archived(run) for run in ("r3", "r4", "r99", "rx")] == [None] * 4
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=3, hours=1))
    assert "segment-000002" in (await log.archived("r4")).place
    assert await log.archived() == await log.archived("r4")


@given(st.sets(st.integers(1, 60)))
def test_a_note_names_the_runs_that_left_and_no_other(numbers):
    kept = json.loads(note((f"r{number}" for number in numbers), "there", NOON))["runs"]
    assert {number for number in range(1, 70) if _within(number, kept)} == numbers


async def test_open_runs_and_new_runs_never_leave(store, keys, tmp_path):
    log, _ = await story(store, keys)
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=400))
    assert await log.open_runs() == ("r3", "r5")
    assert (await log.read("r3")).seq == 4
    assert await trim(store, keys, log, tmp_path, NOON + timedelta(days=400)) == []


async def test_a_broken_log_does_not_leave(store, keys, tmp_path):
    log, _ = await story(store, keys)
    async with store.pipeline(transaction=True) as pipeline:
        pipeline.xdel(keys.log("r1"), "3-0")
        await pipeline.execute()
    before = await everything(store, keys)
    with pytest.raises(NotTrimmed, match="does not verify") as no:
        await trim(store, keys, log, tmp_path, NOON + timedelta(days=2))
    assert no.value.findings[0].log == "r1"
    assert await everything(store, keys) == before


@pytest.mark.parametrize("dies_in", ["_write", "_read_again", "_note", "_remove"])
async def test_a_power_cut_anywhere_costs_nothing(store, keys, tmp_path, dies_in):
    """Dies right after each step, and in the middle of removing; then everything verifies, and another trim finishes."""
    log, _ = await story(store, keys)

    class Dying(Trimmer):
        pass

    class PowerCut(Exception):
        pass

    def dying(name):
        step = getattr(Trimmer, name)

        if name == "_read_again":

            def go(self, *arguments):
                step(self, *arguments)
                raise PowerCut

            return go

        async def go_async(self, *arguments):
            if name == "_remove":
                # Half of the runs are gone, and the environment's log is still whole.
                (manifest,) = arguments
                await step(self, manifest.model_copy(update={"runs": manifest.runs[:1], "last": 0}))
            else:
                await step(self, *arguments)
            raise PowerCut

        return go_async

    setattr(Dying, dies_in, dying(dies_in))
    common = trimmer(store, keys, log, tmp_path)
    mortal = Dying(**{name: getattr(common, name) for name in Trimmer.__dataclass_fields__})
    with pytest.raises(PowerCut):
        async for _ in mortal.trim(NOON + timedelta(days=2)):
            pass
    assert verify(await everything(store, keys)).findings == []
    assert (await check(store, keys, tmp_path)).findings == []
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=2))
    assert {record.log for record in await everything(store, keys)} == {"environment", "r3", "r4", "r5"}
    assert (await check(store, keys, tmp_path)).findings == []


@pytest.fixture
async def archived(store, keys, tmp_path):
    days = Days()
    log, _ = await story(store, keys, days)
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=1))
    await trim(store, keys, log, tmp_path, NOON + timedelta(days=2))
    await one_run(log)
    return tmp_path


async def test_every_file_of_an_archive_counts(store, keys, archived):
    assert (await check(store, keys, archived)).findings == []
    for path in sorted(archived.iterdir()):
        kept = path.read_bytes()
        for at in range(0, len(kept), max(1, len(kept) // 40)):
            path.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
            assert not (await check(store, keys, archived)).holds, (path.name, at)
        path.unlink()
        assert not (await check(store, keys, archived)).holds, path.name
        path.write_bytes(kept)


async def test_a_segment_made_anew_without_the_key_is_found(store, keys, archived):
    data, paper = archived / "segment-000001.ndjson.gz", archived / "segment-000001.json"
    lines = gzip.decompress(data.read_bytes()).splitlines(keepends=True)
    data.write_bytes(gzip.compress(b"".join(line for line in lines if b'"r1"' not in line.split(b",")[0])))
    manifest = json.loads(paper.read_bytes())
    manifest["runs"] = []
    paper.write_text(json.dumps(manifest), "utf-8")
    assert not (await check(store, keys, archived, live=False)).holds


async def test_an_archive_of_something_else_is_refused_for_a_trim_that_did_not_finish(store, keys, tmp_path):
    log, _ = await story(store, keys)
    common = trimmer(store, keys, log, tmp_path / "right")

    class Dying(Trimmer):
        async def _remove(self, manifest):
            raise RuntimeError("power cut")

    mortal = Dying(**{name: getattr(common, name) for name in Trimmer.__dataclass_fields__})
    with pytest.raises(RuntimeError):
        async for _ in mortal.trim(NOON + timedelta(days=2)):
            pass
    with pytest.raises(NotTrimmed, match="did not finish"):
        await trim(store, keys, log, tmp_path / "wrong", NOON + timedelta(days=2))
    assert (await log.read("r1")).seq == 5
