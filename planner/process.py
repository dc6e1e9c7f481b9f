r"""The process chain of a plan: stop, start, verify of every service in wave order, and what follows when one fails.

    stop -> start -> verify -> the next service ... -> restored by this plan
      \-------\--------\-> decide -> retry (stop again) | undo | full plan | people
    undo -> people      full plan -> restored by the full plan | people      people -> restored by hand | not restored

A step is tried at most twice. The chain is the predictive one: what the first try taught is in the odds of the second, so its
probabilities are exact posterior means (Polya's urn), not those of plugged-in averages, which are too bright (Jensen).

Two approximations. Services are independent. The moves of a wave run side by side, at most `Rates.parallel` at once, but a
chain is in one state at a time: their states stand one after the other, and the clock of a wave's first tries is slowed so
that a wave without a failure takes the mean and the variance of its longest move (moves beyond the first `parallel` queue for
a free hand). A second try has no company, and its clock is true.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from planner.chain import Chain, Solution, State, solve
from planner.facts import NOTHING
from planner.longest import Clock, clock_of
from planner.names import ServiceName
from planner.rates import Choices, Odds, Part, PartRate, Rates, Span, StepRates

ENDS = ("restored by this plan", "restored by the full plan", "restored by hand", "not restored")
EXITS = ("next", "full", "undo", "hand")


@dataclass(frozen=True, slots=True)
class Escalation:
    """The full plan as one state: its own probability to go through, and its time, from its own chain."""

    success: float
    seconds: float
    variance: float
    down: float = 0.0
    hazards: float = 0.0


@dataclass(frozen=True, slots=True)
class Block:
    """The chain of one step, its solution (the ends are `EXITS`), expected seconds without service, and how often data is met."""

    chain: Chain
    solution: Solution
    down: float
    meets: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One step in its place: whose, in which wave, the hazards it crosses, how it goes, and how long undoing takes there."""

    service: ServiceName
    wave: int
    hazards: int
    block: Block
    undo_seconds: float
    undo_variance: float


@dataclass(frozen=True, slots=True)
class Process:
    """A plan as a sequence of blocks. `full` is `None` where there is no other plan to escalate to."""

    stages: tuple[Stage, ...]
    full: Escalation | None
    by_hand: PartRate
    planned: tuple[float, float]
    choices: Choices


def process_of(
    waves: Sequence[Sequence[ServiceName]],
    rates: Rates,
    *,
    hazards: Mapping[ServiceName, int] = NOTHING,
    full: Escalation | None = None,
) -> Process:
    """The process of a plan with these waves. `planned` is mean and variance of the time without any failure."""
    stages: list[Stage] = []
    mean = variance = 0.0
    for number, wave in enumerate(waves, start=1):
        clock = clock_of([rates.step(name) for name in wave], rates.parallel)
        mean, variance = mean + clock.mean, variance + clock.variance
        blocks: dict[int, Block] = {}
        for name in wave:
            step = rates.step(name)
            # By identity, because most steps of a large plan share one value, and hashing it costs more than all the rest.
            block = blocks.get(id(step))
            if block is None:
                block = _block(step, clock.slow_mean, clock.slow_variance, rates.choices, rates.decide, full is not None)
                blocks[id(step)] = block
            stages.append(Stage(name, number, hazards.get(name, 0), block, mean, variance))
    return Process(tuple(stages), full, rates.by_hand, (mean, variance), rates.choices)


def whole(process: Process) -> Chain:
    """The whole chain, state by state, for the table, for export and as a check of the short way in `planner.risk`."""
    states: list[State] = []
    steps: list[tuple[tuple[int, float], ...]] = []
    exits: list[tuple[tuple[int, float], ...]] = []
    size = sum(len(stage.block.chain.states) + 1 for stage in process.stages)
    full, hand = size, size + (process.full is not None)
    for stage in process.stages:
        first = len(states)
        undo = first + len(stage.block.chain.states)
        doors = {0: undo + 1, 1: full, 2: undo, 3: hand}
        for state, inner, out in zip(stage.block.chain.states, stage.block.chain.steps, stage.block.chain.exits, strict=True):
            name = f"{stage.service}: {state.name}"
            crossed = stage.hazards * state.hazards
            states.append(State(name=name, seconds=state.seconds, variance=state.variance, down=state.down, hazards=crossed))
            last = stage is process.stages[-1]
            ends = tuple((0, p) for to, p in out if to == 0 and last)
            onward = tuple((doors[to], p) for to, p in out if not (to == 0 and last))
            steps.append((*((first + to, p) for to, p in inner), *onward))
            exits.append(ends)
        states.append(State(name=f"{stage.service}: undo", seconds=stage.undo_seconds, variance=stage.undo_variance))
        steps.append(((hand, 1.0),))
        exits.append(())
    if process.full is not None:
        way = process.full
        states.append(State(name="full plan", seconds=way.seconds, variance=way.variance, down=way.down, hazards=way.hazards))
        steps.append(((hand, 1 - way.success),))
        exits.append(((1, way.success),))
    people = process.by_hand
    states.append(State(name="people", seconds=people.time.mean, variance=people.time.variance, down=people.time.mean))
    steps.append(())
    exits.append(((2, people.odds.mean), (3, 1 - people.odds.mean)))
    return Chain(states=tuple(states), steps=tuple(steps), exits=tuple(exits), ends=ENDS)


