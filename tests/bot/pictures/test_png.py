"""PNG: the text is really there, for resvg draws what it has no font for as nothing and says nothing."""

import re
import struct
import zlib

import pytest

from bot.pictures.png import to_png
from planner.drawing.ink import Sheet, width
from planner.drawing.plan import plan_svg
from tests.making import SHOP


def rows(png: bytes) -> tuple[int, list[bytes]]:
    """Width and rows of four bytes a pixel. Reads what resvg writes: eight bits, RGBA, not interlaced."""
    assert png.startswith(b"\x89PNG")
    wide, high, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (8, 6)
    at, data = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += 12 + size
    raw, stride, before, found = zlib.decompress(data), wide * 4, bytes(wide * 4), []
    for number in range(high):
        line = bytearray(raw[number * (stride + 1) + 1 : (number + 1) * (stride + 1)])
        unfilter(raw[number * (stride + 1)], line, before)
        before = bytes(line)
        found.append(before)
    return wide, found


def unfilter(kind: int, line: bytearray, above: bytes) -> None:
    for at in range(len(line)):
        left = line[at - 4] if at >= 4 else 0
        corner = above[at - 4] if at >= 4 else 0
        match kind:
            case 1:
                guess = left
            case 2:
                guess = above[at]
            case 3:
                guess = (left + above[at]) // 2
            case 4:
                guess = min((left, above[at], corner), key=lambda c, t=left + above[at] - corner: abs(t - c))
            case _:
                guess = 0
        line[at] = (line[at] + guess) & 255


def ink(png: bytes) -> tuple[int, float]:
    """Dark pixels, and how far to the right they go, in pixels of the SVG."""
    _, lines = rows(png)
    dark = [at // 4 for line in lines for at in range(0, len(line), 4) if line[at + 1] < 100]
    return len(dark), max(dark, default=0) / 2


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("words", ["order-service 2.0.0", "→", "⚠", "…", "é", "Ж?"[1:], "✓ ✗ ·", "W" * 12, "il.,1"])
def test_text_leaves_ink_and_stays_as_narrow_as_it_was_measured(words, bold):
    sheet = Sheet(400, title="t", words="w")
    sheet.text(10, 30, words, 20, bold=bold)
    many, right = ink(to_png(sheet.done(40)))
    assert many > 15
    assert right <= 10 + width(words, 20, bold=bold) + 1


def test_a_plan_without_its_text_would_be_noticed():
    svg = plan_svg(SHOP)
    bare = re.sub(r"<text .*?</text>", "", svg)
    assert ink(to_png(svg))[0] > ink(to_png(bare))[0] + 2000
