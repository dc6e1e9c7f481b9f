"""Consul as a `Registry` (who is discoverable, drain, restore) and as a `Catalog`, over its HTTP API."""

from integrations.consul.catalog import ConsulCatalog
from integrations.consul.registry import ConsulRegistry
from integrations.consul.settings import KIND, problems

__all__ = ["KIND", "ConsulCatalog", "ConsulRegistry", "problems"]
