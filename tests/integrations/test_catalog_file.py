"""The catalog file: what it says when it is right, and every mistake at once, with its place, when it is not."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.catalog_file import CatalogError, CatalogFile, read_catalog
from integrations.catalog_file.checks import EXPECTATIONS, PROBES
from integrations.command_probe import CommandSettings
from integrations.errors import Rejected
from integrations.http_probe import HttpSettings
from integrations.prometheus_probe import problems
from integrations.prometheus_settings import PrometheusSettings
from integrations.tcp_probe import TcpSettings
from planner.facts import Edge, EdgeKind, Migration, MigrationKind, Verified
from planner.ranges import Range

WHOLE = """\
version: 1
services:
  - name: order-service
    owner: team-orders
    tier: 1
    current: 2.0.0
    runtime: {kind: local_process, command: [python, -m, shop.order], port: 7001}
    depends_on:
      - payment-service
      - {service: ledger-service, kind: publishes}
      - order-service
    checks:
      - name: checkout works
        probe: http
        url: http://127.0.0.1:7001/checkout
        expect: {status: 200, json: {ok: true}, max_latency: 500ms}
        interval: 2m
        count: 3
        failure_limit: 1
        error_limit: 0
      - {name: error ratio, probe: prometheus, query: sum(errors), pass_if: {below: 0.01}, fail_if: {above: 0.05}}
    security_floor: 1.2.0
    releases:
      - {version: 2.0.0, deployed_at: 2026-11-02 11:30:00 +01:30}
      - version: 1.4.2
        deployed_at: 2026-11-01T10:00:00Z
        verified: good
        artifact: shop/order:1.4.2
        requires: {payment-service: ">=2.1 <3"}
        migrations: [{id: "0042_drop_total", kind: contract}, {id: "0043"}]
      - {version: build-7, deployed_at: 2026-10-01}
  - name: payment-service
"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def mistakes(path: Path) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        read_catalog(path)
    return [str(problem).replace(str(path), path.name) for problem in refused.value.problems]


def test_everything_that_can_be_said_is_understood(tmp_path):
    facts = read_catalog(write(tmp_path, "services.yaml", WHOLE))
    order = facts.services["order-service"]
    assert (order.owner, order.tier, order.current, order.security_floor) == ("team-orders", 1, "2.0.0", "1.2.0")
    assert dict(order.runtime) == {"kind": "local_process", "command": ["python", "-m", "shop.order"], "port": 7001}
    assert order.depends_on == (
        Edge(service="payment-service"),
        Edge(service="ledger-service", kind=EdgeKind.PUBLISHES),
        Edge(service="order-service"),
    )
    checkout, ratio = order.checks
    assert (checkout.interval, checkout.count, checkout.failure_limit, checkout.error_limit) == (120.0, 3, 1, 0)
    assert checkout.settings["expect"] == {"status": 200, "json": {"ok": True}, "max_latency": "500ms"}
    assert (ratio.probe, ratio.interval, ratio.count) == ("prometheus", 1.0, 5)
    assert [release.version for release in order.releases] == ["build-7", "1.4.2", "2.0.0"]
    oldest, middle, newest = order.releases
    assert newest.deployed_at == datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
    assert oldest.deployed_at == datetime(2026, 10, 1, tzinfo=UTC)
    assert middle.verified is Verified.GOOD
    assert middle.requires == {"payment-service": Range.parse(">=2.1 <3")}
    assert middle.migrations == (
        Migration(id="0042_drop_total", kind=MigrationKind.CONTRACT),
        Migration(id="0043", kind=MigrationKind.UNKNOWN),
    )
    assert facts.services["payment-service"].releases == ()


