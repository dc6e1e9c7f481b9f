"""Pictures for every kind of eye: words stand out from what is behind them, and what differs in colour differs without it."""

from itertools import combinations

import pytest

from planner.drawing.ink import INK, PAPER, SOFT
from planner.drawing.plan import _FILLS, _LOOKS
from planner.drawing.run import _LOOKS as PHASES

EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green cones": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue cones": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "no cones": ((0.2126, 0.7152, 0.0722),) * 3,
}
"""Linear RGB as seen by others (Machado, Oliveira and Fernandes, IEEE Transactions on Visualization and Graphics, 2009)."""


def linear(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def seen(colour, eye):
    rgb = linear(colour)
    return [min(max(sum(w * c for w, c in zip(row, rgb, strict=True)), 0.0), 1.0) for row in EYES[eye]]


def light(rgb):
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True))


def contrast(one, other):
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("kind", _LOOKS)
def test_words_stand_out_from_their_box(kind, eye):
    """4.5 to 1 is what WCAG 2.1 asks of text (AA)."""
    assert contrast(seen(_FILLS.get(kind, INK), eye), seen(_LOOKS[kind]["fill"], eye)) >= 4.5
    assert contrast(seen(SOFT, eye), seen(PAPER, eye)) >= 4.5


@pytest.mark.parametrize("looks", [_LOOKS, PHASES], ids=["plan", "run"])
def test_what_differs_in_colour_differs_without_it(looks):
    """Any two kinds differ for an eye without cones: by light, by the width of the border, or by its pattern."""
    for one, other in combinations(looks.values(), 2):
        fills = contrast(seen(one["fill"], "no cones"), seen(other["fill"], "no cones"))
        assert fills > 1.5 or any(one.get(key) != other.get(key) for key in ("stroke_width", "stroke_dasharray"))
