"""Ranges: what they hold, what they refuse and how, and that they behave as the sets they are."""

from itertools import product

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from planner.ranges import Range, RangeError, parse_version
from planner.ranges_grammar import MAX_TEXT, branches
from planner.ranges_sets import FIRST, release_at_or_above, successor, text_of
from tests.planner.range_texts import MAX

HOLDS = [
    ("^1.2", "1.9.0", True),
    ("^1.2", "2.0.0", False),
    ("^0.2.3", "0.3.0", False),
    ("^0.0.3", "0.0.4", False),
    ("~1.2.3", "1.2.9", True),
    ("~>1.2", "1.3.0", False),
    ("1.x", "1.0.0", True),
    (">=2.1 <3", "2.1.0", True),
    (">=2.1 <3", "3.0.0", False),
    ("1.2 - 2.3", "2.3.9", True),
    ("^1 || ^3", "2.0.0", False),
    ("", "7.0.0", True),
    ("*", "1.0.0-rc.1", False),
    (">=1.0.0-rc.1 <3", "1.0.0-rc.2", True),
    (">=1.0.0-rc.1 <3", "2.0.0-rc.1", False),
    ("^1.2.3", "2.0.0-rc.1", False),
    ("1.2.3", "v1.2.3+build.7", True),
    ("*", "latest", False),
    ("*", "1.2", False),
]


@pytest.mark.parametrize(("text", "version", "held"), HOLDS)
def test_a_range_holds_what_it_says(text, version, held):
    assert Range.parse(text).contains(version) is held


def test_prereleases_are_ordinary_versions_where_asked():
    assert Range.parse("*").contains("1.0.0-rc.1", include_prerelease=True)
    assert Range.parse("^1.2").contains("1.2.0-alpha", include_prerelease=True)
    assert not Range.parse("^1.2.0").contains("1.2.0-alpha", include_prerelease=True)
    assert not Range.parse("^1").contains("2.0.0-alpha", include_prerelease=True)


def test_a_bound_too_large_for_the_other_reading_holds_nothing_there():
    wanted = Range.parse(f"1.0.0 - 1.2.{MAX}")
    assert wanted.contains("1.1.0")
    assert not wanted.contains("1.1.0", include_prerelease=True)


@pytest.mark.parametrize(
    ("text", "dialect", "instead"),
    [
        ("[1.0,2.0)", "Maven", "'>=1.0 <2.0'"),
        ("(,1.0],[1.2,)", "Maven", "'<=1.0 || >=1.2'"),
        ("[1.5]", "Maven", "'1.5'"),
        ("~=1.4.2", "PEP 440", "'>=1.4.2 <1.5'"),
        ("~=1.4", "PEP 440", "'>=1.4.0 <2'"),
        ("==1.2.*", "PEP 440", "'1.2.x'"),
        ("==1.2.3", "PEP 440", "'1.2.3'"),
        (">=1, !=1.3", "PEP 440", "'>=1 <1.3 || >=1 >1.3'"),
        ("1.0rc1", "PEP 440", "^1.2"),
        (">=1.2,<2", "comma", "'>=1.2 <2'"),
        (">= 1.0, ~> 1.2", "Ruby", "'>= 1.0 ~> 1.2'"),
        ("'>= 1.0'", "quotes", "'>= 1.0'"),
        ("=>1.2", "wrong way round", "'>=1.2'"),
        ("1 | 2", "another way", "'1 || 2'"),
        (">=1 && <2", "word", "'>=1 <2'"),
        ("latest", "no version range", "^1.2"),
    ],
)
def test_other_dialects_are_refused_by_name_with_npms_way_to_write_it(text, dialect, instead):
    with pytest.raises(RangeError) as refused:
        Range.parse(text)
    assert isinstance(refused.value, ValueError)
    assert dialect in str(refused.value)
    assert instead in str(refused.value)


