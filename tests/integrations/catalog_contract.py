"""What every catalog must do, real or fake. A test module subclasses `CatalogContract` and gives it a `world` fixture."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from integrations.catalog_file import read_catalog
from integrations.catalog_file.difference import difference
from integrations.catalog_file.writing import draft, write
from integrations.errors import Rejected, Unavailable
from integrations.protocols import Catalog
from planner.facts import Origin
from planner.names import SERVICE_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogWorld:
    """A catalog that knows `order`, which depends on `payment` where the source knows edges; and one whose source is gone."""

    catalog: Catalog
    gone: Catalog
    source: str
    edges: bool = True
    declared: bool = False


class CatalogContract:
    """The rules of `integrations.protocols.Catalog`, one test each."""

    async def test_services_are_found_under_their_own_names(self, catalog_world: CatalogWorld):
        facts = await catalog_world.catalog.load()
        assert {"order", "payment"} <= set(facts.services)
        for name, service in facts.services.items():
            assert service.name == name
            assert SERVICE_NAME.fullmatch(name)
            assert all(edge.service != name for edge in service.depends_on)
            assert len({(edge.service, edge.kind) for edge in service.depends_on}) == len(service.depends_on)
            assert len({release.version for release in service.releases}) == len(service.releases)

    async def test_every_edge_says_who_tells_of_it(self, catalog_world: CatalogWorld):
        facts = await catalog_world.catalog.load()
        edges = [edge for service in facts.services.values() for edge in service.depends_on]
        assert bool(edges) is catalog_world.edges
        if catalog_world.edges:
            assert "payment" in [edge.service for edge in facts.services["order"].depends_on]
        for edge in edges:
            assert (edge.origin is Origin.DECLARED) is catalog_world.declared
            assert edge.source == (None if catalog_world.declared else catalog_world.source)
            if edge.origin is Origin.OBSERVED:
                assert edge.seen_at is not None and edge.seen_at.tzinfo is not None
                assert edge.rate is not None and edge.rate > 0
                assert edge.window is not None and edge.window > 0

    async def test_looking_twice_sees_the_same(self, catalog_world: CatalogWorld):
        first, second = await catalog_world.catalog.load(), await catalog_world.catalog.load()
        assert {name: service.releases for name, service in first.services.items()} == {
            name: service.releases for name, service in second.services.items()
        }
        assert list(first.services) == list(second.services)
        assert first.warnings == second.warnings

    async def test_warnings_are_lines(self, catalog_world: CatalogWorld):
        warnings = (await catalog_world.catalog.load()).warnings
        assert all(warning.strip() and "\n" not in warning for warning in warnings)
        assert len(set(warnings)) == len(warnings)

    async def test_what_it_knows_can_be_written_and_read_again(self, catalog_world: CatalogWorld, tmp_path: Path):
        found = (await catalog_world.catalog.load()).services
        target = tmp_path / "written" / "services.yaml"
        write(draft(target, difference({}, found, catalog_world.source, adds=True), catalog_world.source, "test").files)
        again = read_catalog(target).services
        assert set(again) == set(found)
        assert not difference(again, found, catalog_world.source, adds=True).changes

    async def test_a_source_that_is_not_there_is_said_and_not_empty(self, catalog_world: CatalogWorld):
        with pytest.raises((Unavailable, Rejected)) as caught:
            await catalog_world.gone.load()
        assert str(caught.value).strip()
        assert "Traceback" not in str(caught.value)
