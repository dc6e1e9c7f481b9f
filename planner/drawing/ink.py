"""Text and lines for pictures: how wide text is, how it is broken and cut to fit, and how SVG is written.

Widths are those of DejaVu Sans, which the PNG is drawn with. It is one of the widest fonts there are, so what fits here fits in
whatever a browser takes instead.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from planner.drawing.widths import BOLD, REGULAR

FAMILY = "DejaVu Sans, Verdana, sans-serif"
INK, SOFT, PAPER = "#1f2933", "#5b6770", "#ffffff"
BLUE, ORANGE, GREEN, SKY, YELLOW = "#0072b2", "#d55e00", "#007a5a", "#e6f1f9", "#f0e442"
"""Okabe and Ito's colours, told apart by every kind of eye; no colour stands without a word."""

_WIDEST = 1.45
_SPACE = 0x20
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that the text takes at most."""
    table = BOLD if bold else REGULAR
    total = 0.0
    for char in text:
        place = ord(char) - _SPACE
        total += table[place] / 1000 if 0 <= place < len(table) else _WIDEST
    return total * size


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text where it fits; else its two ends, for names and versions differ at either."""
    if width(text, size, bold=bold) <= room:
        return text
    for keep in range(len(text) - 1, 0, -1):
        head, tail = (keep + 1) // 2, keep // 2
        shorter = f"{text[:head]}…{text[len(text) - tail :] if tail else ''}"
        if width(shorter, size, bold=bold) <= room:
            return shorter
    return "…"


def wrap(text: str, room: float, size: float, *, bold: bool = False, most: int = 3) -> list[str]:
    """The text in lines that fit, broken after blanks, dashes and dots; what is too much for `most` lines is cut."""
    pieces = re.findall(r"[^\s\-./:]+[\-./:]*\s*|[\s\-./:]+", text) or [text]
    lines, line = [], ""
    for piece in pieces:
        if line and width((line + piece).rstrip(), size, bold=bold) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    lines.append(line.rstrip())
    if len(lines) > most:
        lines = [*lines[: most - 1], "".join(lines[most - 1 :])]
    return [cut(each, room, size, bold=bold) for each in lines]


def clean(text: str) -> str:
    """The text without what XML cannot hold and what would turn the text around it."""
    return _CONTROL.sub("\ufffd", text)


class Sheet:
    """An SVG being written. Coordinates are pixels from the top left."""

    def __init__(self, wide: float, *, title: str, words: str) -> None:
        self._wide = wide
        self._head = f"<title>{escape(clean(title))}</title>\n<desc>{escape(clean(words))}</desc>"
        self._parts: list[str] = []

    def box(self, x: float, y: float, wide: float, high: float, **look: str) -> None:
        """A rectangle; `look` are attributes, with `_` for `-`."""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
        self._parts.append(f"<rect {place} {_look(look)}/>")

    def text(self, x: float, y: float, words: str, size: float, *, bold: bool = False, fill: str = INK, **look: str) -> None:
        """A line of text; `y` is its base line."""
        weight = ' font-weight="bold"' if bold else ""
        place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{weight} fill="{fill}"'
        self._parts.append(f"<text {place} {_look(look)}>{escape(clean(words))}</text>")

    def line(self, points: Sequence[tuple[float, float]], *, title: str = "", arrow: bool = False, **look: str) -> None:
        """Straight pieces through the points, with an arrow at the end and words that show when pointed at."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        said = f"<title>{escape(clean(title))}</title>" if title else ""
        look = {"stroke": SOFT, "stroke_width": "1.6", "fill": "none", **look}
        self._parts.append(f'<g class="edge">{said}<path d="{path}" {_look(look)}/>')
        if arrow:
            x, y = points[-1]
            self._parts.append(f'<path d="M{x:.1f} {y:.1f}l-8 -4.5v9z" fill="{look["stroke"]}"/>')
        self._parts.append("</g>")

    def circle(self, x: float, y: float, radius: float, **look: str) -> None:
        """A circle around a point."""
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {_look(look)}/>')

    def path(self, path: str, **look: str) -> None:
        """A path as SVG writes it, not filled."""
        self._parts.append(f'<path d="{path}" fill="none" {_look(look)}/>')

    def done(self, high: float) -> str:
        """The whole SVG, so high."""
        size = f'width="{self._wide:.0f}" height="{high:.0f}" viewBox="0 0 {self._wide:.0f} {high:.0f}"'
        first = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family={quoteattr(FAMILY)}>'
        paper = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        return "\n".join([first, self._head, paper, *self._parts, "</svg>"]) + "\n"


def _look(look: dict[str, str]) -> str:
    return " ".join(f"{name.rstrip('_').replace('_', '-')}={quoteattr(value)}" for name, value in look.items())
