"""docker-compose files: start order as imported edges, versions from image tags, infrastructure left out and said."""

from pathlib import Path

import pytest

from integrations.compose import ComposeCatalog
from integrations.errors import Rejected
from planner.facts import Origin
from tests.integrations.catalog_contract import CatalogContract, CatalogWorld

SHOP = """\
x-logging: &logging {driver: json-file}
x-common: &common
  restart: always
  depends_on: [payment]
services:
  web:
    image: shop/web:1.2.3
    depends_on: [order, db]
  order:
    image: ghcr.io/shop/order@sha256:abc
    logging: *logging
    depends_on:
      payment: {condition: service_healthy}
      redis: {condition: service_started, required: false}
  payment:
    image: shop/payment:2.0.0
  cart:
    <<: *common
    image: shop/cart:${CART:-3.1.0}
    x-team: carts
    links: ["order:backend"]
  db: {image: "postgres:16"}
  redis: {image: "docker.io/bitnami/redis:7.2"}
"""


def compose(tmp_path: Path, text: str, **options) -> ComposeCatalog:
    path = tmp_path / "docker-compose.yml"
    path.write_text(text)
    return ComposeCatalog([path], **options)


def edges(facts) -> set[tuple[str, str]]:
    return {(name, edge.service) for name, service in facts.services.items() for edge in service.depends_on}


class TestContract(CatalogContract):
    @pytest.fixture
    def catalog_world(self, tmp_path: Path) -> CatalogWorld:
        folder = tmp_path / "compose"
        folder.mkdir()
        return CatalogWorld(
            catalog=compose(folder, SHOP), gone=ComposeCatalog([tmp_path / "nowhere" / "compose.yaml"]), source="compose"
        )


async def test_both_forms_links_anchors_and_merged_keys_give_the_start_order(tmp_path):
    facts = await compose(tmp_path, SHOP).load()
    assert edges(facts) == {("web", "order"), ("order", "payment"), ("cart", "payment"), ("cart", "order")}
    assert {edge.origin for service in facts.services.values() for edge in service.depends_on} == {Origin.IMPORTED}
    assert {name: service.current for name, service in facts.services.items()} == {
        "web": "1.2.3",
        "order": "sha256:abc",
        "payment": "2.0.0",
        "cart": "3.1.0",
    }
    notes = "\n".join(facts.warnings)
    assert "Left out as infrastructure: db (postgres:16), redis (docker.io/bitnami/redis:7.2)" in notes
    assert "docker-compose.yml:19: the image of cart is taken as shop/cart:3.1.0, its variables by" in notes


async def test_what_is_left_out_can_be_said(tmp_path):
    kept = await compose(tmp_path, SHOP, keep=["db"], ignore=["cart"]).load()
    assert ("web", "db") in edges(kept)
    assert "cart" not in kept.services
    assert (await compose(tmp_path, SHOP, ignore=["payment"]).load()).services.keys() == {"web", "order", "cart"}


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("{image: 'a:1', depends_on: [ghost]}", "docker-compose.yml:2: x depends on ghost, which is not in these files"),
        ("{image: 'a:1', depends_on: web}", "neither a list nor a mapping"),
        ("{image: 'a:1', extends: {service: base, file: b.yml}}", "x extends another service"),
        ("{image: 'a:1', profiles: [debug]}", "only with the profile debug"),
        ("{image: 'a:${TAG}'}", "depends on TAG, which neither .env nor a default tells"),
        ("{image: 'a:latest'}", "says no version"),
        ("{image: a}", "says no version"),
        ("{build: .}", "has no image"),
        ("{image: 'a:1', depends_on: !reset []}", "the tag !reset is not followed"),
        ("{image: 'a:1', image: 'a:2'}", "docker-compose.yml:2: the key image stands twice"),
        ("[a]", "x is no mapping: left out"),
    ],
)
async def test_every_oddity_is_told_with_its_line(tmp_path, service, said):
    facts = await compose(tmp_path, f"services:\n  x: {service}\n").load()
    assert [note for note in facts.warnings if said in note], facts.warnings


async def test_includes_names_and_files_that_go_over_one_another(tmp_path):
    (tmp_path / "compose.yaml").write_text("include: [other.yml]\nservices:\n  My_App: {image: 'app:1.0.0'}\n")
    (tmp_path / "compose.override.yaml").write_text(
        "services:\n  My_App: {image: 'app:1.1.0', depends_on: [b]}\n  b: {image: 'b:1'}\n"
    )
    facts = await ComposeCatalog([tmp_path]).load()
    assert facts.services["my-app"].current == "1.1.0"
    assert edges(facts) == {("my-app", "b")}
    notes = "\n".join(facts.warnings)
    assert "include is not followed" in notes
    assert "My_App is called my-app here" in notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web:\n  image: a\n", "services is missing"),
        ("services: [a]\n", "services is no mapping"),
        ("services:\n  a: [\n", "docker-compose.yml"),
    ],
)
async def test_what_is_no_compose_file_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(Rejected, match=said):
        await compose(tmp_path, text).load()


ENV = """\
# a comment
TAG=1.2.3
export NAME="shop/web"   # quoted
WHOLE=${NAME}:${TAG}
EMPTY=
LOOP=$LOOP
PASSWORD='hunter22'
"""


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("shop/web:${TAG}", "1.2.3"),
        ("shop/web:$TAG", "1.2.3"),
        ("${NAME}:${TAG:-9}", "1.2.3"),
        ("${WHOLE}", "1.2.3"),
        ("shop/web:${EMPTY:-2.0.0}", "2.0.0"),
        ("shop/web:${NONE-${TAG}}", "1.2.3"),
        ("shop/web:${NONE:-3.0.0}", "3.0.0"),
        ("shop/web:1.0.0${TAG:+-rc}", "1.0.0-rc"),
        ("shop/web:${NONE}", None),
        ("shop/web:${LOOP}", None),
        ("shop/web:${HOME}", None),
    ],
)
async def test_variables_are_those_of_the_env_file_and_nobody_elses(tmp_path, image, version):
    (tmp_path / ".env").write_text(ENV)
    facts = await compose(tmp_path, f"services:\n  web: {{image: '{image}'}}\n").load()
    assert facts.services["web"].current == version
    assert "hunter22" not in str(facts)
