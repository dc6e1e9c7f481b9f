"""Words as Slack and phones really send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.words import Unclosed, plain, split


def texts(raw: str) -> list[str]:
    return [word.text for word in split(raw)]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("order-service to 1.4.2", ["order-service", "to", "1.4.2"]),
        ("order-service\u00a0to\u202f1.4.2", ["order-service", "to", "1.4.2"]),
        ("  order-service\n", ["order-service"]),
        ('x --reason "two words"', ["x", "--reason", "two words"]),
        ("x --reason “two words”", ["x", "--reason", "two words"]),
        ("x —reason „two words“", ["x", "--reason", "two words"]),
        ("x –dry-run", ["x", "--dry-run"]),
        ('x --reason="two words" y', ["x", "--reason=two words", "y"]),
        ("x --reason 'two words'", ["x", "--reason", "two words"]),
        ("it's broken", ["it's", "broken"]),
        ("<#C1|order-service> to 1.0", ["order-service", "to", "1.0"]),
        ("ask <@U1|ana> or <!subteam^S1|@sre>", ["ask", "@ana", "or", "@sre"]),
        ("<http://order.example|order.example>", ["order.example"]),
        ("a &lt;b&gt; &amp;amp; c", ["a", "<b>", "&amp;", "c"]),
        ("or\u200bder\u202e-service", ["order-service"]),
        ("\x00order\x07", ["order"]),
        ('""', [""]),
    ],
)
def test_words_become_plain(raw: str, words: list[str]):
    assert texts(raw) == words


def test_a_broadcast_becomes_harmless_text():
    assert plain("<!channel> <!here|here>") == "@channel @here"


def test_an_unclosed_quote_is_no_guess():
    with pytest.raises(Unclosed):
        split('x --reason "half of it --dry-run')


@given(st.text(max_size=200))
def test_any_text_at_all_is_split_or_refused(raw: str):
    try:
        words = split(raw)
    except Unclosed:
        return
    assert all("\u00a0" not in word.text for word in words if not word.quoted)


@given(st.lists(st.from_regex(r"[a-z0-9.][a-z0-9.-]{0,10}", fullmatch=True), max_size=6))
def test_plain_words_come_back_as_they_are(words: list[str]):
    assert texts(" ".join(words)) == words
