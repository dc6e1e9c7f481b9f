"""Backstage's catalog files as a `Catalog`: components, who owns them, and what they depend on."""

from integrations.backstage.catalog import BackstageCatalog

__all__ = ["BackstageCatalog"]