def test_checks_by_counts_wait_as_long_as_their_queries_look_back(tmp_path):
    text = """
version: 1
services:
  - name: order-service
    checks:
      - {name: errors, probe: prometheus, errors: 'sum(increase(e[2m]))', requests: 'sum(increase(r[5m]))', allowed: 1%,
         confidence: 99%, unclear_limit: 30, symptom: true, baseline: {at: 2026-11-20T09:00:00Z, worse_by: 1.5}}
      - {name: soon, probe: prometheus, query: 'rate(x[5m])', pass_if: {below: 1}, warmup: 0s}
      - {name: late, probe: http, url: 'http://127.0.0.1/', warmup: 90s}
"""
    errors, soon, late = read_catalog(write(tmp_path, "services.yaml", text)).services["order-service"].checks
    assert (errors.warmup, errors.unclear_limit, errors.symptom) == (300.0, 30, True)
    assert (soon.warmup, late.warmup, late.symptom) == (0.0, 90.0, False)
    assert [problems(check) for check in (errors, soon)] == [(), ()]


def test_nothing_that_is_given_can_be_changed(tmp_path):
    facts = read_catalog(write(tmp_path, "services.yaml", WHOLE))
    with pytest.raises(TypeError):
        facts.services["x"] = None
    with pytest.raises(TypeError):
        facts.services["order-service"].runtime["kind"] = "other"


def test_json_says_the_same_as_yaml(tmp_path):
    release = {"version": "1.0.0", "deployed_at": "2026-11-01T10:00:00Z", "requires": {"b": "^1"}}
    data = {"version": 1, "services": [{"name": "a", "depends_on": ["b"], "releases": [release]}]}
    as_json = write(tmp_path, "a.json", json.dumps(data))
    as_yaml = write(tmp_path, "a.yaml", json.dumps(data))
    assert read_catalog(as_json) == read_catalog(as_yaml)


def test_releases_of_the_same_moment_and_without_one_keep_the_order_of_the_file(tmp_path):
    same = "[{version: b, deployed_at: 2026-11-01}, {version: a, deployed_at: 2026-11-01}, {version: c, deployed_at: 2026-10-01}]"
    some = "[{version: b, deployed_at: 2026-11-01}, {version: a}, {version: c, deployed_at: 2026-10-01}]"
    text = f"version: 1\nservices:\n- {{name: same, releases: {same}}}\n- {{name: some, releases: {some}}}\n"
    services = read_catalog(write(tmp_path, "a.yaml", text)).services
    assert [release.version for release in services["same"].releases] == ["c", "b", "a"]
    assert [release.version for release in services["some"].releases] == ["b", "a", "c"]


def test_a_folder_is_one_catalog(tmp_path):
    write(
        tmp_path, "a.yaml", 'version: 1\nservices: [{name: a, owner: one, releases: [{version: "2", deployed_at: 2026-11-02}]}]'
    )
    write(tmp_path, "b.json", json.dumps({"version": 1, "services": [{"name": "b"}, {"name": "a", "depends_on": ["b"]}]}))
    more = 'version: 1\nservices: [{name: a, tier: 2, owner: one, releases: [{version: "1", deployed_at: 2026-11-01}]}]'
    write(tmp_path, "c.yml", more)
    write(tmp_path, ".hidden.yaml", "[")
    write(tmp_path, "notes.txt", "[")
    services = read_catalog(tmp_path).services
    assert list(services) == ["a", "b"]
    whole = services["a"]
    assert (whole.owner, whole.tier, whole.depends_on) == ("one", 2, (Edge(service="b"),))
    assert [release.version for release in whole.releases] == ["1", "2"]


def test_what_two_files_say_differently_is_a_mistake(tmp_path):
    write(tmp_path, "a.yaml", 'version: 1\nservices: [{name: a, owner: one, releases: [{version: "1"}]}]')
    write(tmp_path, "b.yaml", 'version: 1\nservices:\n- name: a\n  owner: two\n  releases: [{version: "1"}]')
    with pytest.raises(CatalogError) as refused:
        read_catalog(tmp_path)
    owner, release = refused.value.problems
    assert (owner.file, owner.line, owner.key) == (str(tmp_path / "b.yaml"), 4, "services[0].owner")
    assert "another owner" in owner.found
    assert (release.line, release.found) == (5, "version 1 of a again")


