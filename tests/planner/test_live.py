"""Which version was live when: the step function says the same as going through the releases one by one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from planner.history import history_of
from planner.live import live_of
from planner.need import caret
from tests.planner.world import release, service

DAY = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.none() | st.integers(0, 6)


@given(st.lists(moments, min_size=1, max_size=6), st.booleans(), moments)
def test_the_need_is_that_of_the_newest_release_that_was_live_for_certain(times, listed, moment):
    made = service("a", *(release(f"{at + 1}.0.0", time) for at, time in enumerate(times)))
    history = history_of(made, f"{len(times)}.0.0" if listed else "99.0.0")
    asked = None if moment is None else release("1.0.0", moment).deployed_at
    before = [place for place, time in enumerate(history.times) if asked and time is not None and time <= asked]
    expected = None
    if before:
        after = before[-1] + 1
        if after == len(history.times) or history.times[after] is not None:
            expected = caret(history.version(before[-1]))
    assert live_of(history, caret).need(asked) == expected


def test_before_the_first_release_nothing_is_needed():
    history = history_of(service("a", release("1.0.0", 1)), "1.0.0")
    assert live_of(history, caret).need(DAY - timedelta(days=400)) is None
