"""The short way through plain releases says what the long one says, and leaves to it whatever is not plain."""

from hypothesis import given
from hypothesis import strategies as st

from integrations.catalog_file.schema import _any_release, _any_releases, _edges, _plain_release, _plain_releases, _Shared
from integrations.catalog_file.walk import Walk, moment, plain_moment

ODD = st.sampled_from([None, 1, 1.5, True, "", " ", "1.2.3", "build 7", "v" * 300, "\ud800", [], {}, "good"])
MOMENTS = st.one_of(
    ODD,
    st.datetimes().map(lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")),
    st.sampled_from(
        ["2026-11-01T10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-01T24:00:00Z", "2026-11-01T10:00:60Z", "2026-11-01 10:00:00Z"]
    ),
    st.tuples(*[st.sampled_from("0123456789٣ +-:")] * 6).map(lambda c: f"20{c[0]}{c[1]}-{c[2]}1-{c[3]}2T1{c[4]}:0{c[5]}:00Z"),
)
RANGES = st.one_of(
    ODD, st.dictionaries(st.sampled_from(["b", "c", "No Name"]), st.sampled_from(["^1", ">=1 <2", "", "nonsense!", 3, None]))
)
RELEASES = st.one_of(
    ODD,
    st.fixed_dictionaries(
        {},
        optional={
            "version": st.one_of(ODD, st.sampled_from(["1.0.0", "1.4.2", "build-7"])),
            "deployed_at": MOMENTS,
            "verified": st.one_of(ODD, st.sampled_from(["good", "bad", "unknown", "Good"])),
            "requires": RANGES,
            "artifact": ODD,
            "deployed": ODD,
        },
    ),
)


@given(RELEASES)
def test_what_is_plain_is_right_and_means_the_same(value):
    plain, walk = _plain_release(value, _Shared()), Walk()
    if plain is not None:
        assert _any_release(value, (), walk) == plain
        assert walk.mistakes == []


@given(MOMENTS)
def test_plain_moments_are_moments(text):
    if isinstance(text, str) and plain_moment(text) is not None:
        assert moment(text) == plain_moment(text)


def test_what_programs_write_is_plain():
    written = {"version": "1.4.2", "deployed_at": "2026-11-01T10:00:00Z", "verified": "good", "requires": {"b": "^1.2"}}
    assert _plain_release(written, _Shared()) is not None
    assert _plain_release({**written, "migrations": []}, _Shared()) is None


@given(st.lists(RELEASES, max_size=4))
def test_lists_of_releases_too(value):
    walk = Walk()
    plain, closely = _plain_releases(value), _any_releases(value, (), walk)
    assert (plain is None) == bool(walk.mistakes)
    assert plain is None or plain == closely


@given(st.one_of(ODD, st.lists(st.one_of(ODD, st.sampled_from(["a", "b", "a b"])), max_size=4)))
def test_names_of_dependencies_are_what_their_long_form_says(value):
    short, long = Walk(), Walk()
    written = [{"service": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
    assert _edges(value, (), short) == _edges(written, (), long)
    assert len(short.mistakes) == len(long.mistakes)