def test_every_mistake_of_every_file_is_told_at_once(tmp_path):
    write(tmp_path, "a.yaml", "version: 1\nservices: [{nme: a}]")
    write(tmp_path, "b.yaml", "version: [")
    write(tmp_path, "c.json", '{"version": 1,\n "services": [{"name": "A"}]}')
    with pytest.raises(Rejected) as refused:
        read_catalog(tmp_path)
    text = str(refused.value)
    assert text.startswith("the catalog has 4 mistakes:\n")
    for file, line in (("a.yaml", 2), ("b.yaml", 1), ("c.json", 2)):
        assert f"{tmp_path / file}:{line}: " in text


def test_a_folder_without_a_catalog_and_a_path_to_nothing(tmp_path):
    assert "no catalog file" in mistakes(tmp_path)[0]
    assert "no such file" in mistakes(tmp_path / "nothing.yaml")[0]


def test_the_catalog_and_the_probes_know_the_same_keys():
    models = {"http": HttpSettings, "tcp": TcpSettings, "command": CommandSettings, "prometheus": PrometheusSettings}
    for probe, model in models.items():
        assert PROBES[probe] == {field.alias or name for name, field in model.model_fields.items()}
        expect = model.model_fields.get("expect")
        known = {field.alias or name for name, field in expect.annotation.model_fields.items()} if expect else frozenset()
        assert EXPECTATIONS.get(probe, frozenset()) == known


async def test_it_is_read_again_only_when_it_changed(tmp_path):
    path = write(tmp_path, "a.yaml", "version: 1\nservices: [{name: a}]")
    catalog = CatalogFile(path)
    first = await catalog.load()
    assert await catalog.load() is first
    write(tmp_path, "a.yaml", "version: 1\nservices: [{name: a}, {name: b}]")
    os.utime(path, ns=(1, 1))
    assert list((await catalog.load()).services) == ["a", "b"]
    write(tmp_path, "a.yaml", "version: 1\nservices: [{name: a}, {name: B}]")
    with pytest.raises(CatalogError):
        await catalog.load()


def test_an_edge_keeps_its_origin_and_age_and_files_of_a_folder_tell_one_edge_together(tmp_path):
    (tmp_path / "a.yaml").write_text("version: 1\nservices:\n- name: order\n  depends_on: [payment]\n  releases: []\n")
    (tmp_path / "b.yaml").write_text(
        "version: 1\nservices:\n- name: order\n  registry: {kind: consul, service: shop-order}\n  depends_on:\n"
        "  - {service: payment, origin: observed, source: prometheus, seen_at: 2026-11-20T08:00:00Z, rate: 1.5, window: 1h}\n"
        "  - {service: mail, kind: publishes, origin: imported, source: backstage}\n"
    )
    order = read_catalog(tmp_path).services["order"]
    assert order.registry == {"kind": "consul", "service": "shop-order"}
    payment, mail = order.depends_on
    assert (payment.origin, payment.source, payment.rate, payment.window) == ("declared", None, 1.5, 3600.0)
    assert payment.seen_at is not None and payment.seen_at.isoformat() == "2026-11-20T08:00:00+00:00"
    assert (mail.kind, mail.origin, mail.source) == ("publishes", "imported", "backstage")


@pytest.mark.parametrize(
    ("edge", "said"),
    [
        ("{service: b, origin: seen}", "expected one of declared, imported, observed"),
        ("{service: b, rate: -1}", "expected calls a second"),
        ("{service: b, window: 60}", "expected a number and a unit"),
        ("{service: b, seen_at: yesterday}", "expected a date and time"),
        ("{service: b, source: prometheus}", "expected a source only with origin: imported or observed"),
        ("{service: b, orign: observed}", "did you mean origin?"),
    ],
)
def test_what_is_wrong_with_the_origin_of_an_edge_is_said(tmp_path, edge, said):
    path = tmp_path / "c.yaml"
    path.write_text(f"version: 1\nservices:\n- name: a\n  depends_on:\n  - {edge}\n- name: b\n")
    with pytest.raises(CatalogError, match=r"c\.yaml:5") as caught:
        read_catalog(path)
    assert said in str(caught.value)
