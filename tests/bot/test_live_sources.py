"""Live catalogs by the settings: every source there is, mistakes named, secrets in no message."""

import json

import pytest

from bot.cli.catalog_import import SOURCES
from bot.live_sources import sources
from bot.settings import Settings, SettingsError, load

ALL = [
    {"from": "kubernetes", "namespaces": ["shop"]},
    {"from": "prometheus", "url": "http://127.0.0.1:9090", "window": "30m", "alias": {"OrderSvc": "order"}},
    {"from": "consul"},
    {"from": "backstage", "paths": ["catalog-info.yaml"]},
    {"from": "compose", "paths": ["compose.yaml"], "ignore": ["db"]},
]


def test_every_source_of_an_import_can_be_live():
    found = sources(Settings(live_catalogs=ALL, consul_url="http://127.0.0.1:8500", consul_token="secret-token"))
    assert {source.name for source in found} == set(SOURCES)
    assert [source.name for source in found if not source.adds] == ["prometheus"]


def test_the_environment_says_them_as_json(monkeypatch):
    monkeypatch.setenv("ROLLBOT_LIVE_CATALOGS", json.dumps(ALL[:2]))
    assert [given.source for given in load().live_catalogs] == ["kubernetes", "prometheus"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from": "excel"}, "live_catalogs"),
        ({"from": "backstage"}, "paths"),
        ({"from": "kubernetes", "namespace": "shop"}, "namespace"),
        ({"from": "prometheus", "window": "soon"}, "window"),
    ],
)
def test_mistakes_are_named(monkeypatch, given, said):
    monkeypatch.setenv("ROLLBOT_LIVE_CATALOGS", json.dumps([given]))
    with pytest.raises(SettingsError, match=said):
        load()


@pytest.mark.parametrize("given", [{"from": "prometheus"}, {"from": "consul"}])
def test_an_address_that_is_missing_is_said(given):
    with pytest.raises(SettingsError, match=r"ROLLBOT_\w+_URL"):
        sources(Settings(live_catalogs=[given]))
