"""The demo's catalog is a good catalog file, and every setting in it is one that its adapter knows."""

from pathlib import Path

import pytest

from bot.demo import catalog
from integrations import http_probe, local_process
from integrations.catalog_file import CatalogFile
from planner.facts import MigrationKind
from planner.names import ServiceName, Version


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "services.yaml"
    catalog.write_catalog(file, {name: 7001 + i for i, name in enumerate(catalog.SERVICES)}, "python3")
    return file


async def test_it_is_read_without_a_warning(path: Path):
    facts = await CatalogFile(path).load()
    assert set(facts.services) == set(catalog.SERVICES)
    assert not facts.warnings


async def test_every_runtime_and_check_is_understood(path: Path):
    facts = await CatalogFile(path).load()
    for service in facts.services.values():
        assert service.runtime
        assert local_process.problems(service.runtime) == ()
        assert [http_probe.problems(check) for check in service.checks] == [()]


async def test_every_edge_is_spelled_out_by_every_release(path: Path):
    """Nothing is left to be derived: what the shop speaks is known exactly."""
    facts = await CatalogFile(path).load()
    for service in facts.services.values():
        for release in service.releases:
            assert set(release.requires) == {edge.service for edge in service.depends_on}


async def test_the_newest_order_release_brought_a_harmless_migration(path: Path):
    facts = await CatalogFile(path).load()
    release = facts.services[ServiceName("order-service")].release(Version("2.0.0"))
    assert release
    assert [migration.kind for migration in release.migrations] == [MigrationKind.EXPAND]
