"""The run's picture, looked at by program."""

import pytest

from planner.drawing.run import clock, run_svg, run_words
from planner.timeline import timeline
from tests.making import SHOP
from tests.planner.drawing.plans import drawn
from tests.planner.drawing.runs import Story, finished, undone
from tests.planner.drawing.seen import faults, look

RUNS = {
    "finished": finished(SHOP),
    "retried": finished(drawn(12, 4), failing=3),
    "undone": undone(drawn(5, 3)),
    "large": finished(drawn(60, 7), failing=30),
    "waiting": Story(SHOP).entries,
}


@pytest.mark.parametrize("name", RUNS)
def test_nothing_leaves_its_place(name):
    seen = look(run_svg(timeline("r1", RUNS[name])))
    assert not faults(seen)


@pytest.mark.parametrize("name", RUNS)
def test_no_two_texts_lie_on_one_another(name):
    texts = look(run_svg(timeline("r1", RUNS[name]))).texts
    for at, (_, x, base, right, size, words) in enumerate(texts):
        for _, x2, base2, right2, size2, words2 in texts[at + 1 :]:
            apart = (
                right <= x2
                or right2 <= x
                or base + size * 0.2 <= base2 - size2 * 0.75
                or base2 + size2 * 0.2 <= base - size * 0.75
            )
            assert apart, (words, words2)


def test_every_phase_and_mark_has_a_word():
    text = run_svg(timeline("r1", RUNS["retried"]))
    for words in ("waiting", "executing", "verifying", "failed", "Raj approved", "Ana: retry", "ended: finished", "Wave 1"):
        assert words in text


def test_large_runs_are_folded_and_failures_kept():
    seen = look(run_svg(timeline("r1", RUNS["large"])))
    assert any("more steps" in words for *_, words in seen.texts)


def test_alternative_text():
    words = run_words(timeline("r1", RUNS["finished"]))
    assert "order-service: verified" in words
    assert len(run_words(timeline("r1", RUNS["large"]))) <= 1000


def test_clocks():
    assert [clock(at) for at in (0, 9.94, 61, 3599.6, 3725)] == ["0.0 s", "9.9 s", "1:01 min", "60:00 min", "1:02 h"]
