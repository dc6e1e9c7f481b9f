"""Ways for edges that never touch a box: gutters beside the columns, lanes between the bands.

A picture has bands of columns. An edge leaves its box to the right into the gutter there, and enters the other box from the
gutter to its left; in between it keeps to gutters and lanes. Edges into the same box share a track, as roads do.
"""

from dataclasses import dataclass, field

STEP = 7.0
MOST_TRACKS = 7

Spot = tuple[int, int]
"""A band and a column in it."""


@dataclass(slots=True)
class Corridor:
    """The tracks of one gutter or lane, handed out as destinations come."""

    tracks: dict[str, int] = field(default_factory=dict)

    def track(self, to: str) -> int:
        """The track for edges to that box."""
        return self.tracks.setdefault(to, len(self.tracks) % MOST_TRACKS)

    @property
    def many(self) -> int:
        """How many tracks there are side by side."""
        return min(len(self.tracks), MOST_TRACKS)


@dataclass(slots=True)
class Lanes:
    """All corridors: gutters by column (the k-th is left of column k, the last at the right edge), lanes by the band above them.

    A gutter belongs to all bands at once, so that columns stand below one another.
    """

    columns: int
    gutters: dict[int, Corridor] = field(default_factory=dict)
    lanes: dict[int, Corridor] = field(default_factory=dict)

    def gutter(self, column: int) -> Corridor:
        """The gutter to the left of that column."""
        return self.gutters.setdefault(column, Corridor())

    def lane(self, band: int) -> Corridor:
        """The lane below that band."""
        return self.lanes.setdefault(band, Corridor())

    def reserve(self, start: Spot, end: Spot, to: str) -> None:
        """Make room for an edge from one place to another."""
        for kind, at in self._way(start, end):
            (self.gutter(at) if kind == "gutter" else self.lane(at)).track(to)

    def _way(self, start: Spot, end: Spot) -> list[tuple[str, int]]:
        """The corridors that the edge uses, in order."""
        first = ("gutter", start[1] + 1)
        if start[0] == end[0] and end[1] == start[1] + 1:
            return [first]
        way = [first, ("lane", start[0])]
        if end[0] not in (start[0], start[0] + 1):
            way += [("gutter", self.columns), ("lane", end[0] - 1)]
        return [*way, ("gutter", end[1])]

    def corridors(self, start: Spot, end: Spot) -> list[tuple[str, int]]:
        """The same, for drawing."""
        return self._way(start, end)
