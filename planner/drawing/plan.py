"""A plan as a picture: columns are waves, boxes are services with now and then, arrows say who must move before whom.

Narrow enough for a phone: three waves stand side by side, the next three below them. Colour never says anything alone.
"""

from dataclasses import dataclass

from planner.drawing.folding import Column, Folded, folded
from planner.drawing.ink import BLUE, INK, ORANGE, PAPER, SKY, SOFT, Sheet, cut, wrap
from planner.drawing.lanes import STEP, Lanes, Spot
from planner.plan import Move, Plan

ACROSS = 3
_BOX, _PAD, _FRAME = 186.0, 11.0, 7.0
_NAME, _VERSION, _TAG, _HEAD = 16.0, 15.0, 13.0, 15.0
_GAP, _MARGIN, _GUTTER = 14.0, 16.0, 18.0
_ALT = 950
_JOG = 10.0
_STAYS, _STAYS_LINE = "#f4f5f6", "#b8bfc6"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in a box."""

    words: str
    size: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A box before it has a place."""

    id: str
    lines: tuple[Line, ...]
    kind: str
    group: str | None = None

    @property
    def high(self) -> float:
        """Its height."""
        return 2 * _PAD - 3 + sum(line.size * 1.3 for line in self.lines)


@dataclass(frozen=True, slots=True)
class Placed:
    """A box in its place."""

    box: Box
    spot: Spot
    x: float
    y: float


def plan_svg(plan: Plan) -> str:
    """The picture as SVG. Never shows more than a phone can: what is too much is folded into counts."""
    return _Drawing(plan).svg()


def plan_words(plan: Plan) -> str:
    """What the picture says, for those who cannot see it: the waves in words, cut where Slack would."""
    target = plan.target
    text = f"Plan: roll back {target.service} from {target.from_version} to {target.to_version}."
    for number in range(1, len(plan.waves) + 1):
        moves = [f"{move.service} {move.from_version} to {move.to_version}" for move in plan.moves if move.wave == number]
        text += f" Wave {number}: {', '.join(moves)}."
    return text if len(text) <= _ALT else text[: _ALT - 1] + "…"


