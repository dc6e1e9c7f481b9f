"""What a catalog says to somebody who wrote it wrongly, and that hostile files end in such a message."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.catalog_file import CatalogError, files, read_catalog
from integrations.catalog_file.document import MAX_DEPTH
from tests.integrations.test_catalog_file import WHOLE, mistakes, write

BEGIN = "version: 1\nservices:\n- name: a\n"

MISTAKES = [
    ("version: 2\nservices: []", 1, "version: found the number 2", "expected version: 1"),
    ("services: []", 1, "version: version is missing", "expected version: 1"),
    ("version: 1", 1, "services: services is missing", "expected a list of services"),
    ("version: 1\nservices:\n", 2, "services: found nothing", "expected a list of services"),
    ("version: 1\nservices: {a: 1}", 2, "services: found a mapping of 1 keys", "expected a list of services"),
    ("version: 1\nservces: []\nservices: []", 2, "servces: unknown key", "did you mean services?"),
    ("version: 1\nservices:\n- 5", 3, "services[0]: found the number 5", "expected a service"),
    ("version: 1\nservices:\n- name: A_b", 3, "services[0].name: found 'A_b'", "lower-case letters, digits and dashes"),
    ("version: 1\nservices:\n- name: a\n- name: a", 4, "services[1].name: service a again", "it is services[0] too"),
    (BEGIN + "  tier: 1\n  tier: 2", 5, "services[0].tier: this key stands twice", "it is on line 4 too"),
    (BEGIN + "  tier: true", 4, "services[0].tier: found true", "expected a whole number from 1 up"),
    (BEGIN + "  current: 1.10", 4, "services[0].current: found the number 1.10", 'write it in quotes, "1.10"'),
    (BEGIN + "  curent: 1.1.0", 4, "services[0].curent: unknown key", "did you mean current?"),
    (BEGIN + "  owner: ''", 4, "services[0].owner: found an empty text", "expected a text"),
    (BEGIN + "  runtime: {command: x}", 4, "services[0].runtime: no kind", "expected a mapping with kind"),
    (BEGIN + "  runtime: {kind: x, wait: .inf}", 4, "services[0].runtime.wait: found the number .inf", "finite"),
    (BEGIN + "  depends_on:\n  - b\n  - b", 6, "services[0].depends_on[1]: b (calls) again", "each dependency once"),
    (
        BEGIN + "  depends_on: [{service: b, kind: call}]",
        4,
        "services[0].depends_on[0].kind: found 'call'",
        "one of calls, publishes",
    ),
    (BEGIN + "  security_floor: spring", 4, None, None),
    (BEGIN + "  security_floor: spring\n  releases: [{version: '1'}]", 4, "services[0].security_floor: found 'spring'", "SemVer"),
    (
        BEGIN + "  releases:\n  - {version: '1'}\n  - {version: '1'}",
        6,
        "services[0].releases[1].version: version 1 again",
        "once",
    ),
    (BEGIN + "  releases:\n  - {version: 1 2}", 5, "services[0].releases[0].version: found '1 2'", "without blanks"),
    (
        BEGIN + "  releases:\n  - {verified: good}",
        5,
        "services[0].releases[0].version: version is missing",
        "expected the version",
    ),
    (
        BEGIN + "  releases:\n  - version: '1'\n    deployed_at: soon",
        6,
        "releases[0].deployed_at: found 'soon'",
        "2026-11-01T10:00:00Z",
    ),
    (BEGIN + "  releases: [{version: '1', deployed_at: 2026-02-30}]", 4, "deployed_at: found '2026-02-30'", "date and time"),
    (BEGIN + "  releases: [{version: '1', verified: god}]", 4, "releases[0].verified: found 'god'", "one of good, bad, unknown"),
    (
        BEGIN + "  releases: [{version: '1', requires: {b: '[1,2)'}}]",
        4,
        "releases[0].requires.b: found '[1,2)' is a Maven",
        ">=1 <2",
    ),
    (BEGIN + "  releases: [{version: '1', requires: {b: 1.10}}]", 4, "requires.b: found the number 1.10", '"1.10"'),
    (
        BEGIN + "  releases: [{version: '1', requires: ^1}]",
        4,
        "releases[0].requires: found '^1'",
        "mapping of services to version ranges",
    ),
    (
        BEGIN + "  releases: [{version: '1', migrations: [{id: x, kind: drop}]}]",
        4,
        "migrations[0].kind: found 'drop'",
        "expand, contract",
    ),
    (BEGIN + "  releases: [{version: '1', migrations: [{id: 0042}]}]", 4, "migrations[0].id: found the number 0042", '"0042"'),
    (
        BEGIN + "  checks: [{name: x, probe: htp}]",
        4,
        "services[0].checks[0].probe: found 'htp'",
        "http, tcp, prometheus, command",
    ),
    (BEGIN + "  checks: [{name: x, probe: http}]", 4, "services[0].checks[0].url: url is missing", "every http check"),
    (
        BEGIN + "  checks: [{name: x, probe: http, url: u, intervall: 1s}]",
        4,
        "checks[0].intervall: unknown key",
        "did you mean interval?",
    ),
    (
        BEGIN + "  checks: [{name: x, probe: http, url: u, interval: 5}]",
        4,
        "checks[0].interval: found the number 5",
        "500ms, 10s, 5m or 2h",
    ),
    (BEGIN + "  checks: [{name: x, probe: http, url: u, count: 0}]", 4, "checks[0].count: found the number 0", "from 1 up"),
    (
        BEGIN + "  checks: [{name: x, probe: prometheus, query: q, pass_if: {under: 1}}]",
        4,
        "pass_if.under: unknown key",
        "at_least",
    ),
    (
        BEGIN + "  checks: [{name: x, probe: http, url: u, expect: {stauts: 200}}]",
        4,
        "expect.stauts: unknown key",
        "did you mean status?",
    ),
    (
        BEGIN + "  checks: [{name: x, probe: http, url: u, expect: {max_latency: 5}}]",
        4,
        "max_latency: found the number 5",
        "500ms",
    ),
    (
        BEGIN + "  checks: [{name: x, probe: prometheus, errors: a, requests: b}]",
        4,
        "checks[0].allowed: allowed is missing",
        "every prometheus check",
    ),
    (BEGIN + "  checks: [{name: x, probe: prometheus}]", 4, "checks[0].query: query is missing", "every prometheus check"),
    (BEGIN + "  checks: [{name: x, probe: http, url: u, symptom: 'yes'}]", 4, "symptom: found 'yes'", "true or false"),
    (BEGIN + "  checks: [{name: x, probe: http, url: u, warmup: 5}]", 4, "warmup: found the number 5", "500ms"),
    (
        BEGIN + "  checks: [{name: x, probe: http, url: u, unclear_limit: -1}]",
        4,
        "unclear_limit: found the number -1",
        "from 0 up",
    ),
    (BEGIN + "  x: [\n", 4, "while parsing", "expected valid YAML"),
    (BEGIN + "\ttier: 1", 4, "found a tab character", "expected valid YAML"),
    ("version: 1\n---\nversion: 1", 2, "a second document begins here", "one document"),
    ("", 1, "the file is empty", "expected version: 1"),
    ("[]", 1, "found a list of 0", "expected a mapping with the keys version and services"),
    ("null", 1, "found nothing", "expected a mapping with the keys version and services"),
]


@pytest.mark.parametrize(("text", "line", "found", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_place_what_stands_there_and_what_was_expected(tmp_path, text, line, found, expected):
    path = write(tmp_path, "services.yaml", text)
    if found is None:
        assert read_catalog(path).services
        return
    (told,) = mistakes(path)
    assert told.startswith(f"services.yaml:{line}: ")
    assert found in told
    assert expected in told


def test_mistakes_in_json_have_lines_too(tmp_path):
    text = (
        '{\n\t"version": 1,\n\t"services": [\n{"name": "a", "tier": -1e0,\n"releases": [{"version": 1.50},\n'
        '{"versoin": "1"}], "tier": 1}]}'
    )
    told = mistakes(write(tmp_path, "a.json", text))
    assert [line.split(": ")[0] for line in told] == ["a.json:5", "a.json:6", "a.json:6", "a.json:6"]
    assert "services[0].releases[0].version: found the number 1.50" in told[0]
    assert any("did you mean version?" in line for line in told)
    assert any("services[0].tier: this key stands twice" in line and "line 4" in line for line in told)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
HOSTILE = {
    "bomb.yaml": (BOMB, "aliases add up to more than"),
    "settings.yaml": (
        BEGIN + "  runtime:\n    kind: x\n" + "".join(f"    {line}\n" for line in BOMB.splitlines()),
        "aliases add up",
    ),
    "inside.yaml": ("version: 1\nservices: &a [*a]", "stands inside"),
    "nothing.yaml": ("version: 1\nservices: *a", "refers to nothing"),
    "deep.yaml": ("[" * 500_000, f"more than {MAX_DEPTH} levels"),
    "deeper.yaml": ("a: " + "{a: " * 100_000, f"more than {MAX_DEPTH} levels"),
    "indent.yaml": ("\n".join(" " * depth + "a:" for depth in range(2000)), f"more than {MAX_DEPTH} levels"),
    "deep.json": ("[" * 500_000, f"more than {MAX_DEPTH} levels"),
    "number.yaml": ("version: " + "9" * 100_000 + "\nservices: []", "expected version: 1"),
    "number.json": ('{"version": ' + "9" * 100_000 + ', "services": []}', "a number of 100000 characters"),
    "large.json": ('{"version": 1e99999, "services": []}', "found the number 1e99999"),
    "nan.json": ('{"version": NaN, "services": []}', "NaN in place of a number"),
    "tier.yaml": (BEGIN + "  tier: 99999999999999999999999999", "expected a whole number"),
    "code.yaml": ("!!python/object/apply:os.system [x]", "the tag"),
    "key.yaml": ("{[a]: 1}", "stands as a key"),
    "merge.yaml": ("version: 1\nservices: [{<<: 5, name: a}]", "expected << to name mappings"),
    "wide.yaml": ("version: 1\n".encode("utf-16"), "UTF-16"),
    "unmarked.yaml": ("version: 1\n".encode("utf-16-le"), "UTF-16"),
    "latin.yaml": (b"version: 1\nservices: [{name: a, owner: \xe9}]", "0xe9"),
    "zero.yaml": (b"version: 1\nservices: []\x00", "U+0000"),
    "zero.json": (b'{"version": 1, "services": []}\x00', "expected valid JSON"),
    "surrogate.json": ('{"version": 1, "services": [{"name": "a", "owner": "\\ud800"}]}', "without control characters"),
    "escape.json": ('{"version": 1, "services": [{"name": "a", "owner": "\\u001b[31m"}]}', "without control characters"),
    "many.json": (json.dumps({"version": 1, "services": [{"name": "A"}] * 5000}), "lower-case letters"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_a_message(tmp_path, name):
    content, said = HOSTILE[name]
    told = mistakes(write(tmp_path, name, content))
    assert any(said in line for line in told)
    assert len(told) <= 1001
    assert all(len(line) < 600 and line.isprintable() for line in told)


def test_aliases_that_only_save_typing_are_welcome(tmp_path):
    text = (
        "version: 1\nservices:\n- &base\n  name: a\n  tier: 2\n  releases: &r [{version: 1.0.0}]\n"
        "- {<<: *base, name: b}\n- {name: c, releases: *r}"
    )
    services = read_catalog(write(tmp_path, "a.yaml", text)).services
    assert (services["b"].tier, services["b"].releases) == (2, services["a"].releases)
    assert services["c"].releases == services["a"].releases


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path):
    assert read_catalog(write(tmp_path, "a.yaml", b"\xef\xbb\xbfversion: 1\r\nservices:\r\n- name: a\r\n")).services
    assert read_catalog(write(tmp_path, "a.json", b'\xef\xbb\xbf{"version": 1, "services": [{"name": "a"}]}')).services


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["1.2.3", "^1", "a"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


def _put(data, path, value):
    *way, last = path
    for step in way:
        data = data[step]
    data[last] = value


def _paths(data, path=()):
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from _paths(value, (*path, key))


def _whole():
    data = yaml.safe_load(
        WHOLE.replace("2026-11-02 11:30:00 +01:30", "'2026-11-02'").replace("2026-11-01T10:00:00Z", "'2026-11-01'")
    )
    data["services"][0]["releases"][2]["deployed_at"] = "2026-10-01"
    return data


PATHS = sorted(_paths(yaml.load(WHOLE, Loader=yaml.BaseLoader)), key=str)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), value=VALUES, form=st.sampled_from(["json", "yaml"]))
def test_anything_anywhere_is_either_understood_or_refused_at_its_place(tmp_path: Path, path, value, form):
    data = _whole()
    _put(data, path, value)
    text = json.dumps(data) if form == "json" else yaml.safe_dump(data)
    try:
        read_catalog(write(tmp_path, f"a.{form}", text))
    except CatalogError as error:
        problems = error.problems
    else:
        problems = ()
    assert all(problem.line and str(problem).isprintable() for problem in problems)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_in_a_large_file_the_same_is_said_of_it(tmp_path: Path, path, value):
    data = _whole()
    data["services"].append({"name": "another", "releases": [{"version": "1.0.0"}]})
    assert read_catalog(write(tmp_path, "right.json", json.dumps(data)))
    _put(data, path, value)
    file = write(tmp_path, "a.json", json.dumps(data))

    def said() -> str:
        try:
            return repr(read_catalog(file))
        except CatalogError as error:
            return repr(error.problems)

    with pytest.MonkeyPatch.context() as patch:
        small = said()
        patch.setattr(files, "LARGE", 0)
        assert said() == small


def _large(services, tail="]}"):
    filler = {"name": "a", "owner": "x" * (1 << 22), "releases": [{"version": "1.0.0", "requires": {"b": "^1"}}]}
    return '{"version": 1, "services": [\n' + ",\n".join([json.dumps(filler), *services]) + tail


def test_a_large_file_is_read_service_by_service_and_says_the_same(tmp_path):
    again = [json.dumps({"name": "b", "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}]})]
    facts = read_catalog(write(tmp_path, "a.json", _large(again)))
    assert sorted(facts.services) == ["a", "b"]
    assert [release.version for release in facts.services["b"].releases] == ["1.0.0", "1.1.0"]


@pytest.mark.parametrize(
    ("services", "tail", "line", "said"),
    [
        (['{"name": "b", "tier": 0}'], "]}", 3, "services[1].tier: found the number 0"),
        (['{"name": "a"}'], "]}", 3, "services[1].name: service a again"),
        (['{"name": "b", "name": "c"}'], "]}", 3, "services[1].name: this key stands twice"),
        (['{"name": "b",}'], "]}", 3, "expected valid JSON"),
        (['{"name": "b", "tier": NaN}'], "]}", 3, "NaN in place of a number"),
        (["[" * 100_000], "]}", 3, f"more than {MAX_DEPTH} levels"),
        (['{"name": "b"}'], ",]}", 3, "expected valid JSON"),
        (['{"name": "b"}'], "\n]", 4, "expected valid JSON"),
        (['{"name": "b"}'], '],\n"version": 1}', 4, "this key stands twice"),
        (['{"name": "b"}'], ']}\n{"version": 1}', 4, "expected valid JSON"),
    ],
)
def test_mistakes_in_a_large_file_have_their_places_too(tmp_path, services, tail, line, said):
    (told,) = mistakes(write(tmp_path, "a.json", _large(services, tail)))
    assert told.startswith(f"a.json:{line}: ")
    assert said in told
