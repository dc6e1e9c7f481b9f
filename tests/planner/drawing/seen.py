"""An SVG of ours read back as boxes, texts and lines, so that a program can look at it."""

import re
from dataclasses import dataclass
from itertools import combinations, pairwise
from xml.etree import ElementTree

from planner.drawing.ink import width

NS = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Seen:
    """What is in the picture. Boxes are (x, y, right, bottom) by id; texts (box or None, x, base, right, size, words)."""

    wide: float
    high: float
    boxes: dict
    texts: list
    lines: list
    titles: list


def look(svg: str) -> Seen:
    """The picture as data. Raises where it is no XML."""
    root = ElementTree.fromstring(svg)
    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    boxes, texts, lines, titles = {}, [], [], []
    for rect in root.iter(f"{NS}rect"):
        if "data-box" in rect.attrib:
            x, y, w, h = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
            boxes[rect.attrib["data-box"]] = (x, y, x + w, y + h)
    for text in root.iter(f"{NS}text"):
        x, base, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
        wider = width(text.text or "", size, bold="font-weight" in text.attrib)
        if text.attrib.get("text-anchor") == "end":
            x -= wider
        elif text.attrib.get("text-anchor") == "middle":
            x -= wider / 2
        texts.append((text.attrib.get("data-in"), x, base, x + wider, size, text.text))
    for group in root.iter(f"{NS}g"):
        if group.attrib.get("class") == "edge":
            path = group.find(f"{NS}path").attrib["d"]
            points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.-]+) ([\d.-]+)", path)]
            lines.append(list(pairwise(points)))
            titles.append(group.findtext(f"{NS}title"))
    return Seen(wide, high, boxes, texts, lines, titles)


def faults(seen: Seen) -> list[str]:
    """Text outside its box or the page, boxes on one another, lines through a box."""
    found = []
    for box, x, base, right, size, words in seen.texts:
        left, top, end, bottom = seen.boxes[box] if box else (0, 0, seen.wide, seen.high)
        if x < left or right > end or base - size * 0.76 < top or base + size * 0.24 > bottom:
            found.append(f"{words!r} leaves {box or 'the page'}")
    placed = sorted(seen.boxes.items())
    for one, (x, y, right, bottom) in placed:
        if x < 0 or y < 0 or right > seen.wide or bottom > seen.high:
            found.append(f"{one} leaves the page")
    for (one, a), (other, b) in combinations(placed, 2):
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
            found.append(f"{one} lies on {other}")
    found += _loose(seen)
    for line in seen.lines:
        for start, end in line:
            if start[0] != end[0] and start[1] != end[1]:
                found.append(f"a slanted line {start} {end}")
            low, high = (min(start[0], end[0]), min(start[1], end[1])), (max(start[0], end[0]), max(start[1], end[1]))
            for name, (x, y, right, bottom) in placed:
                if low[0] < right - 0.5 and high[0] > x + 0.5 and low[1] < bottom - 0.5 and high[1] > y + 0.5:
                    found.append(f"a line through {name}")
    return found


def _loose(seen: Seen) -> list[str]:
    """Headings and labels that lie on a box or on one another, or that a line runs through."""
    found = []
    free = [
        (x, base - size * 0.76, right, base + size * 0.24, words) for box, x, base, right, size, words in seen.texts if not box
    ]
    pieces = [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for line in seen.lines for a, b in line]
    for at, one in enumerate(free):
        found += [f"{one[4]!r} lies on {name}" for name, box in seen.boxes.items() if _meet(one, box)]
        found += [f"{one[4]!r} lies on {other[4]!r}" for other in free[at + 1 :] if _meet(one, other)]
        found += [f"a line through {one[4]!r}" for piece in pieces if _meet(one, piece)]
    return found


def _meet(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
