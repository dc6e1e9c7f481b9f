"""A large JSON catalog as the texts of its services, one after the other, found without reading what is in them.

Only files that begin and end as programs write them are split. A block of about a mebibyte ends where a service seems to: at
`},{` and the key with which the first one began. Whether it does end there is seen by splitting the block: if that is a list of
whole values, so is the rest. Thus no more than a block is ever in memory beside the file, whatever is in it.
"""

import re
from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Raw

from integrations.catalog_file.document import NotPlain

BLOCK = 1 << 20
LONGEST = 1 << 22
"""A service of more bytes than this is not looked for."""
TRIES = 64
"""So often what seems to be the end of a service may be none, in one block; each costs as much as splitting the block."""
END = 1 << 12
"""The brackets that end the file stand among so many bytes."""

_B = rb"[ \t\r\n]*"
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?%b\{%b"version"%b:%b1%b,%b"services"%b:%b\[' % ((_B,) * 8))
_TAIL = re.compile(rb"\]%b\}%b\Z" % (_B, _B))
_FIRST = re.compile(rb'%b\{%b("[^"\\]*")' % (_B, _B))
_split = msgspec.json.Decoder(list[Raw]).decode


def services_in(content: bytes) -> Iterator[bytes] | None:
    """The texts of the services, or of what stands in their place; `None` where the file is not plain. May raise `NotPlain`."""
    head, tail = _HEAD.match(content), _TAIL.search(content, max(0, len(content) - END))
    first = head and _FIRST.match(content, head.end())
    if head is None or tail is None or first is None:
        return None
    between = re.compile(rb"\}%b,(?=%b\{%b%b)" % (_B, _B, _B, re.escape(first[1])))
    return _services(content, head.end(), tail.start(), between)


def _services(content: bytes, at: int, end: int, between: re.Pattern[bytes]) -> Iterator[bytes]:
    while at < end:
        services, at = _block(content, at, end, between)
        for service in services:
            yield bytes(service)


def _block(content: bytes, at: int, end: int, between: re.Pattern[bytes]) -> tuple[list[Raw], int]:
    """The values from `at` to the end of a block, and where the next one begins."""
    for seeming in islice(between.finditer(content, at + BLOCK, min(end, at + BLOCK + LONGEST)), TRIES):
        try:
            return _split(b"[%b]" % content[at : seeming.end() - 1]), seeming.end()
        except (ValueError, RecursionError):
            continue
    if end - at > BLOCK + LONGEST:
        raise NotPlain
    try:
        return _split(b"[%b]" % content[at:end]), end
    except (ValueError, RecursionError):
        raise NotPlain from None