class _Drawing:
    """Works the places out, then draws. One for each picture."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.folded: Folded = folded(plan)
        self.columns = min(len(self.folded.columns), ACROSS)
        self.lanes = Lanes(self.columns)
        self.spots: dict[str, Spot] = {}
        for at, column in enumerate(self.folded.columns):
            self.spots.update({move.service: (at // ACROSS, at % ACROSS) for move in column.moves})
        self.edges = [edge for edge in plan.order if edge.before in self.spots and edge.after in self.spots]
        for edge in self.edges:
            self.lanes.reserve(self.spots[edge.before], self.spots[edge.after], edge.after)
        self.lefts = self._lefts()
        self.placed: dict[str, Placed] = {}
        self.lane_tops: dict[int, float] = {}

    def _lefts(self) -> list[float]:
        """The left side of each column's boxes, and of what would be the next column."""
        lefts, x = [], _MARGIN
        for column in range(self.columns + 1):
            tracks = self.lanes.gutter(column).many
            # Left of the first column and right of the last there is a gutter only where edges need one.
            x += _GUTTER + tracks * STEP if tracks or 0 < column < self.columns else 0.0
            lefts.append(x + _FRAME)
            x += _BOX + 2 * _FRAME
        return lefts

    @property
    def wide(self) -> float:
        """The picture's width."""
        right = self.lefts[self.columns] - _FRAME + _MARGIN
        return max(right, 470.0)

    def svg(self) -> str:
        """Everything, from top to bottom."""
        title = f"Roll back {self.plan.target.service}"
        body = Sheet(self.wide, title=title, words=plan_words(self.plan))
        y = self._heading(body)
        bands = [self.folded.columns[at : at + ACROSS] for at in range(0, len(self.folded.columns), ACROSS)]
        for number, band in enumerate(bands):
            bottom = max(self._column(body, (number, at), column, y) for at, column in enumerate(band))
            self.lane_tops[number] = bottom + 6
            y = bottom + 18 + self.lanes.lane(number).many * STEP
        for edge in self.edges:
            body.line(self._way(edge.before, edge.after), title=f"{edge.before} before {edge.after}: {edge.because}", arrow=True)
        y = self._staying(body, y)
        return body.done(y + _MARGIN - 4)

    def _heading(self, sheet: Sheet) -> float:
        target, room, y = self.plan.target, self.wide - 2 * _MARGIN, _MARGIN + 18
        for words in wrap(f"Roll back {target.service}", room, 20, bold=True):
            sheet.text(_MARGIN, y, words, 20, bold=True)
            y += 25
        many, waves = len(self.plan.moves), len(self.plan.waves)
        facts = (
            f"{target.from_version} → {target.to_version}",
            f"{self.plan.strategy} plan: {_count(many, 'service')} in {_count(waves, 'wave')}",
        )
        for fact in facts:
            for words in wrap(fact, room, _HEAD, most=2):
                sheet.text(_MARGIN, y, words, _HEAD, fill=SOFT)
                y += 20
        return y + 4

    def _column(self, sheet: Sheet, spot: Spot, column: Column, y: float) -> float:
        """Draws one column and says where it ends."""
        x = self.lefts[spot[1]]
        name = f"Wave {column.first}" if column.first == column.last else f"Waves {column.first} to {column.last}"
        sheet.text(x, y + 16, name, _HEAD, bold=True)
        sheet.text(x, y + 34, _count(column.count, "service"), _TAG, fill=SOFT)
        y += 44
        boxes = [self._box(move) for move in column.moves]
        if column.more:
            boxes.append(_fold(column))
        at = 0
        while at < len(boxes):
            group = boxes[at].group
            end = at + 1
            while group is not None and end < len(boxes) and boxes[end].group == group:
                end += 1
            y = (
                self._together(sheet, boxes[at:end], spot, x, y)
                if group is not None
                else self._single(sheet, boxes[at], spot, x, y)
            )
            at = end
        return y - _GAP

    def _single(self, sheet: Sheet, box: Box, spot: Spot, x: float, y: float) -> float:
        self.placed[box.id] = Placed(box, spot, x, y)
        _draw(sheet, box, x, y, _BOX)
        return y + box.high + _GAP

    def _together(self, sheet: Sheet, boxes: list[Box], spot: Spot, x: float, y: float) -> float:
        """A lockstep group in its frame."""
        high = 26 + sum(box.high + _GAP for box in boxes) - _GAP + _FRAME
        look = {"fill": "none", "stroke": INK, "stroke_width": "1.5", "stroke_dasharray": "6 4", "rx": "8", "class_": "frame"}
        sheet.box(x - _FRAME, y, _BOX + 2 * _FRAME, high, **look)
        hidden = sum(move.group == boxes[0].group for move in self.plan.moves) - len(boxes)
        words = f"in one step, with {hidden} more" if hidden else "all in one step"
        sheet.text(x, y + 18, cut(words, _BOX, _TAG, bold=True), _TAG, bold=True)
        y += 26
        for box in boxes:
            y = self._single(sheet, box, spot, x, y)
        return y - _GAP + _FRAME + _GAP

    def _box(self, move: Move) -> Box:
        room, target = _BOX - 2 * _PAD, move.service == self.plan.target.service
        lines = [Line(words, _NAME, bold=True) for words in wrap(move.service, room, _NAME, bold=True)]
        both = f"{move.from_version} → {move.to_version}"
        if len(wrap(both, room, _VERSION)) == 1:
            lines.append(Line(both, _VERSION))
        else:
            lines += [
                Line(cut(move.from_version, room, _VERSION), _VERSION),
                Line(cut(f"→ {move.to_version}", room, _VERSION), _VERSION),
            ]
        hazards = [hazard for hazard in self.plan.hazards if hazard.service == move.service]
        if target:
            lines.append(Line("asked for", _TAG))
        if hazards:
            lines.append(Line("⚠ can lose data", _TAG, bold=True))
        kind = "risky" if hazards else "target" if target else "move"
        return Box(move.service, tuple(lines), kind, move.group)

    def _way(self, before: str, after: str) -> list[tuple[float, float]]:
        """The corners of an edge."""
        start, end = self.placed[before], self.placed[after]
        y, goal = self._port(start, out=True), self._port(end, out=False)
        corridors = self.lanes.corridors(start.spot, end.spot)
        if len(corridors) == 1 and abs(y - goal) < _JOG:
            # A step this small looks like a mistake; both boxes are high enough for a straight line.
            y = goal
        points = [(start.x + _BOX, y)]
        for kind, at in corridors:
            if kind == "gutter":
                x = self.lefts[at] - _FRAME - 9 - (self.lanes.gutter(at).track(after)) * STEP
                points += [(x, y)]
            else:
                y = self.lane_tops[at] + 4 + self.lanes.lane(at).track(after) * STEP
                points += [(points[-1][0], y)]
        points.append((points[-1][0], goal))
        points.append((end.x, goal))
        return [point for at, point in enumerate(points) if at == 0 or point != points[at - 1]]

    def _port(self, placed: Placed, *, out: bool) -> float:
        """Where edges leave a box, and, a little above, where they come in."""
        return placed.y + placed.box.high * (0.62 if out else 0.38)

    def _staying(self, sheet: Sheet, y: float) -> float:
        """The services that were weighed and stay, faded, in rows across the whole width."""
        if not self.folded.staying and not self.folded.more_staying:
            return y
        sheet.text(_MARGIN, y + 16, "Stay as they are", _HEAD, bold=True, fill=SOFT)
        y += 28
        names = [(str(name), str(self.plan.facts[name])) for name in self.folded.staying]
        if self.folded.more_staying:
            names.append((f"+{self.folded.more_staying} more", "stay too"))
        across = max(int((self.wide - 2 * _MARGIN + 12) // 182), 1)
        wide = (self.wide - 2 * _MARGIN - 12 * (across - 1)) / across
        for first in range(0, len(names), across):
            boxes = [_stay(name, version, wide) for name, version in names[first : first + across]]
            for at, box in enumerate(boxes):
                _draw(sheet, box, _MARGIN + at * (wide + 12), y, wide)
            y += max(box.high for box in boxes) + 10
        return y


def _stay(name: str, version: str, wide: float) -> Box:
    room = wide - 2 * _PAD
    lines = [Line(words, 14) for words in wrap(name, room, 14, most=2)]
    return Box(f"stays:{name}", (*lines, Line(cut(version, room, _TAG), _TAG)), "stays")


def _fold(column: Column) -> Box:
    if column.moves:
        lines = (Line(f"+{column.more} more", _NAME, bold=True), Line("in this wave", _VERSION))
    else:
        waves = column.last - column.first + 1
        lines = (Line(f"+{column.more} services", _NAME, bold=True), Line(f"in {waves} waves", _VERSION))
    return Box(f"fold:{column.first}", lines, "fold")


_LOOKS = {
    "move": {"fill": SKY, "stroke": BLUE, "stroke_width": "1.6"},
    "target": {"fill": BLUE, "stroke": BLUE, "stroke_width": "1.6"},
    "risky": {"fill": "#fdf0e6", "stroke": ORANGE, "stroke_width": "3"},
    "stays": {"fill": _STAYS, "stroke": _STAYS_LINE, "stroke_width": "1", "stroke_dasharray": "3 3"},
    "fold": {"fill": PAPER, "stroke": SOFT, "stroke_width": "1.6", "stroke_dasharray": "2 4"},
}
_FILLS = {"target": PAPER, "stays": SOFT}


def _draw(sheet: Sheet, box: Box, x: float, y: float, wide: float) -> None:
    sheet.box(x, y, wide, box.high, rx="6", class_=f"box {box.kind}", data_box=box.id, **_LOOKS[box.kind])
    base = y + _PAD - 3
    for line in box.lines:
        base += line.size * 1.3
        fill = _FILLS.get(box.kind, INK)
        sheet.text(x + _PAD, base - line.size * 0.25, line.words, line.size, bold=line.bold, fill=fill, data_in=box.id)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
