"""The catalogs beside the file that the settings name, as adapters."""

from typing import assert_never

from bot.catalog_settings import (
    FromBackstage,
    FromCompose,
    FromConsul,
    FromKubernetes,
    FromPrometheus,
    LiveCatalogSettings,
)
from bot.settings import Settings, SettingsError
from integrations.backstage import BackstageCatalog
from integrations.compose import ComposeCatalog
from integrations.consul import ConsulCatalog
from integrations.kubernetes import KubernetesCatalog
from integrations.live_catalog import Source
from integrations.prometheus_edges import PrometheusEdges


def sources(settings: Settings) -> tuple[Source, ...]:
    """Every live catalog that the settings name. Raises `SettingsError` where an address is missing."""
    return tuple(_source(given, settings) for given in settings.live_catalogs)


def _source(given: LiveCatalogSettings, settings: Settings) -> Source:
    match given:
        case FromKubernetes():
            found = KubernetesCatalog(namespaces=given.namespaces, context=given.context, selector=given.selector)
            return Source(name="kubernetes", catalog=found)
        case FromPrometheus():
            url = given.url or settings.prometheus_url
            if url is None:
                raise SettingsError("live_catalogs: prometheus has no url; give it one, or set ROLLBOT_PROMETHEUS_URL")
            edges = PrometheusEdges(url, window=given.window, alias=given.alias)
            return Source(name="prometheus", catalog=edges, adds=False)
        case FromConsul():
            if settings.consul_url is None:
                raise SettingsError("live_catalogs: consul needs ROLLBOT_CONSUL_URL")
            token = settings.consul_token.get_secret_value() if settings.consul_token is not None else None
            return Source(name="consul", catalog=ConsulCatalog(settings.consul_url, token))
        case FromBackstage():
            return Source(name="backstage", catalog=BackstageCatalog(given.paths))
        case FromCompose():
            return Source(name="compose", catalog=ComposeCatalog(given.paths, ignore=given.ignore, keep=given.keep))
    assert_never(given)
