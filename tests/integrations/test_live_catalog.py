"""The file and live sources as one catalog: merged as an import would, the file's word last, silence told and bridged."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.catalog_file import CatalogError, CatalogFile
from integrations.errors import Unavailable
from integrations.live_catalog import LiveCatalog, Source
from integrations.protocols import CatalogFacts
from planner.facts import Edge, Origin, Release, Service
from tests.integrations.catalog_contract import CatalogContract, CatalogWorld
from tests.making import NOON

FILE = """\
version: 1
services:
- name: order
  owner: team-orders
  depends_on: [payment]
  releases: [{version: 1.0.0, deployed_at: 2026-11-01}]
- name: payment
"""


class Other:
    """A source that says what it is told to, and may be silent."""

    def __init__(self, *services: Service, warnings: tuple[str, ...] = ()) -> None:
        self.facts = CatalogFacts(services={service.name: service for service in services}, warnings=warnings)
        self.silent: Exception | None = None
        self.asked = 0

    async def load(self) -> CatalogFacts:
        self.asked += 1
        await asyncio.sleep(0)
        if self.silent is not None:
            raise self.silent
        return self.facts


SEEN = Edge(service="mail", origin=Origin.OBSERVED, source="prometheus", seen_at=NOON, rate=1.0, window=60.0)
MESH = Other(Service(name="order", depends_on=(SEEN,)), Service(name="stranger", depends_on=()))
WORK = Service(
    name="mail", owner="team-mail", current="3.0.0", runtime={"kind": "kubernetes"}, releases=(Release(version="3.0.0"),)
)


class Bench:
    def __init__(self, folder: Path) -> None:
        (folder / "here.yaml").write_text(FILE)
        self.now = NOON
        self.mesh = Other(*MESH.facts.services.values(), warnings=("odd",))
        self.cluster = Other(WORK, Service(name="order", owner="nobody", current="2.0.0"))
        sources = (
            Source(name="kubernetes", catalog=self.cluster),
            Source(name="prometheus", catalog=self.mesh, adds=False),
        )
        self.catalog = LiveCatalog(CatalogFile(folder / "here.yaml"), sources, limit=0.05, now=lambda: self.now)

    def later(self) -> None:
        self.now += timedelta(minutes=1)


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


class TestContract(CatalogContract):
    @pytest.fixture
    def catalog_world(self, tmp_path: Path) -> CatalogWorld:
        made = Bench(tmp_path)
        made.cluster.facts, made.mesh.facts = CatalogFacts(services={}), CatalogFacts(services={})
        gone = LiveCatalog(CatalogFile(tmp_path / "nowhere.yaml"), (), limit=0.05, now=lambda: NOON)
        return CatalogWorld(catalog=made.catalog, gone=gone, source="file", declared=True)


async def test_each_adds_what_the_ones_before_did_not_say(bench):
    facts = await bench.catalog.load()
    assert set(facts.services) == {"order", "payment", "mail"}
    order = facts.services["order"]
    assert (order.owner, order.current) == ("team-orders", "2.0.0")
    assert [(edge.service, edge.origin) for edge in order.depends_on] == [("payment", "declared"), ("mail", "observed")]
    assert facts.warnings == ()
    notes = "\n".join(await bench.catalog.notes())
    assert "prometheus: odd" in notes
    assert "kubernetes: order: owner stays team-orders, as the file says; kubernetes says nobody" in notes
    assert "prometheus: stranger: prometheus knows it" in notes


@pytest.mark.parametrize("trouble", [Unavailable("refused"), None])
async def test_what_a_silent_source_said_before_is_used_and_that_is_said(bench, trouble):
    await bench.catalog.load()
    bench.later()
    if trouble is not None:
        bench.cluster.silent = trouble
    else:
        bench.cluster.load = lambda: asyncio.sleep(60)
    facts = await bench.catalog.load()
    assert "mail" in facts.services
    (warning,) = facts.warnings
    assert warning.startswith("kubernetes could not be asked for services (")
    assert warning.endswith(f"what it said at {NOON:%H:%M:%S} UTC is used")


async def test_a_source_that_never_answered_leaves_the_file_alone(bench):
    bench.cluster.silent = bench.mesh.silent = Unavailable("refused")
    facts = await bench.catalog.load()
    assert set(facts.services) == {"order", "payment"}
    assert [warning.endswith("nothing of it is known") for warning in facts.warnings] == [True, True]
    bench.cluster.silent = None
    assert "mail" in (await bench.catalog.load()).services


async def test_many_looks_at_once_ask_once(bench):
    await asyncio.gather(*(bench.catalog.load() for _ in range(5)))
    assert (bench.cluster.asked, bench.mesh.asked) == (1, 1)
    bench.later()
    await bench.catalog.load()
    assert bench.cluster.asked == 2


async def test_a_file_that_cannot_be_used_is_not_made_up_for(tmp_path, bench):
    (tmp_path / "here.yaml").write_text("version: 1\nservices: [{nam: order}]\n")
    with pytest.raises(CatalogError):
        await bench.catalog.load()
