"""What of a plan is drawn when it is too large for one picture: at most so many boxes and waves, the rest as counts."""

from collections.abc import Iterator
from dataclasses import dataclass

from planner.names import ServiceName
from planner.plan import Move, Plan

MOST_BOXES = 40
MOST_WAVES = 12
MOST_STAYING = 12


@dataclass(frozen=True, slots=True)
class Column:
    """One wave, or several folded into one: its heading, the moves drawn, and how many more there are."""

    first: int
    last: int
    moves: tuple[Move, ...]
    more: int

    @property
    def count(self) -> int:
        """Services in it."""
        return len(self.moves) + self.more


@dataclass(frozen=True, slots=True)
class Folded:
    """What is drawn: columns, services that stay although their needs were weighed, and how many more of those."""

    columns: tuple[Column, ...]
    staying: tuple[ServiceName, ...]
    more_staying: int


def folded(plan: Plan) -> Folded:
    """The plan, folded where it must be. The service asked for and hazards are the last to be folded away."""
    waves = [tuple(move for move in plan.moves if move.wave == number) for number in range(1, len(plan.waves) + 1)]
    columns = tuple(_columns(plan, waves))
    drawn = sum(len(column.moves) for column in columns)
    others = sorted(set(plan.facts) - {move.service for move in plan.moves})
    room = min(MOST_STAYING, max(MOST_BOXES - drawn, 3))
    shown = others if len(others) <= room else others[: room - 1]
    return Folded(columns, tuple(shown), len(others) - len(shown))


def _columns(plan: Plan, waves: list[tuple[Move, ...]]) -> Iterator[Column]:
    whole = len(waves) <= MOST_WAVES
    head = len(waves) if whole else MOST_WAVES - 4
    tail = len(waves) if whole else len(waves) - 3
    middle = waves[head:tail]
    kept = waves[:head] + ([] if whole else waves[tail:])
    room = _rooms([len(wave) for wave in kept])
    for number, wave in enumerate(waves[:head], start=1):
        yield _column(plan, number, wave, room[number - 1])
    if middle:
        yield Column(head + 1, tail, (), sum(map(len, middle)))
        for at, wave in enumerate(waves[tail:]):
            yield _column(plan, tail + 1 + at, wave, room[head + at])


def _column(plan: Plan, number: int, wave: tuple[Move, ...], room: int) -> Column:
    if len(wave) <= room:
        return Column(number, number, wave, 0)
    risky = {hazard.service for hazard in plan.hazards}
    group = next((move.group for move in wave if move.service == plan.target.service and move.group), "")
    tied = {edge.before for edge in plan.order} | {edge.after for edge in plan.order}
    ranked = sorted(
        range(len(wave)),
        key=lambda at: (
            wave[at].service != plan.target.service,
            wave[at].group != group,
            wave[at].service not in risky,
            wave[at].service not in tied,
            wave[at].group or "",
            at,
        ),
    )
    chosen = set(ranked[: max(room, 1)])
    return Column(number, number, tuple(move for at, move in enumerate(wave) if at in chosen), len(wave) - len(chosen))


def _rooms(sizes: list[int]) -> list[int]:
    """How many boxes each wave may have: small waves whole, large ones an equal share of what is left."""
    rooms, left = [0] * len(sizes), MOST_BOXES
    waiting = sorted(range(len(sizes)), key=lambda at: sizes[at])
    while waiting:
        share = max(left // len(waiting), 1)
        at = waiting.pop(0)
        rooms[at] = min(sizes[at], share)
        left = max(left - rooms[at], 0)
    return rooms
