"""Whatever one does to the records, it is found: with the chain alone, with a head kept outside, with a key."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.audit import verify
from bot.store.audit_signing import Keyring
from bot.store.codec import hash_of, parse
from bot.store.connect import connect
from bot.store.embedded import EmbeddedStore
from bot.store.keys import Keys
from tests.bot.store.audit_story import KEY, OLD_KEY, everything, story

KEYRING = Keyring("t", [KEY])


@pytest.fixture(scope="module")
def written():
    async def write():
        with tempfile.TemporaryDirectory() as directory:
            async with EmbeddedStore(Path(directory)).run() as url:
                store = connect(url)
                await story(store, Keys("t"))
                found = await everything(store, Keys("t"))
                await store.aclose()
                return tuple(found)

    return asyncio.run(write())


def heads(records):
    return [(log, seq, hash_[:16]) for log, (seq, hash_) in verify(records).heads.items()]


def test_what_was_written_holds_and_its_signatures_too(written):
    report = verify(written, heads(written), KEYRING)
    assert report.holds
    assert (report.signed, report.unsigned, report.unchecked) == (6, 0, 0)
    assert verify(written).unchecked == 6


@given(data=st.data())
def test_any_changed_byte_is_found(written, data):
    place = data.draw(st.integers(0, len(written) - 1))
    record = written[place]
    at = data.draw(st.integers(0, len(record.body) - 1))
    sign = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != record.body[at]))
    changed = replace(record, body=record.body[:at] + sign + record.body[at + 1 :])
    assert not verify([*written[:place], changed, *written[place + 1 :]]).holds


@given(data=st.data())
def test_any_changed_byte_of_a_hash_or_a_signature_is_found(written, data):
    place = data.draw(st.integers(0, len(written) - 1))
    record = written[place]
    name = data.draw(st.sampled_from(["hash", "signature"] if record.signature else ["hash"]))
    text = getattr(record, name)
    at = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from([sign for sign in "0123456789abcdef:xé" if sign != text[at]]))
    changed = replace(record, **{name: text[:at] + sign + text[at + 1 :]})
    assert not verify([*written[:place], changed, *written[place + 1 :]], keyring=KEYRING).holds


@given(data=st.data())
def test_any_removed_stretch_is_found_with_heads(written, data):
    first = data.draw(st.integers(0, len(written) - 1))
    last = data.draw(st.integers(first, len(written) - 1))
    assert not verify([*written[:first], *written[last + 1 :]], heads(written)).holds


@given(data=st.data())
def test_any_two_swapped_are_found(written, data):
    one = data.draw(st.integers(0, len(written) - 1))
    other = data.draw(st.integers(0, len(written) - 1).filter(lambda other: other != one))
    swapped = list(written)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    # Entries of different logs may stand in any order as long as each log keeps its own.
    by_log = {log: [r for r in swapped if r.log == log] for log in {r.log for r in written}}
    same = all(found == [r for r in written if r.log == log] for log, found in by_log.items())
    assert verify(swapped, heads(written)).holds == same


@given(data=st.data())
def test_any_entry_put_in_twice_is_found(written, data):
    record = data.draw(st.sampled_from(written))
    place = data.draw(st.integers(0, len(written)))
    assert not verify([*written[:place], record, *written[place:]]).holds


def rewritten(written, place, sign=None):
    """The whole log of this record written anew after a change, every hash right, as somebody with the store but no key could."""
    target = written[place]
    found, hashes = [], {}
    previous = ""
    for record in written:
        if record.log != target.log:
            found.append(record)
            continue
        body = record.body
        if record is target:
            body = body.replace('"at":"2026', '"at":"2025', 1)
        old = parse(record.body).prev
        body = body.replace(f'"prev":"{old}"', f'"prev":"{previous}"')
        previous = hashes[record.hash] = hash_of(body.encode())
        found.append(replace(record, body=body, hash=previous))
    return found, hashes


def test_a_log_written_anew_is_found_by_the_seal_by_the_key_and_by_a_head(written):
    for place, record in enumerate(written):
        forged, _ = rewritten(written, place)
        if record.log in ("r1", "r2", "r4"):
            assert not verify(forged).holds  # the environment's log names another end
        if record.log == "environment" and parse(record.body).seq <= 8:
            assert verify(forged).holds  # the chain alone is right again
            assert not verify(forged, keyring=KEYRING).holds
        assert not verify(forged, heads(written)).holds


def test_a_log_without_its_signatures_is_found_where_any_is_left(written):
    signed = [place for place, record in enumerate(written) if record.signature]
    for place in signed[1:]:
        bare = [*written[:place], replace(written[place], signature=None), *written[place + 1 :]]
        assert not verify(bare, keyring=KEYRING).holds
        assert not verify(bare).holds
    first = [*written[: signed[0]], replace(written[signed[0]], signature=None), *written[signed[0] + 1 :]]
    assert not verify(first, keyring=KEYRING).holds


def test_no_signature_at_all_is_said(written):
    report = verify([replace(record, signature=None) for record in written], keyring=KEYRING)
    assert report.unsigned == 6


def test_a_signature_of_another_key_is_no_proof(written):
    report = verify(written, keyring=Keyring("t", [OLD_KEY]))
    assert len(report.findings) == 6
    assert "--key-file" in report.findings[0].text
    assert verify(written, keyring=Keyring("t", [OLD_KEY, KEY])).holds


def test_the_signatures_of_another_environment_are_no_proof(written):
    assert not verify(written, keyring=Keyring("staging", [KEY])).holds
