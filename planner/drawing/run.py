"""A run as a picture: one row for each step, time from left to right, what people did as numbered marks below.

Every phase has its word in the legend and its own pattern, not only its own colour.
"""

from collections.abc import Iterator

from planner.drawing.ink import BLUE, GREEN, INK, ORANGE, PAPER, SOFT, Sheet, cut, wrap
from planner.timeline import Mark, Phase, Row, Timeline

MOST_ROWS = 40
_WIDE, _MARGIN, _LABEL, _HIGH = 720.0, 16.0, 232.0, 44.0
_BAR = 18.0
_LOOKS = {
    Phase.WAITING: {"fill": "#e9ecef", "stroke": "#9aa5b1", "stroke_dasharray": "3 3"},
    Phase.EXECUTING: {"fill": BLUE, "stroke": BLUE},
    Phase.VERIFYING: {"fill": "#cfeee3", "stroke": GREEN, "stroke_width": "2"},
    Phase.FAILED: {"fill": PAPER, "stroke": ORANGE, "stroke_width": "3"},
}


def run_svg(line: Timeline) -> str:
    """The picture as SVG. More rows than a phone can show are folded into a count."""
    return _Drawing(line).svg()


def run_words(line: Timeline) -> str:
    """What the picture says, for those who cannot see it."""
    steps = ". ".join(f"{row.step}: {row.state}" for row in line.rows)
    marks = "; ".join(f"{clock(mark.at)} {mark.words}" for mark in line.marks)
    text = f"Run {line.run}, {line.title}, {clock(line.seconds)}. {marks}. {steps}."
    return text if len(text) <= 950 else text[:949] + "…"


def clock(seconds: float) -> str:
    """A duration as people say it beside a picture."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min" if seconds < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02d} h"


class _Drawing:
    """Works the places out, then draws. One for each picture."""

    def __init__(self, line: Timeline) -> None:
        self.line = line
        self.left, self.right = _MARGIN + _LABEL, _WIDE - _MARGIN - 14
        self.scale = (self.right - self.left) / max(line.seconds, 0.001)
        self.sheet = Sheet(_WIDE, title=f"Run {line.run}", words=run_words(line))

    def x(self, seconds: float) -> float:
        """Where a moment is."""
        return self.left + min(max(seconds, 0.0), self.line.seconds) * self.scale

    def svg(self) -> str:
        """Everything, from top to bottom."""
        y = self._rows(self._legend(self._heading()))
        y = self._axis(y)
        return self.sheet.done(self._marks(y) + _MARGIN)

    def _heading(self) -> float:
        y = _MARGIN + 18
        for words in wrap(f"Run {self.line.run}: {self.line.title}", _WIDE - 2 * _MARGIN, 20, bold=True):
            self.sheet.text(_MARGIN, y, words, 20, bold=True)
            y += 26
        took = "took" if self.line.over else "so far"
        self.sheet.text(_MARGIN, y, f"{self.line.began:%Y-%m-%d %H:%M:%S UTC}, {took} {clock(self.line.seconds)}", 15, fill=SOFT)
        return y + 12

    def _legend(self, y: float) -> float:
        x = _MARGIN
        for phase in Phase:
            self.sheet.box(x, y + 3, 26, 14, class_="key", **_LOOKS[phase])
            if phase is Phase.FAILED:
                self._cross(x, y + 3, 26, 14)
            self.sheet.text(x + 33, y + 15, str(phase), 14)
            x += 150
        return y + 34

    def _rows(self, y: float) -> float:
        rows, more = _shown(self.line.rows, self.line.target)
        wave = None
        for row in rows:
            name = ("Undoing wave" if row.step.startswith("undo:") else "Wave") + f" {row.wave}"
            if name != wave:
                self.sheet.text(_MARGIN, y + 16, name, 14, bold=True, fill=SOFT)
                y, wave = y + 24, name
            self._row(row, y)
            y += _HIGH
        if more:
            self.sheet.text(_MARGIN, y + 16, f"+{more} more steps", 15, bold=True)
            y += 26
        return y

    def _row(self, row: Row, y: float) -> None:
        room = _LABEL - 14
        service = row.step.removeprefix("undo:")
        self.sheet.text(_MARGIN, y + 16, cut(service, room, 15, bold=True), 15, bold=True)
        self.sheet.text(_MARGIN, y + 34, cut(f"{row.change} · {row.state}", room, 13), 13, fill=SOFT)
        for span in row.spans:
            x, wide = self.x(span.begin), max(self.x(span.end) - self.x(span.begin), 2.0)
            self.sheet.box(x, y + 8, wide, _BAR, data_step=row.step, class_=str(span.phase), **_LOOKS[span.phase])
            if span.phase is Phase.FAILED:
                self._cross(x, y + 8, min(wide, 26.0), _BAR)

    def _cross(self, x: float, y: float, wide: float, high: float) -> None:
        """A cross in a failed bar, for those who do not see its colour."""
        middle, size = (x + wide / 2, y + high / 2), min(wide, high) / 2 - 4
        if size < 2:
            return
        for way in (1, -1):
            path = f"M{middle[0] - size:.1f} {middle[1] - way * size:.1f}l{2 * size:.1f} {way * 2 * size:.1f}"
            self.sheet.path(path, stroke=ORANGE, stroke_width="2.5")

    def _axis(self, y: float) -> float:
        self.sheet.line([(self.left, y + 6), (self.right, y + 6)], stroke=INK)
        for at in _ticks(self.line.seconds):
            x = self.x(at)
            self.sheet.line([(x, y + 6), (x, y + 12)], stroke=INK)
            self.sheet.text(x, y + 27, clock(at), 13, fill=SOFT, text_anchor="middle")
        return y + 40

    def _marks(self, y: float) -> float:
        """Numbered dots where people or the run as a whole did something, and what it was below."""
        lanes: list[float] = []
        marks = _told(self.line.marks)
        for number, mark in enumerate(marks, start=1):
            x = self.x(mark.at)
            lane = next((at for at, taken in enumerate(lanes) if x - taken >= 24), len(lanes))
            lanes[lane : lane + 1] = [x]
            self.sheet.circle(x, y + 12 + lane * 24, 10, fill=INK)
            self.sheet.text(x, y + 17 + lane * 24, str(number), 13, bold=True, fill=PAPER, text_anchor="middle")
        y += 24 * len(lanes) + 18
        for number, mark in enumerate(marks, start=1):
            words = cut(f"{number} · {clock(mark.at)} · {mark.words}", _WIDE - 2 * _MARGIN, 15)
            self.sheet.text(_MARGIN, y, words, 15)
            y += 22
        return y - 14


def _told(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The first and the last ones where there are more than can be shown."""
    return marks if len(marks) <= 20 else (*marks[:12], *marks[-8:])


def _shown(rows: tuple[Row, ...], target: str) -> tuple[list[Row], int]:
    """The rows that fit: those that failed and the service asked for are the last to be left out."""
    if len(rows) <= MOST_ROWS:
        return list(rows), 0
    failed = [any(span.phase is Phase.FAILED for span in row.spans) for row in rows]
    ranked = sorted(range(len(rows)), key=lambda at: (rows[at].step != target, not failed[at], at))
    kept = set(ranked[:MOST_ROWS])
    return [row for at, row in enumerate(rows) if at in kept], len(rows) - MOST_ROWS


def _ticks(seconds: float) -> Iterator[float]:
    """Round moments, at most six."""
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
    step = next((step for step in steps if seconds / step <= 5), max(seconds / 5, 1.0))
    at = 0.0
    while at <= seconds:
        yield at
        at += step
