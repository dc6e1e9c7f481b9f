"""Absorbing chains against textbook answers and against plain linear algebra in fractions."""

import random
from fractions import Fraction

import pytest

from planner.beta import below, between, quantile
from planner.chain import Chain, State, solve, visits


def chain(steps, exits, seconds=None, ends=("good", "bad")):
    states = tuple(State(name=f"s{at}", seconds=(seconds or [1.0] * len(steps))[at]) for at in range(len(steps)))
    return Chain(states=states, steps=tuple(map(tuple, steps)), exits=tuple(map(tuple, exits)), ends=ends)


def test_the_gambler():
    """Fair coin, from 1 of 4 to 0 or 4: a quarter gets there, and it takes 3 tosses."""
    game = chain([[(1, 0.5)], [(0, 0.5), (2, 0.5)], [(1, 0.5)]], [[(1, 0.5)], [], [(0, 0.5)]])
    solved = solve(game)
    assert solved.ends == pytest.approx((0.25, 0.75))
    assert solved.time == pytest.approx(3)
    assert solved.visits == pytest.approx((1.5, 1.0, 0.5))


def test_a_try_until_it_works_is_geometric():
    solved = solve(chain([[(0, 0.75)]], [[(0, 0.25)]], ends=("good",)))
    assert solved.time == pytest.approx(4)
    assert sum(solved.squares) - solved.time**2 == pytest.approx(12)


def test_a_state_that_never_ends_is_an_error():
    with pytest.raises(ValueError, match="never ends"):
        solve(chain([[(1, 1.0)], [(0, 1.0)]], [[], []]))


def exact(game: Chain) -> tuple[list[Fraction], Fraction]:
    """Ends and time from the first state, by Gauss and Jordan in fractions."""
    size = len(game.states)
    rows = []
    for at in range(size):
        row = [Fraction(int(at == to)) for to in range(size)]
        for to, p in game.steps[at]:
            row[to] -= Fraction(p)
        rights = [sum((Fraction(p) for to, p in game.exits[at] if to == end), Fraction(0)) for end in range(len(game.ends))]
        rows.append([*row, *rights, Fraction(game.states[at].seconds)])
    for at in range(size):
        pivot = next(row for row in range(at, size) if rows[row][at])
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [entry / rows[at][at] for entry in rows[at]]
        for other in range(size):
            if other != at and rows[other][at]:
                factor = rows[other][at]
                rows[other] = [mine - factor * its for mine, its in zip(rows[other], rows[at], strict=True)]
    return rows[0][size:-1], rows[0][-1]


def random_chain(chance: random.Random) -> Chain:
    size, steps, exits = chance.randint(1, 9), [], []
    for _ in range(size):
        weights = {to: chance.random() for to in chance.sample(range(size), chance.randint(0, size))}
        out = [chance.random() + 0.05, chance.random() + 0.05]
        whole = sum(weights.values()) + sum(out)
        steps.append([(to, weight / whole) for to, weight in weights.items()])
        exits.append([(end, weight / whole) for end, weight in enumerate(out)])
    return chain(steps, exits, [chance.uniform(0, 100) for _ in range(size)])


def test_random_chains_with_loops_agree_with_fractions():
    chance = random.Random(3)
    for _ in range(60):
        game = random_chain(chance)
        solved, (ends, time) = solve(game), exact(game)
        assert solved.ends == pytest.approx([float(end) for end in ends], abs=1e-12)
        assert solved.time == pytest.approx(float(time), rel=1e-12)
        counted = sum(count * state.seconds for count, state in zip(visits(game), game.states, strict=True))
        assert counted == pytest.approx(solved.time, rel=1e-10)


def test_beta_quantiles():
    assert quantile(1, 1, 0.3) == pytest.approx(0.3, abs=1e-8)
    assert quantile(2, 1, 0.25) == pytest.approx(0.5, abs=1e-8)
    assert below(5, 3, 0.5) == pytest.approx(29 / 128, abs=1e-12)
    assert between(1.0, 1.0, 0.05, 0.95) == (1.0, 1.0)
    assert between(0.5, 0.5, 0.05, 0.95) == (0.0, 1.0)
