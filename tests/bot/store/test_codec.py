from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.store.codec import BrokenEntry, hash_of, read, write
from planner.wire import sealed
from tests.making import NOON, SHOP, asked, planned


def test_what_is_written_can_be_read(recwarn):
    for event in (asked(), planned(), planned(sealed(replace(SHOP, facts=MappingProxyType(dict(SHOP.facts)))))):
        line = write("r1", 3, NOON, event, "before", "me")
        entry = read(line.body, line.hash)
        assert (entry.seq, entry.at, entry.event) == (3, NOON, event)
        assert line.hash == hash_of(line.body)
    assert not recwarn.list


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"seq": 1}', b'{"seq": 1, "at": "x", "event": {"kind": "asked"}}', b"\xff"]
)
def test_what_is_no_entry_says_so(body):
    with pytest.raises(BrokenEntry):
        read(body, "")
