"""The fast way through services accepts no key twice, means what the careful way means, and takes what programs usually write."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from integrations.catalog_file import splitting
from integrations.catalog_file.bulk import Bulk
from integrations.catalog_file.document import NotPlain
from integrations.catalog_file.json_reader import read_piece
from integrations.catalog_file.schema import read_service
from integrations.catalog_file.walk import TooMany, Walk


class Pairs(list):
    """A mapping as it stands in a text: keys may stand twice."""


class Number(str):
    """A number as it is written."""

    __slots__ = ()


def mapping(known, **optional):
    return st.fixed_dictionaries(known, optional=optional).map(lambda value: Pairs(value.items()))


def written(value, chance):
    """One of the ways to write it as JSON."""
    blank = lambda: chance.choice(["", "", " ", "\n", "\t \r\n"])  # noqa: E731
    if isinstance(value, Pairs):
        items = [f"{blank()}{text(key, chance)}{blank()}:{blank()}{written(item, chance)}{blank()}" for key, item in value]
        return "{" + ",".join(items) + (blank() if not items else "") + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"{blank()}{written(item, chance)}{blank()}" for item in value) + "]"
    if isinstance(value, Number):
        return str(value)
    return text(value, chance) if isinstance(value, str) else json.dumps(value)


def text(value, chance):
    plain = json.dumps(value, ensure_ascii=chance.random() < 0.3)
    if chance.random() < 0.1:
        plain = plain.replace("/", "\\/")
    if value and chance.random() < 0.05:
        place = chance.randrange(len(value))
        halves = json.dumps(value[:place]), json.dumps(value[place + 1 :])
        if ord(value[place]) < 0x10000:
            plain = f"{halves[0][:-1]}\\u{ord(value[place]):04{chance.choice('xX')}}{halves[1][1:]}"
    return plain


def careful(raw):
    """What the careful way says; `None` where it has anything to say against it."""
    walk = Walk()
    try:
        service = read_service(read_piece(raw), (), walk)
    except (NotPlain, TooMany):
        return None
    return None if walk.mistakes else service


NAMES = st.sampled_from(["a", "b", "order", "payment-service"])
WORDS = st.sampled_from(["team-a", "a:b", "x+00:00", "Zürich: é", "10:00:00Z", 'say "+00:00"', "back\\slash:", "a/b:1.0", "決済"])
NUMBERS = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["-0", "-0.0", "1e5", "1E+5", "0e0", "1.0"]),
    st.sampled_from(["1e400", "-1e400", "1e-400", "5e-324", "9" * 50, "1" * 30 + ".5"]),
    st.sampled_from(["9007199254740993.0", "18446744073709551616", "-9223372036854775809"]),
    st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?\Z"),
).map(lambda value: Number(value))  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3).map(lambda d: Pairs(d.items()))
    ),
    max_leaves=6,
)
USUAL_NUMBERS = st.integers(1, 1 << 62).map(Number)
USUAL_TIMES = st.tuples(
    st.datetimes(timezones=st.just(UTC)).map(lambda time: time.isoformat(timespec="seconds")[:19]),
    st.sampled_from(["", "", ".5", ".123", ".123456"]),
    st.sampled_from(["Z", "Z", "+00:00"]),
).map("".join)
TIMES = st.tuples(
    st.sampled_from(["2026-11-01", "2026-13-01", "2026-02-30", "0000-01-01", "20261101", "2026-W01-1", "9999-12-31"]),
    st.sampled_from(["T", "t", " ", "  ", "_"]),
    st.sampled_from(["10:00:00", "23:59:59", "10:00", "24:00:00", "10:00:60", "1:00:00", "100000"]),
    st.sampled_from(["", ".5", ".1234564", ".1234567", ".9999999", ".99999949", ",5", ".", "." + "0" * 20]),
    st.sampled_from(["Z", "z", " Z", "+00:00", "-00:00", "+0000", "+00", "+02:00", "-0230", "", "+24:00", "+00:00:00"]),
).map("".join)
RANGES = st.dictionaries(NAMES, st.sampled_from(["^1", ">=1 <2", "*"]), max_size=3).map(lambda value: Pairs(value.items()))
MIGRATIONS = st.lists(
    mapping({"id": WORDS}, kind=st.sampled_from(["contract", "data", None])), max_size=2, unique_by=lambda item: dict(item)["id"]
)
RELEASE = mapping(
    {"version": st.sampled_from(["1.0.0", "1.1.0", "build:7", "1.0+00:00"])},
    deployed_at=st.one_of(USUAL_TIMES, st.none()),
    verified=st.sampled_from(["good", "bad", None]),
    artifact=st.one_of(WORDS, st.none()),
    requires=st.one_of(RANGES, st.none()),
    migrations=st.one_of(MIGRATIONS, st.none()),
)
EDGES = st.lists(
    st.one_of(NAMES, mapping({"service": NAMES}, kind=st.sampled_from(["stores", "publishes"]), rate=USUAL_NUMBERS)),
    max_size=3,
    unique_by=lambda edge: edge if isinstance(edge, str) else dict(edge)["service"],
)
SETTINGS = mapping(
    {"kind": st.just("local")}, port=USUAL_NUMBERS, env=mapping({"A:B": WORDS}), more=st.lists(mapping({"k": WORDS}), max_size=2)
)
CHECK = mapping({"name": WORDS, "probe": st.just("http"), "url": WORDS}, expect=mapping({}, status=USUAL_NUMBERS))
SERVICE = mapping(
    {"name": NAMES},
    owner=st.one_of(WORDS, st.none()),
    tier=st.integers(1, 4).map(Number),
    current=st.sampled_from(["1.0.0", None]),
    runtime=SETTINGS,
    registry=SETTINGS,
    depends_on=EDGES,
    checks=st.lists(CHECK, max_size=2, unique_by=lambda check: dict(check)["name"]),
    releases=st.lists(RELEASE, max_size=3, unique_by=lambda release: dict(release)["version"]),
)
CHANCE = st.randoms(use_true_random=False)


def places(value):
    """Every mapping and list in the value, itself among them."""
    if isinstance(value, list):
        yield value
        for item in value:
            yield from places(item[1] if isinstance(value, Pairs) else item)


def changed(service, value, chance):
    """The same with `value` somewhere in it."""
    where = chance.choice([place for place in places(service) if place])
    at = chance.randrange(len(where))
    where[at] = (where[at][0], value) if isinstance(where, Pairs) else value
    return service


def shuffled(value, chance):
    for place in places(value):
        if isinstance(place, Pairs):
            chance.shuffle(place)
    return value


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SERVICE, CHANCE)
def test_what_is_right_means_the_same(service, chance):
    raw = written(shuffled(service, chance), chance).encode()
    fast = Bulk().service(raw)
    assert careful(raw) is not None
    if b"\\u00" not in raw:
        assert fast is not None
    assert fast is None or repr(fast) == repr(careful(raw))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SERVICE, st.one_of(VALUES, TIMES, RELEASE, CHECK), CHANCE)
def test_whatever_else_is_accepted_means_the_same(service, value, chance):
    raw = written(changed(service, value, chance), chance).encode()
    fast = Bulk().service(raw)
    assert fast is None or repr(fast) == repr(careful(raw))


@settings(max_examples=300)
@given(TIMES)
@example("2026-11-01T10:00:00.9999999Z")
def test_moments_are_never_rounded(time):
    raw = json.dumps({"name": "a", "releases": [{"version": "1", "deployed_at": time}]}).encode()
    fast = Bulk().service(raw)
    assert fast is None or fast == careful(raw)


@settings(max_examples=300)
@given(NUMBERS)
def test_numbers_are_the_same(number):
    raw = f'{{"name": "a", "runtime": {{"kind": "k", "number": {number}}}}}'.encode()
    fast = Bulk().service(raw)
    assert fast is None or repr(fast) == repr(careful(raw))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SERVICE, st.one_of(VALUES, TIMES), CHANCE)
def test_a_key_that_stands_twice_is_never_accepted(service, value, chance):
    where = chance.choice([place for place in places(service) if isinstance(place, Pairs) and place])
    key, there = chance.choice(where)
    where.insert(chance.randrange(len(where) + 1), (key, chance.choice([there, value])))
    raw = written(service, chance).encode()
    with pytest.raises(NotPlain):
        read_piece(raw)
    assert Bulk().service(raw) is None


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SERVICE, st.integers(0, 255), st.sampled_from([0, 1]), CHANCE)
def test_broken_bytes_are_accepted_only_where_the_careful_way_accepts_them(service, byte, cut, chance):
    raw = bytearray(written(service, chance).encode())
    at = chance.randrange(len(raw))
    raw[at : at + cut] = bytes([byte])
    fast = Bulk().service(bytes(raw))
    assert fast is None or repr(fast) == repr(careful(bytes(raw)))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SERVICE, CHANCE)
def test_what_stands_twice_in_a_list_is_seen_too(service, chance):
    lists = [place for place in places(service) if not isinstance(place, Pairs) and place]
    assume(lists)
    where = chance.choice(lists)
    where.append(chance.choice(where))
    raw = written(service, chance).encode()
    fast = Bulk().service(raw)
    assert fast is None or repr(fast) == repr(careful(raw))


@pytest.mark.parametrize(
    "twice",
    [
        '"depends_on": ["b", "b"]',
        '"depends_on": ["b", {"service": "b"}]',
        '"releases": [{"version": "1"}, {"version": "1"}]',
        '"releases": [{"version": "1", "migrations": [{"id": "m"}, {"id": "m", "kind": "data"}]}]',
        '"checks": [{"name": "c", "probe": "tcp", "port": 1}, {"name": "c", "probe": "tcp", "port": 2}]',
    ],
)
def test_a_name_that_stands_twice_is_never_accepted(twice):
    raw = f'{{"name": "a", {twice}}}'.encode()
    assert careful(raw) is None
    assert Bulk().service(raw) is None


@pytest.mark.parametrize(
    "hidden",
    [
        '{"name": "a", "owner": "x\\u003a", "owner": "y"}',
        '{"name": "a", "owner": "\\u003A", "owner": "y\\u003a"}',
        '{"name": "a", "owner": "y+00:00", "owner": "z"}',
        '{"name": "a", "owner": "y", "owner": "z+00:00"}',
        '{"name": "a", "releases": [{"version": "1", "version": "2", "deployed_at": "2026-11-01T10:00:00+0200"}]}',
        '{"name": "a", "releases": [{"version": "1", "version": "2", "deployed_at": "2026-11-01T10:00:00+0000"}]}',
        '{"name": "a", "releases": [{"version": "1", "requires": {"b": "^1", "b": "^1"}}]}',
        '{"name": "a", "runtime": {"kind": "k", "kind": "k"}}',
        '{"name": "a", "name": "a"}',
    ],
)
def test_no_colon_makes_up_for_a_lost_one(hidden):
    assert Bulk().service(hidden.encode()) is None


def test_what_programs_usually_write_is_taken():
    moment = datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
    times = [moment.isoformat(), (moment + timedelta(microseconds=1)).isoformat(), "2026-11-01T10:00:00.123Z", None]
    for time in times:
        release = {"version": "1.0.0", "deployed_at": time, "verified": None, "artifact": "shop/a:1.0.0", "requires": {"b": "^1"}}
        service = {"name": "a", "owner": "Zürich", "tier": 1, "runtime": {"kind": "k", "port": 80}, "releases": [release]}
        for raw in (json.dumps(service), json.dumps(service, indent=2), json.dumps(service, ensure_ascii=False)):
            fast = Bulk().service(raw.encode())
            assert fast is not None
            assert fast == careful(raw.encode())


def catalog(services, indent=None):
    return json.dumps({"version": 1, "services": services}, indent=indent).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(["name", "a", "b"]), st.one_of(st.text(), st.lists(
    st.dictionaries(st.sampled_from(["name", "x"]), st.text(), max_size=2), max_size=3)), min_size=1), min_size=1),
    st.sampled_from([None, 0, 2]), st.integers(0, 200))  # fmt: skip
def test_splitting_gives_every_value_in_its_order(monkeypatch, services, indent, block):
    monkeypatch.setattr(splitting, "BLOCK", block)
    found = splitting.services_in(catalog(services, indent))
    assert found is not None
    assert [json.loads(text) for text in found] == services


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        (b'\xef\xbb\xbf{"version": 1, "services": [{"name": "a"}]}\n', True),
        (b'{"version": 1, "services": []}', False),
        (b'{"version": 2, "services": [{"name": "a"}]}', False),
        (b'{"services": [{"name": "a"}], "version": 1}', False),
        (b'{"version": 1, "services": [{"name": "a"}]', False),
        (b'{"version": 1, "services": [{"name": "a"}]}}', False),
        (b'{"version": 1, "services": [0]}', False),
    ],
)
def test_only_what_begins_and_ends_as_programs_write_it_is_split(content, plain):
    assert (splitting.services_in(content) is not None) == plain


@pytest.mark.parametrize(
    "inside",
    [
        b'{"name": "a"},',
        b'{"name": "a"} {"name": "b"}',
        b'{"name": "a"}], "services": [{"name": "b"}',
        b'{"name": "a", "x": [{"name": "b"}',
        b'{"name": "a"}]}, [{"name": "b"}',
        b'{"name": "a", "x": NaN}',
        b'{"name"' + b"[" * 100_000,
    ],
)
def test_a_list_that_is_none_is_not_plain(monkeypatch, inside):
    monkeypatch.setattr(splitting, "BLOCK", 1)
    found = splitting.services_in(b'{"version": 1, "services": [' + inside + b"]}")
    with pytest.raises(NotPlain):
        list(found or ())


def test_a_service_without_an_end_is_not_looked_for_far(monkeypatch):
    monkeypatch.setattr(splitting, "BLOCK", 10)
    monkeypatch.setattr(splitting, "LONGEST", 100)
    found = splitting.services_in(catalog([{"name": "a"}, {"name": "b" * 200}, {"name": "c"}]))
    with pytest.raises(NotPlain):
        list(found or ())
    nested = [{"name": "a", "checks": [{"name": "b"}] * 100}, {"name": "c"}]
    with pytest.raises(NotPlain):
        list(splitting.services_in(catalog(nested)) or ())