@pytest.mark.parametrize("text", ["1.2.3-" + "a" * 251, f"{MAX + 1}.0.0", f"^{MAX}", "1" * 400, "1||" * (MAX_TEXT // 3 + 1)])
def test_limits(text):
    with pytest.raises(RangeError):
        Range.parse(text)


def test_many_blanks_and_other_runs_cost_no_more_than_reading_them():
    # Each of these takes minutes in a grammar that backtracks; the test's own limit is the judge.
    assert Range.parse(">=1" + " " * 1_000_000 + "<2").contains("1.5.0")
    for text in (
        "=" * 65_000,
        "v=" * 32_000,
        "1.2.3-" + "a." * 32_000,
        "~" * 65_000,
        "> " * 32_000,
        "1 - " * 16_000,
        "+" * 65_000,
    ):
        with pytest.raises(RangeError):
            Range.parse(text)


def test_the_same_text_gives_the_same_range_and_equal_meaning_is_equal():
    assert Range.parse("^1.2") is Range.parse("^1.2")
    assert Range.parse("^1.2") == Range.parse(">=1.2 <2") == Range.parse("1.2 - 1")
    assert len({Range.parse("1.x"), Range.parse("^1"), Range.parse("~1")}) == 1
    assert Range.parse("^1.2") != Range.parse("^1.3")
    assert Range.parse("  ^1.2").text == "  ^1.2"
    assert str(Range.parse("  ^1.2")) == ">=1.2.0 <2.0.0-0"


def test_intersection_emptiness_and_subset_in_plain_cases():
    def both(left: str, right: str) -> Range:
        return Range.parse(left).intersection(Range.parse(right))

    assert str(both(">=1.2", "<2")) == ">=1.2.0 <2.0.0-0"
    assert str(both("^1 || ^3", ">=1.5 <=3.2")) == ">=1.5.0 <2.0.0-0 || >=3.0.0 <3.3.0-0"
    assert both("^1", "^2").is_empty()
    assert str(both("^1", "^2")) == "<0.0.0-0"
    assert both("1.2.3", "*").contains("1.2.3")
    assert Range.parse(">1.2.3 <1.2.4").is_empty()
    assert not Range.parse("1.0.0-rc.1").is_empty()
    assert Range.parse("^1.2.3").is_subset(Range.parse("^1"))
    assert not Range.parse("^1").is_subset(Range.parse("^1.2.3"))
    assert Range.parse("<0").is_subset(Range.parse("^9"))
    assert not Range.parse(">=1.0.0-rc.1").is_subset(Range.parse(">=0.9"))


def test_versions_are_read_as_npm_reads_them():
    assert parse_version(" v1.2.3-rc.1+b.2 ") == semver.Version(1, 2, 3, "rc.1", "b.2")
    assert parse_version("1.2.3-a-b") == semver.Version(1, 2, 3, "a-b")
    for text in ("1.2", "=1.2.3", "01.2.3", "1.2.3-01", f"{MAX + 1}.0.0", "1.2.3-" + "a" * 251, "", "latest"):
        assert parse_version(text) is None


NUMBERS = st.sampled_from([0, 0, 1, 1, 2, 3, MAX])
TAILS = st.sampled_from(["", "", "-0", "-a", "-a.1", "-b", "-1"])
VERSIONS = st.builds(lambda a, b, c, tail: f"{a}.{b}.{c}{tail}", NUMBERS, NUMBERS, NUMBERS, TAILS)
PARTIALS = st.one_of(VERSIONS, st.builds(lambda a, b: f"{a}.{b}", NUMBERS, NUMBERS), st.sampled_from(["*", "1", "2.x", "0"]))
COMPARATORS = st.builds(lambda op, version: op + version, st.sampled_from(["", "^", "~", ">", ">=", "<", "<="]), PARTIALS)
BRANCHES = st.one_of(
    st.lists(COMPARATORS, min_size=1, max_size=3).map(" ".join), st.builds(lambda a, b: f"{a} - {b}", PARTIALS, PARTIALS)
)


def _is_range(text: str) -> bool:
    try:
        Range.parse(text)
    except RangeError:
        return False
    return True


RANGES = st.lists(BRANCHES, min_size=1, max_size=3).map(" || ".join).filter(_is_range).map(Range.parse)


def witnesses(*ranges: Range) -> list[str]:
    """Versions enough to tell any two sets apart that these ranges can make: every bound, what follows it, and its release."""
    keys = {FIRST}
    for one, wide in product(ranges, (False, True)):
        try:
            found = branches(one.text, wide=wide)
        except RangeError:
            continue
        keys |= {comparator.key for branch in found for comparator in branch}
    for key in list(keys):
        core = (*key[:3], 1)
        zero = (*key[:3], 0, (0, 0))
        keys |= {core, zero, successor(core), successor(key)}
        keys.add(release_at_or_above(successor(key)))
    usable = {key for key in keys if len(key) > 1}
    return [text_of((key, successor(key)), ()) if key[3] else text_of((), (key, successor(key))) for key in sorted(usable)]


@given(RANGES, RANGES)
def test_an_intersection_holds_exactly_what_both_hold(left, right):
    met = left.intersection(right)
    for version in witnesses(left, right):
        assert met.contains(version) == (left.contains(version) and right.contains(version))
        assert met.contains(version, include_prerelease=True) == (
            left.contains(version, include_prerelease=True) and right.contains(version, include_prerelease=True)
        )
    assert met == right.intersection(left)


@given(RANGES, RANGES)
def test_emptiness_subset_and_equality_are_those_of_sets(left, right):
    asked = witnesses(left, right)
    assert left.is_empty() == (not any(left.contains(version) for version in asked))
    assert left.is_subset(right) == all(right.contains(version) for version in asked if left.contains(version))
    assert (left == right) == all(right.contains(version) == left.contains(version) for version in asked)
    if left == right:
        assert hash(left) == hash(right)


@given(RANGES, RANGES)
def test_what_is_written_is_read_again_as_the_same_range(left, right):
    assert Range.parse(str(left)) == left
    met = left.intersection(right)
    assert Range.parse(str(met)) == met
    assert met.text == str(met)


@given(st.text(alphabet="0123.xX*-+ ><=~^|v,[]()!a\t ", max_size=40))
def test_any_text_is_a_range_or_a_refusal_that_teaches(text):
    try:
        Range.parse(text)
    except RangeError as error:
        message = str(error)
    else:
        message = "expected nothing else"
    assert "write" in message or "expected" in message
