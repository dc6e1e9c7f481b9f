"""Durations are read as people write them, and nothing else passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.durations import parse_duration, say_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("10s", 10.0),
        ("5m", 300.0),
        ("2h", 7200.0),
        ("1h30m", 5400.0),
        ("0s", 0.0),
        ("1.5s", 1.5),
        ("1d", 86400.0),
    ],
)
def test_a_duration_is_read(text: str, seconds: float):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "s", "-5s", "10 s", "5min", "1e3s", 5, None, True, "٣s"])
def test_anything_else_is_refused_in_words(text: object):
    with pytest.raises(ValueError, match="500ms, 10s, 5m or 2h"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**6), st.sampled_from(["ms", "s", "m", "h"]))
def test_every_number_with_a_unit_is_a_duration(number: int, unit: str):
    assert parse_duration(f"{number}{unit}") >= 0


def test_short_times_are_said_in_milliseconds():
    assert (say_duration(0.25), say_duration(90.0)) == ("250 ms", "90 s")