def attempt_moments(rates: StepRates, most: int) -> tuple[float, ...]:
    """E[q^n] for n up to `most`, q being the probability that one try of all parts works."""
    parts = [rate.odds for _, rate in rates.parts]
    return tuple(parts[0].moment(n) * parts[1].moment(n) * parts[2].moment(n) for n in range(most + 1))


@lru_cache(maxsize=4096)
def _block(rates: StepRates, slow_mean: float, slow_variance: float, choices: Choices, decide: Span, escalate: bool) -> Block:
    chain = _step_chain(rates, Clock(0.0, 0.0, slow_mean, slow_variance), choices, decide, escalate=escalate)
    solution = solve(chain)
    visited = list(zip(solution.visits, chain.states, strict=True))
    down = sum(visits * state.down for visits, state in visited)
    return Block(chain, solution, down, sum(visits * state.hazards for visits, state in visited))


def _step_chain(rates: StepRates, clock: Clock, choices: Choices, decide: Span, *, escalate: bool) -> Chain:
    """One step: three parts, a decision for each that can fail, three parts again for each, and a last decision."""
    states: list[State] = []
    steps: list[tuple[tuple[int, float], ...]] = []
    exits: list[tuple[tuple[int, float], ...]] = []
    last = 3 + 3 * 4
    parts, alone = rates.parts, Clock(0, 0, 1, 1)
    times = [(rate.time.mean, rate.time.variance) for _, rate in parts]
    long, spread = decide.mean, decide.variance
    for at, (part, rate) in enumerate(parts):
        states.append(_state(part.value, part, times[at], clock))
        _lead(steps, exits, rate.odds.mean, at + 1 if at < 2 else None, 3 + 4 * at)
    again = choices.shares(retry=True, escalate=escalate)
    for failed, (broken, _) in enumerate(parts):
        first = 3 + 4 * failed
        states.append(State(name=f"decide after {broken}", seconds=long, variance=spread, down=long))
        steps.append(((first + 1, again[0]),))
        exits.append(_decided(again))
        for at, (part, rate) in enumerate(parts):
            states.append(_state(f"retry of {broken}: {part}", part, times[at], alone, crossed=at > failed))
            _lead(steps, exits, _taught(rate.odds, at, failed), first + 2 + at if at < 2 else None, last)
    states.append(State(name="decide after retry", seconds=long, variance=spread, down=long))
    steps.append(())
    exits.append(_decided(choices.shares(retry=False, escalate=escalate)))
    return Chain(states=tuple(states), steps=tuple(steps), exits=tuple(exits), ends=EXITS)


def _state(name: str, part: Part, time: tuple[float, float], clock: Clock, *, crossed: bool = True) -> State:
    """A part at work. Its own service is down while it stops and starts; the old release meets the data when it starts."""
    mean, variance = time
    down = mean if part is not Part.VERIFY else 0.0
    meets = 1.0 if part is Part.START and crossed else 0.0
    return State(name=name, seconds=clock.slow_mean * mean, variance=clock.slow_variance * variance, down=down, hazards=meets)


def _taught(odds: Odds, at: int, failed: int) -> float:
    """The probability of a part after what a try that failed at one part taught about it."""
    if at > failed:
        return odds.mean
    return (odds.works + (at < failed)) / (odds.works + odds.fails + 1)


def _lead(
    steps: list[tuple[tuple[int, float], ...]],
    exits: list[tuple[tuple[int, float], ...]],
    works: float,
    onward: int | None,
    failed: int,
) -> None:
    if onward is None:
        steps.append(((failed, 1 - works),))
        exits.append(((0, works),))
    else:
        steps.append(((onward, works), (failed, 1 - works)))
        exits.append(())


def _decided(shares: tuple[float, float, float, float]) -> tuple[tuple[int, float], ...]:
    """Undo, full plan or people, as exits of the block."""
    _, undo, full, hand = shares
    return tuple((to, share) for to, share in ((1, full), (2, undo), (3, hand)) if share)
